/** Entries of streams that are not ours. */
import { FuncatronError } from '../../errors.ts';
import type { Headers } from '../../message.ts';
import type { EventSource } from '../broker.ts';
import type { Content } from './intake.ts';

const bodyFields = ['data', 'body'];

/** The stream a source names, and where a group that is new begins in it. */
export function streamOf({ queue, topic }: EventSource): { key: string; start: '0' | '$' } {
  if (queue !== undefined) return { key: queue, start: '0' };
  if (topic !== undefined) return { key: topic, start: '$' };
  throw new FuncatronError(
    'option_invalid',
    'x-funcatron.on.subject: Redis has no subjects that consumers share; use queue or topic, the name of a stream',
  );
}

/**
 * The field `data` or `body` is the body and the others are headers, a single field is the body
 * whatever its name, and several without either are a JSON object of strings.
 */
export function readEvent(fields: Buffer[]): Content {
  const pairs: [name: string, value: Buffer][] = [];
  for (let index = 0; index + 1 < fields.length; index += 2)
    pairs.push([fields[index]!.toString().toLowerCase(), fields[index + 1]!]);
  const body = pairs.length === 1 ? pairs[0]! : pairs.find(([name]) => bodyFields.includes(name));
  if (body) return { bytes: body[1], headers: headersOf(pairs, body), again: false };
  const object = Object.fromEntries(pairs.map(([name, value]) => [name, value.toString()]));
  const bytes = Buffer.from(JSON.stringify(object));
  return { bytes, headers: { 'content-type': 'application/json' }, again: false };
}

function headersOf(pairs: [string, Buffer][], body: [string, Buffer]): Headers {
  const headers: Headers = {};
  for (const pair of pairs) {
    if (pair === body) continue;
    const [name, value] = [pair[0], pair[1].toString()];
    const known = headers[name];
    headers[name] = known === undefined ? value : [known, value].flat();
  }
  return headers;
}

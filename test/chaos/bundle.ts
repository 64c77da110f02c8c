/** The bundle that is called, and the bytes it is called with. */
import type { BundleSpec } from '../fixture/bundle.ts';

export const timeoutMs = 5_000;
/** What begins a line of the notes about bytes that came wrong. */
export const damagedMark = '!';

/** So much goes past the broker, as the cluster is started with a smaller `--direct-over`. */
export const largeBytes = 200 * 1024;

/**
 * Bytes that nobody else's are like, and no two places of which are alike: whatever is cut off,
 * swapped or mixed in shows. The bundle holds the same function as source text.
 */
export function pattern(id: string, size: number): Buffer {
  const bytes = Buffer.alloc(size, `${id}.`);
  for (let at = 0; at + 4 <= size; at += 1024) bytes.writeUInt32BE(at, at);
  return bytes;
}

/**
 * `notes` is the file to which every Func writes what it was called with, so that afterwards it is
 * known what ran, and how often.
 */
export function chaosBundle(notes: string): BundleSpec {
  const code = `
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const note = (line) => appendFileSync(${JSON.stringify(notes)}, line + '\\n');
${pattern.toString()}
export const read = (_, ctx) => ({ id: ctx.params.query.id });
export const write = (data) => { note(data.id); return data; };
export const later = write;
export const slow = async (data) => { await sleep(300); return write(data); };
export const bulk = (data, ctx) => {
  const { id } = ctx.params.query;
  note(id);
  if (!pattern(id, data.length).equals(data)) note('${damagedMark}' + id);
  return pattern(id + 'r', ${largeBytes});
};
export async function* flow(data, ctx) {
  note(ctx.params.query.id);
  for await (const chunk of data) yield chunk;
}
export async function* stream(_, ctx) {
  const bytes = pattern(ctx.params.query.id, ${largeBytes});
  for (let at = 0; at < bytes.length; at += ${largeBytes / 20}) {
    yield bytes.subarray(at, at + ${largeBytes / 20});
    await sleep(20);
  }
}
`;
  const settings = {
    timeout: `${timeoutMs / 1000}s`,
    retry: { tries: 20, wait: '200ms', waitMax: '1s' },
  };
  const parameters = [{ name: 'id', in: 'query', schema: { type: 'string' } }];
  const requestBody = { required: true, content: { 'application/octet-stream': {} } };
  return {
    name: 'chaos',
    settings: { handler: 'app.mjs', instances: { min: 1, max: 2 } },
    files: { 'app.mjs': code },
    operations: {
      'GET /read': { operationId: 'read', parameters, 'x-funcatron': settings },
      'POST /write': { operationId: 'write', 'x-funcatron': settings },
      'POST /later': { operationId: 'later', 'x-funcatron': { ...settings, async: true } },
      'POST /slow': { operationId: 'slow', 'x-funcatron': { ...settings, async: true } },
      'POST /bulk': { operationId: 'bulk', parameters, requestBody, 'x-funcatron': settings },
      'POST /flow': {
        ...{ operationId: 'flow', parameters, requestBody },
        'x-funcatron': { ...settings, direct: true },
      },
      'GET /stream': { operationId: 'stream', parameters, 'x-funcatron': settings },
    },
  };
}

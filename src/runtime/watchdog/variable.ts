/** What a forked program is told of its request: variables, or all of it on standard input. */
import type { Headers } from '../../message.ts';
import { canonicalName } from '../../watchdog/go.ts';
import type { WatchdogSettings } from '../../watchdog/setting.ts';
import { callVariables } from '../process-variable.ts';
import type { WorkerCall } from '../runtime.ts';

/** Facts of the call that a program started for any one it has no use for, or should not rest on. */
const ours = /^FUNCATRON_(OPERATION|DEADLINE)$/;

/**
 * The variables of OpenFaaS's watchdogs: of the classic one with `Http_Host`. Throws `bad_request`
 * for a value that no variable can hold.
 */
export function requestVariables(
  call: WorkerCall,
  { mode, cgiHeaders }: WatchdogSettings,
): Record<string, string> {
  const variables = callVariables(call, call.head.rest ?? call.head.path);
  for (const name of Object.keys(variables))
    if (ours.test(name) || (!cgiHeaders && name.startsWith('Http_'))) delete variables[name];
  if (mode !== 'classic') delete variables['Http_Host'];
  return variables;
}

/** `{"header":{"Accept":["*\/*"]},"body":{"raw":"..."}}`: what `marshal_request` puts on stdin. */
export function marshalRequest(headers: Headers, body: Uint8Array): Buffer {
  const pairs = canonicalHeaders(headers).filter(([name]) => name !== 'Host');
  const header = Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const raw = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');
  return Buffer.from(JSON.stringify({ header, body: { raw } }));
}

/** Headers as Go has them: canonical names, every value a list. */
export function canonicalHeaders(headers: Headers): [name: string, values: string[]][] {
  return Object.entries(headers).map(([name, value]) => [canonicalName(name), [value].flat()]);
}

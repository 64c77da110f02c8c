/**
 * What every runtime must do, proved by one run over the same named fixture Funcs in every
 * language. A runtime's test calls `runConformance` with its `Runtime` and an assignment of its
 * fixture folder, `src/runtime/fixture/<name>/`, made by `fixtureAssignment`.
 *
 * ## The fixture Funcs, by operationId
 *
 * Numbers (`n ms size`) are query parameters: `ctx.params.query.n` where the language has a ctx,
 * `n=3` in the raw query otherwise. "Bytes i mod 251" is a byte string whose byte at i is that.
 *
 * | operationId | does |
 * |---|---|
 * | `echo` | answers 200 with one JSON object, its facts (below) |
 * | `fail` | throws an error with the message `failed on purpose`. process: says so on stderr and exits 1. http: ends the connection without an answer |
 * | `refuse` | throws an error with status 409 and the message `taken`: node `Object.assign(new Error('taken'), {status: 409})`, python an exception with attribute `status`, jvm one with a method `int status()`. process and http lack it |
 * | `slow` | waits `ms`, then answers the JSON `{"slept": ms}`. node, python and jvm: when the call's signal aborts (its thread is interrupted), logs `slow aborted` at once and ends |
 * | `crash` | kills its own process with SIGKILL while the call is in hand |
 * | `bigBody` | without a body: `size` bytes i mod 251 as application/octet-stream. With one: reads it all, answers the JSON `{"received": length, "sum": sum of its bytes}` |
 * | `logs` | writes the line `fixture line` the way the language logs (console.log, print, System.out; process: stderr; http: stdout), then, where there is a ctx, `ctx.log.warn('fixture warning', {answer: 42})`, jvm `getLogger().log(Level.WARNING, "fixture warning", 42)`; answers the JSON `true` |
 * | `stream` | without a body: answers, as a stream of `n` chunks, `chunk 0\n`, `chunk 1\n`, ... as text/plain; with `size`, each chunk is that many bytes of `x` instead. When closed before its end (node, python, jvm): logs `stream closed`. With a body (a stream): answers its chunks as they come |
 * | `text` | answers 200 `grüße, 世界 🎈` as `text/plain; charset=utf-8` |
 * | `binary` | answers the 256 bytes 0..255 as application/octet-stream |
 * | `empty` | answers nothing: node undefined, python None, jvm a status of 204 (204 then); process: no output; http: 204 |
 * | `status` | answers 418, header `x-fixture: teapot` and body `short and stout`. process cannot: it writes that to stdout, and gets 200 and the FuncSpec's contentType |
 * | `nonsense` | returns what is no response: node a function, python a set, jvm what no encoder takes. process and http lack it |
 * | `missing` | is not there. process: its command names no program; http: answers 404 |
 *
 * `echo` answers `{method, path, requestId, headers, env}` and one of `body` and `raw`:
 * - `headers`: lower-case name to value. process: from its variables, `Http_X_Fixture` is
 *   `x-fixture` again;
 * - `env`: sorted names of all its environment variables;
 * - `raw`: the body as it came, Base64 (process, http: they get raw bytes whatever the kind);
 * - `body`: the data the Func was given (node, python, jvm): JSON value, text; undefined is null;
 *   bytes are `{"base64": ...}`; a file is `{"filename", "contentType", "base64"}`;
 * - `query`: the raw query (process, http); `params props bundle auth`: those of the ctx (node,
 *   python, jvm).
 *
 * ## What a runtime decides how
 *
 * - With `stream: true` in the head of CALL or CALL_OPEN, `data` is a stream, also of a body that
 *   is whole or empty: node AsyncIterable, python an iterable in `def` and an async iterable in
 *   `async def` (one object may be both). Any other body is collected first, in however many frames
 *   it came.
 * - An empty body: json is undefined/None, text '', binary empty bytes.
 * - A json body that is no JSON is FAIL with code `malformed_body`, before the Func runs.
 * - FAIL with a `status` of 400..599 (an error with a numeric `status`) keeps that status.
 * - `cancelled` is the caller's error as soon as a call is cancelled; the Func ends when it likes,
 *   except that `process` ends its program group at once. A wire worker answers a cancelled call
 *   all the same (REPLY, or FAIL for a stream it broke off): until then `Worker.open` counts it.
 * - A stream's first chunk may be waited for a moment before REPLY_OPEN, so that a generator that
 *   throws at once is a plain FAIL.
 */
import { after, before, describe, test } from 'node:test';
import { bodyCases } from './conformance-body.ts';
import { callCases } from './conformance-call.ts';
import { lifeCases } from './conformance-life.ts';
import { streamCases } from './conformance-stream.ts';
import { openSubject } from './conformance-subject.ts';
import type { ConformanceOptions, Case, Subject } from './conformance-subject.ts';
import type { Assignment, FuncSpec } from './runtime.ts';

/** Every Func a fixture may be asked for. */
export const fixtureFuncs =
  'echo fail refuse slow crash bigBody logs stream text binary empty status nonsense missing'.split(
    ' ',
  );

/** An assignment of the fixture in `dir`; `over` gives what the runtime needs beside it. */
export function fixtureAssignment(
  dir: string,
  over: Partial<Assignment> = {},
  spec: (operationId: string) => FuncSpec = (operationId) => ({ operationId }),
): Assignment {
  return {
    sha: 'f1'.repeat(32),
    name: 'fixture',
    version: '1.2.3',
    dir,
    funcs: fixtureFuncs.map(spec),
    props: { greeting: 'hello', nested: { list: [1, 2] } },
    env: { FIXTURE_ENV: 'yes' },
    concurrency: 100,
    memoryBytesMax: 512 * 1024 * 1024,
    stacks: true,
    ...over,
  };
}

/** Registers the whole suite with node:test. */
export function runConformance(options: ConformanceOptions): void {
  const { kind, exclusions = [], label = kind } = options;
  describe(`${label} runtime`, () => {
    let shared: Subject;
    before(async () => {
      shared = await openSubject(options);
    });
    after(() => shared.close());
    const run = (entry: Case): void => {
      if (entry.only && !entry.only.includes(kind)) return;
      const skip = exclusions.find((exclusion) => exclusion.name === entry.name)?.reason ?? false;
      test(entry.name, { skip, timeout: 60_000 }, async () => {
        if (!entry.fresh) return entry.run(shared);
        const subject = await openSubject(options);
        try {
          await entry.run(subject);
        } finally {
          await subject.close();
        }
      });
    };
    [...callCases, ...bodyCases, ...streamCases, ...lifeCases].forEach(run);
  });
}

/** How a node worker ends, and what that does to the calls in hand. */
import { join } from 'node:path';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fixtureAssignment } from './conformance.ts';
import { json } from './conformance-call.ts';
import { openSubject } from './conformance-subject.ts';
import type { Subject } from './conformance-subject.ts';
import { nodeRuntime } from './node.ts';
import type { Runtime } from './runtime.ts';

const mebibyte = 1024 * 1024;
const names = 'same spin exits forget later forever parent hoard';
const assignment = fixtureAssignment(join(import.meta.dirname, 'fixture', 'node-edge'), {
  handler: 'handler.mjs',
  funcs: names.split(' ').map((operationId) => ({ operationId })),
  props: { money: { type: 'ledger', at: 'the bank' } },
});

async function withSubject(
  run: (subject: Subject) => Promise<void>,
  runtime: Runtime = nodeRuntime,
): Promise<void> {
  const subject = await openSubject({ kind: 'node', runtime, assignment });
  try {
    await run(subject);
  } finally {
    await subject.close();
  }
}

describe('a node worker', () => {
  test('closes its services when it is drained', () =>
    withSubject(async ({ worker, logs, exit }) => {
      await worker.drain();
      assert.equal((await exit).code, 0);
      assert.ok(logs.some((line) => line.text === 'closed money'));
    }));

  test('that loops for ever answers no ping, and a kill frees its callers', () =>
    withSubject(async ({ open, worker, exit }) => {
      const spinning = assert.rejects(open('spin'), { code: 'func_exited' });
      assert.equal(await worker.ping(200), false);
      worker.kill();
      await spinning;
      assert.equal((await exit).signal, 'SIGKILL');
    }));

  test('whose Func calls process.exit fails the calls in hand', () =>
    withSubject(async ({ open, exit }) => {
      const waiting = assert.rejects(open('forever'), { code: 'func_exited' });
      await assert.rejects(open('exits'), {
        code: 'func_exited',
        message: /ended during the call \(exit status 5\)/,
      });
      await waiting;
      assert.equal((await exit).code, 5);
    }));

  for (const [name, text] of Object.entries({
    forget: /nobody awaits this/,
    later: /thrown later/,
  }))
    test(`ends when an error in the background is not caught: ${name}`, () =>
      withSubject(async ({ open, call, exit, logs }) => {
        const waiting = assert.rejects(open('forever'), { code: 'func_exited' });
        await call(name).catch(() => undefined);
        await waiting;
        assert.equal((await exit).code, 1);
        const line = logs.find((entry) => text.test(entry.text));
        assert.equal(line?.level, 'error');
        assert.match(line!.text, /[ (]handler\.mjs:\d+/);
      }));

  test('counts and ends what its Funcs start', () =>
    withSubject(async ({ call, worker, exit }) => {
      const alone = worker.rssBytes();
      const pid = json(await call('parent')) as unknown as number;
      assert.ok(process.kill(pid, 0));
      if (process.platform === 'linux') assert.ok(worker.rssBytes() > alone);
      worker.kill();
      await exit;
    }));

  test('over its memory says so', { timeout: 60_000 }, async () => {
    const small: Runtime = {
      ...nodeRuntime,
      start: (options, events) =>
        nodeRuntime.start({ ...options, memoryBytesMax: 64 * mebibyte }, events),
    };
    await withSubject(async ({ open }) => {
      await assert.rejects(open('hoard'), { code: 'func_memory', status: 502 });
    }, small);
  });

  test('refuses a bundle that does not load, and says where', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'fct-'));
    const sources: Record<string, [source: string, detail: RegExp]> = {
      'syntax.mjs': ['export const x = {;', /loading syntax.mjs failed: Unexpected token/],
      'throws.cjs': ['throw new Error("not today");', /loading throws.cjs failed: not today/],
      'import.mjs': ['import "no-such-package";', /Cannot find package 'no-such-package'/],
      'layer.mjs': ['export const middleware = [5];', /"middleware" must be a function or a list/],
      'service.mjs': [
        'export const services = {ledger: {open() { throw new Error("no bank") }}};',
        /failed: no bank/,
      ],
      'exits.mjs': ['console.log("bye"); process.exit(3);', /the worker ended \(exit status 3\)/],
      'absent.mjs': ['', /Cannot find module/],
    };
    for (const [handler, [source, message]] of Object.entries(sources)) {
      if (source) await writeFile(join(dir, handler), source);
      const refused = openSubject({
        kind: 'node',
        runtime: nodeRuntime,
        assignment: { ...assignment, dir, handler },
      });
      await assert.rejects(refused, { code: 'worker_start_failed', message });
    }
    await rm(dir, { recursive: true });
  });
});

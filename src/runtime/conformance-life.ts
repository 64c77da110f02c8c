/** Conformance: how a worker answers pings, drains, dies and is killed. */
import assert from 'node:assert/strict';
import { json } from './conformance-call.ts';
import { wired } from './conformance-subject.ts';
import type { Case } from './conformance-subject.ts';

const processes = ['node', 'python', 'http'] as const;

export const lifeCases: Case[] = [
  {
    name: 'it answers a ping while it is busy',
    async run({ call, worker }) {
      const slow = call('slow', { query: { ms: 50 } });
      assert.equal(await worker.ping(20_000), true);
      assert.deepEqual(json(await slow), { slept: 50 });
    },
  },
  {
    name: 'it tells its memory',
    only: processes,
    async run({ worker }) {
      assert.ok(Number.isInteger(worker.pid));
      if (process.platform === 'linux') assert.ok(worker.rssBytes() > 1024 * 1024);
    },
  },
  {
    name: 'it tells the CPU time it has had',
    only: [...processes, 'process', 'watchdog'],
    async run({ call, worker }) {
      if (process.platform !== 'linux') return;
      // Ten milliseconds are the least that is told of.
      while (worker.cpuMs() < 20) await call('text');
      const before = worker.cpuMs();
      while (worker.cpuMs() < before + 20) await call('text');
    },
  },
  {
    name: 'it drains: calls in hand are answered, then it ends',
    fresh: true,
    async run({ call, open, worker, exit, kind }) {
      const slow = call('slow', { query: { ms: 200 } });
      const text = await call('text');
      assert.equal(text.status, 200);
      const drained = worker.drain();
      await assert.rejects(open('text'));
      assert.deepEqual(json(await slow), { slept: 200 });
      await drained;
      if (wired.includes(kind)) assert.equal((await exit).code, 0);
    },
  },
  {
    name: 'a Func that crashes its process fails the calls in hand',
    fresh: true,
    async run({ open, exit, kind, worker, answers }) {
      const slow = open('slow', { query: { ms: kind === 'process' ? 20 : 20_000 } });
      const others = kind === 'process' ? slow : assert.rejects(slow, { code: 'func_exited' });
      const crash = open('crash');
      if (answers.includes('crash')) assert.equal((await crash).head.status, 500);
      else await assert.rejects(crash, { code: 'func_exited' });
      await others;
      if (kind === 'process') return;
      assert.equal((await exit).signal, 'SIGKILL');
      await assert.rejects(open('text'), { code: 'func_exited' });
      assert.equal(worker.rssBytes(), 0);
      assert.equal(await worker.ping(1000), false);
    },
  },
  {
    name: 'it is killed with calls in hand',
    fresh: true,
    async run({ open, call, worker, exit, kind }) {
      const slow = assert.rejects(open('slow', { query: { ms: 20_000 } }), { code: 'func_exited' });
      await call('text');
      worker.kill();
      await slow;
      if (kind !== 'process') assert.equal((await exit).signal, 'SIGKILL');
      worker.kill();
      await worker.drain();
    },
  },
];

/** Conformance: calls that nobody waits for. */
import assert from 'node:assert/strict';
import { FuncatronError } from '../errors.ts';
import type { Cases } from './conformance.ts';
import { callOf, Gate, rejectsWith, replyTo, textOf, until } from './conformance-message.ts';

export const durableCases: Cases = {
  'an asynchronous call is kept until somebody takes it': async ({ broker, name }) => {
    await broker.publish(name, callOf('later', { deadline: Date.now() + 5 }));
    await until('it waits', async () => (await broker.depth(name)).waiting === 1);
    await until(
      'its deadline passes',
      () => new Promise((done) => setTimeout(() => done(true), 10)),
    );
    const seen: string[] = [];
    await broker.consume(
      name,
      async (call) => {
        assert.ok(call.head.deadline > Date.now() - 1000);
        assert.deepEqual(call.head.headers['x-twice'], ['a', 'b']);
        seen.push(await textOf(call));
        return replyTo(call, call.body);
      },
      { prefetch: 1 },
    );
    await until('it is done', async () => {
      const { waiting, inFlight } = await broker.depth(name);
      return seen.length === 1 && waiting + inFlight === 0;
    });
    assert.deepEqual(seen, ['later']);
  },

  'asynchronous bodies of no bytes and of the size limit': async ({ broker, name, harness }) => {
    const sizes: number[] = [];
    await broker.consume(
      name,
      async (call) => {
        sizes.push((await textOf(call)).length);
        return replyTo(call, call.body);
      },
      { prefetch: 1 },
    );
    await broker.publish(name, callOf(''));
    await broker.publish(name, callOf(new Uint8Array(harness.bodyBytesMax).fill(65)));
    await until('both came', () => sizes.length === 2);
    assert.deepEqual(sizes, [0, harness.bodyBytesMax]);
  },

  'an asynchronous call is done when an answer in chunks has ended': async ({ broker, name }) => {
    const seen: string[] = [];
    await broker.consume(
      name,
      async (call) => {
        const body = async function* () {
          seen.push('begun');
          yield Buffer.from(await textOf(call));
          if (seen.length < 3) throw new FuncatronError('func_failed', 'in the middle');
          seen.push('ended');
        };
        return replyTo(call, body());
      },
      { prefetch: 1 },
    );
    await broker.publish(name, callOf('x'));
    await until('it is done', async () => {
      const { waiting, inFlight } = await broker.depth(name);
      return seen.includes('ended') && waiting + inFlight === 0;
    });
    assert.deepEqual(seen, ['begun', 'begun', 'begun', 'ended']);
  },

  'a failed asynchronous call is tried again': async ({ broker, name }) => {
    let tries = 0;
    await broker.consume(
      name,
      async (call) => {
        if (++tries < 3) throw new FuncatronError('func_failed', 'not yet');
        return replyTo(call, call.body);
      },
      { prefetch: 1 },
    );
    await broker.publish(name, callOf('again'));
    await until('the third try is done', async () => {
      const { waiting, inFlight } = await broker.depth(name);
      return tries === 3 && waiting + inFlight === 0;
    });
    assert.equal((await broker.depth(name)).dead, 0);
  },

  'a retry that rests counts as waiting': async ({ open, broker, name }) => {
    await broker.close();
    const slow = await open({ retry: { triesMax: 2, waitMs: 60_000, waitMsMax: 60_000 } });
    let tries = 0;
    await slow.consume(
      name,
      async () => {
        tries++;
        throw new FuncatronError('func_failed', 'always');
      },
      { prefetch: 1 },
    );
    await slow.publish(name, callOf('resting'));
    await until('it rests', async () => tries === 1 && (await slow.depth(name)).waiting === 1);
  },

  'after its last try a call is a dead letter': async ({ broker, name }) => {
    let tries = 0;
    await broker.consume(
      name,
      async () => {
        tries++;
        throw new FuncatronError('func_failed', 'always');
      },
      { prefetch: 1 },
    );
    await broker.publish(name, callOf('doomed'));
    await until('it is dead', async () => (await broker.depth(name)).dead === 1);
    assert.equal(tries, 3);
    assert.equal((await broker.depth(name)).waiting, 0);
  },

  'what was accepted is delivered after a crash': async ({ broker, name, harness, crash }) => {
    if (!harness.crash) return;
    const gate = new Gate();
    await broker.consume(name, gate.handle, { prefetch: 1 });
    const texts = ['in hand', 'waiting', 'waiting too'];
    for (const text of texts) await broker.publish(name, callOf(text));
    await until('one is in hand', () => gate.held === 1);
    const after = await crash();
    const seen: string[] = [];
    await after.consume(
      name,
      async (call) => {
        seen.push(await textOf(call));
        return replyTo(call, call.body);
      },
      { prefetch: 1 },
    );
    await until('all came', () => texts.every((text) => seen.includes(text)));
  },

  'what was done stays done after a restart, and what was dead stays dead': async (bench) => {
    const { broker, name, open } = bench;
    await broker.consume(
      name,
      async (call) => {
        if ((await textOf(call)) === 'bad') throw new FuncatronError('func_failed', 'bad');
        return replyTo(call, call.body);
      },
      { prefetch: 1 },
    );
    await broker.publish(name, callOf('bad'));
    await broker.publish(name, callOf('good'));
    await until('both ended', async () => {
      const { waiting, inFlight, dead } = await broker.depth(name);
      return waiting + inFlight === 0 && dead === 1;
    });
    await broker.close();
    const after = await open();
    const { waiting, dead } = await after.depth(name);
    assert.deepEqual({ waiting, dead }, { waiting: 0, dead: 1 });
  },

  'a full queue refuses asynchronous calls': async ({ broker, name }) => {
    for (let index = 0; index < 20; index++) await broker.publish(name, callOf(`${index}`));
    await rejectsWith(broker.publish(name, callOf('21st')), 'queue_full');
    assert.equal((await broker.depth(name)).waiting, 20);
  },

  'calls somebody waits for go before those nobody does, yet starve none': async (bench) => {
    const { broker, name } = bench;
    for (let index = 0; index < 5; index++) await broker.publish(name, callOf(`job ${index}`));
    const answers = Array.from({ length: 20 }, (_, i) => broker.call(name, callOf(`call ${i}`)));
    await until('all wait', async () => (await broker.depth(name)).waiting === 25);
    const seen: string[] = [];
    await broker.consume(
      name,
      async (call) => {
        seen.push(await textOf(call));
        return replyTo(call, call.body);
      },
      { prefetch: 1 },
    );
    await Promise.all(answers);
    const jobs = seen.filter((text) => text.startsWith('job')).length;
    assert.ok(jobs > 0 && jobs < 5, `${jobs} of 5 jobs went before the 20 calls`);
    await until('the jobs are done too', () => seen.length === 25);
  },
};

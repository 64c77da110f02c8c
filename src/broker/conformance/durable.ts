/** Conformance: calls that nobody waits for. */
import assert from 'node:assert/strict';
import { FuncatronError } from '../../errors.ts';
import { empty, tronQueues } from '../../message.ts';
import type { Call, CallHead } from '../../message.ts';
import type { Broker, CallHandler } from '../broker.ts';
import type { Cases } from '../conformance.ts';
import { callOf, Gate, rejectsWith, replyTo, textOf, until } from './message.ts';

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

  'a failed asynchronous call is tried again, and its tries are counted': async (bench) => {
    const { broker, name } = bench;
    let tries = 0;
    await broker.consume(
      name,
      async (call) => {
        assert.equal(call.head.async?.tries, tries);
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

  'after its last try a call is moved to tron.dead': async ({ broker, name }) => {
    let tries = 0;
    await broker.consume(
      name,
      async () => {
        tries++;
        throw new FuncatronError('func_failed', 'always');
      },
      { prefetch: 1 },
    );
    const call = callOf('doomed');
    const before = Date.now();
    await broker.publish(name, call);
    const letter = await deadLetterOf(broker, call);
    assert.equal(tries, 3);
    const { dead, tries: counted } = letter.head.async!;
    assert.deepEqual([counted, dead!.queue, dead!.error.code], [3, name, 'func_failed']);
    assert.ok(dead!.at >= before && dead!.at <= Date.now());
    assert.equal(letter.text, 'doomed');
    assert.deepEqual(letter.head.headers['x-twice'], ['a', 'b']);
    await until('nothing is left', async () => {
      const { waiting, inFlight } = await broker.depth(name);
      return waiting + inFlight === 0;
    });
  },

  'a call may say itself how often it is tried': async ({ broker, name }) => {
    let tries = 0;
    await broker.consume(
      name,
      async () => {
        tries++;
        throw new FuncatronError('func_failed', 'always');
      },
      { prefetch: 1 },
    );
    const async = { acceptedAt: Date.now(), tries: 0, retry: { triesMax: 1 } };
    const call = callOf('once', { async });
    await broker.publish(name, call);
    await deadLetterOf(broker, call);
    assert.equal(tries, 1);
  },

  'a call that cannot succeed is dead at once': async ({ broker, name }) => {
    let tries = 0;
    await broker.consume(
      name,
      async () => {
        tries++;
        throw new FuncatronError('bad_body', 'it never will');
      },
      { prefetch: 1 },
    );
    const call = callOf('wrong');
    await broker.publish(name, call);
    const letter = await deadLetterOf(broker, call);
    assert.deepEqual([tries, letter.head.async!.dead!.error.code], [1, 'bad_body']);
  },

  'what Trons take is tried for ever': async ({ broker, name }) => {
    const queue = `tron.${name}`;
    let tries = 0;
    await broker.consume(
      queue,
      async (call) => {
        if (++tries < 6) throw new FuncatronError('bad_body', 'not yet');
        return replyTo(call, call.body);
      },
      { prefetch: 1 },
    );
    await broker.publish(queue, callOf('event'));
    await until('it is done', async () => {
      const { waiting, inFlight } = await broker.depth(queue);
      return tries === 6 && waiting + inFlight === 0;
    });
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
    const seen: string[] = [];
    const handle: CallHandler = async (call) => {
      seen.push(await textOf(call));
      if (seen.at(-1) === 'bad') throw new FuncatronError('bad_body', 'bad');
      return replyTo(call, call.body);
    };
    await broker.consume(name, handle, { prefetch: 1 });
    const bad = callOf('bad');
    await broker.publish(name, bad);
    await broker.publish(name, callOf('good'));
    await until('both ended', async () => {
      const { waiting, inFlight } = await broker.depth(name);
      return seen.length === 2 && waiting + inFlight === 0;
    });
    await broker.close();
    const after = await open();
    await after.consume(name, handle, { prefetch: 1 });
    assert.equal((await deadLetterOf(after, bad)).text, 'bad');
    await after.publish(name, callOf('last'));
    await until('the last one came', () => seen.includes('last'));
    assert.deepEqual(seen.toSorted(), ['bad', 'good', 'last']);
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

/** Takes dead letters until that of a call comes. */
async function deadLetterOf(broker: Broker, { head: { id } }: Call) {
  let found: { head: CallHead; text: string } | undefined;
  const consumer = await broker.consume(
    tronQueues.dead,
    async (letter) => {
      if (letter.head.id === id) found = { head: letter.head, text: await textOf(letter) };
      return replyTo(letter, empty);
    },
    { prefetch: 1 },
  );
  await until('it is dead', () => found !== undefined);
  await consumer.stop();
  return found!;
}

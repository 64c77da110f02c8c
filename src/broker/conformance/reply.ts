/** Conformance: calls that somebody waits for, control messages, depth. */
import assert from 'node:assert/strict';
import { FuncatronError } from '../../errors.ts';
import type { ControlMessage } from '../../message.ts';
import type { Bench, Cases } from '../conformance.ts';
import { callOf, controlOf, echo, Gate, rejectsWith, replyTo, textOf, until } from './message.ts';

export const replyCases: Cases = {
  'a call gets its own reply': async ({ broker, name }) => {
    await broker.consume(
      name,
      async (call) => {
        assert.deepEqual(call.head.headers['x-twice'], ['a', 'b']);
        return replyTo(call, Buffer.from(`${await textOf(call)}!`), 201);
      },
      { prefetch: 8 },
    );
    const texts = Array.from({ length: 20 }, (_, index) => `call ${index}`);
    const replies = await Promise.all(texts.map((text) => broker.call(name, callOf(text))));
    assert.deepEqual(
      await Promise.all(replies.map(textOf)),
      texts.map((text) => `${text}!`),
    );
    assert.ok(replies.every(({ head }) => head.status === 201));
  },

  'a rejection reaches the caller as the error it is': async ({ broker, name }) => {
    const errors = [{ in: 'body', at: '/x', message: 'bad' }];
    await broker.consume(
      name,
      async () => {
        throw new FuncatronError('func_failed', 'on purpose', { errors, headers: { 'x-a': 'b' } });
      },
      { prefetch: 1 },
    );
    const error = await rejectsWith(broker.call(name, callOf('x')), 'func_failed');
    assert.equal(error.message, 'on purpose');
    assert.deepEqual(
      [error.errors, error.headers, error.component],
      [errors, { 'x-a': 'b' }, 'func'],
    );
  },

  'bodies of no bytes and of the size limit pass unchanged': async ({ broker, name, harness }) => {
    await broker.consume(name, echo, { prefetch: 2 });
    for (const size of [0, 1, harness.bodyBytesMax]) {
      const body = new Uint8Array(size).map((_, index) => index % 251);
      const reply = await broker.call(name, callOf(body));
      assert.ok(reply.body instanceof Uint8Array);
      assert.ok(Buffer.from(body).equals(reply.body), `${size} bytes`);
    }
  },

  'a call waits for a consumer that comes later': async ({ broker, name }) => {
    const answer = broker.call(name, callOf('early'));
    await until('the call waits', async () => (await broker.depth(name)).waiting === 1);
    await broker.consume(name, echo, { prefetch: 1 });
    assert.equal(await textOf(await answer), 'early');
  },

  'a call nobody takes ends at its deadline and is never handed over': async ({ broker, name }) => {
    const call = callOf('late', { deadline: Date.now() + 30 });
    await rejectsWith(broker.call(name, call), 'deadline_in_queue');
    const taken: string[] = [];
    await broker.consume(
      name,
      async (got) => {
        taken.push(await textOf(got));
        return replyTo(got, got.body);
      },
      { prefetch: 1 },
    );
    await rejectsWith(broker.call(name, callOf('dead', { deadline: 1 })), 'deadline_in_queue');
    await broker.call(name, callOf('next'));
    assert.deepEqual(taken, ['next']);
  },

  'a call whose handler never answers still ends': async ({ broker, name }) => {
    const gate = new Gate();
    await broker.consume(name, gate.handle, { prefetch: 1 });
    const call = callOf('hung', { deadline: Date.now() + 30 });
    await rejectsWith(broker.call(name, call), 'deadline_in_runner');
    gate.release();
  },

  'a cancelled call leaves the queue': async ({ broker, name }) => {
    const call = callOf('unwanted');
    const answer = rejectsWith(broker.call(name, call), 'cancelled');
    await until('the call waits', async () => (await broker.depth(name)).waiting === 1);
    call.cancellation!.cancel();
    await answer;
    assert.equal((await broker.depth(name)).waiting, 0);
    await rejectsWith(broker.call(name, call), 'cancelled');
  },

  'prefetch bounds what is in hand, and can be changed': async ({ broker, name }) => {
    const gate = new Gate();
    const consumer = await broker.consume(name, gate.handle, { prefetch: 2 });
    const answers = Array.from({ length: 7 }, (_, i) => broker.call(name, callOf(`${i}`)));
    await until('two are in hand', () => gate.held === 2);
    await until('five wait', async () => (await broker.depth(name)).waiting === 5);
    consumer.setPrefetch(3);
    await until('three are in hand', () => gate.held === 3);
    consumer.setPrefetch(1);
    gate.release(2);
    await until('two were answered', async () => (await broker.depth(name)).inFlight === 1);
    assert.equal(gate.texts.length, 3);
    consumer.setPrefetch(10);
    await until('all are in hand', () => gate.texts.length === 7);
    gate.release();
    await Promise.all(answers);
    assert.deepEqual(gate.texts, ['0', '1', '2', '3', '4', '5', '6']);
  },

  'consumers compete, and all get work': async ({ broker, name }) => {
    const gates = [new Gate(), new Gate(), new Gate()];
    for (const gate of gates) await broker.consume(name, gate.handle, { prefetch: 4 });
    const answers = Array.from({ length: 12 }, (_, i) => broker.call(name, callOf(`${i}`)));
    await until('all are in hand', () => gates.every((gate) => gate.held === 4));
    for (const gate of gates) gate.release();
    await Promise.all(answers);
    assert.equal(new Set(gates.flatMap(({ texts }) => texts)).size, 12);
  },

  'a full queue refuses, and says when to come back': async ({ broker, name }) => {
    const calls = Array.from({ length: 20 }, (_, i) => callOf(`${i}`));
    const answers = calls.map((call) => rejectsWith(broker.call(name, call), 'cancelled'));
    const error = await rejectsWith(broker.call(name, callOf('21st')), 'queue_full');
    assert.ok(error.headers?.['retry-after']);
    assert.match(error.message, /--queue-max/);
    for (const call of calls) call.cancellation!.cancel();
    await Promise.all(answers);
  },

  'stop waits for what is in hand and takes no more': async ({ broker, name }) => {
    const gate = new Gate();
    const consumer = await broker.consume(name, gate.handle, { prefetch: 1 });
    const first = broker.call(name, callOf('first'));
    const second = broker.call(name, callOf('second'));
    await until('the first is in hand', () => gate.held === 1);
    let stopped = false;
    const stopping = consumer.stop().then(() => (stopped = true));
    assert.equal(stopped, false);
    gate.release();
    await Promise.all([first, stopping]);
    assert.deepEqual(gate.texts, ['first']);
    await broker.consume(name, echo, { prefetch: 1 });
    assert.equal(await textOf(await second), 'second');
  },

  'depth tells what waits, what is in hand and who serves': async ({ broker, name }) => {
    const unused = { waiting: 0, inFlight: 0, oldestMs: 0, consumers: 0 };
    assert.deepEqual(await broker.depth(name), unused);
    const gate = new Gate();
    const consumer = await broker.consume(name, gate.handle, { prefetch: 1 });
    const answers = [broker.call(name, callOf('a')), broker.call(name, callOf('b'))];
    await until('it is seen', async () => {
      const { waiting, inFlight, consumers, oldestMs } = await broker.depth(name);
      return waiting === 1 && inFlight === 1 && consumers === 1 && oldestMs > 0;
    });
    gate.release();
    await until('the second is in hand', () => gate.held === 1);
    gate.release();
    await Promise.all(answers);
    await consumer.stop();
    assert.deepEqual(await broker.depth(name), unused);
  },

  'a broadcast reaches every subscriber of its topic, in order': broadcastReaches,

  'a closed broker rejects what waits and what comes': async ({ open, name, options }) => {
    const broker = await open({ ...options, dataDir: undefined });
    const waiting = rejectsWith(broker.call(name, callOf('waits')), 'broker_closed');
    await broker.close();
    await waiting;
    await rejectsWith(broker.call(name, callOf('x')), 'broker_closed');
    await rejectsWith(broker.publish(name, callOf('x')), 'broker_closed');
    await rejectsWith(broker.consume(name, echo, { prefetch: 1 }), 'broker_closed');
    await rejectsWith(broker.broadcast(name, controlOf('x')), 'broker_closed');
  },
};

async function broadcastReaches({ broker, name }: Bench): Promise<void> {
  const heard: [string, string][] = [];
  const listen = (who: string) => (message: ControlMessage) => heard.push([who, message.action]);
  const first = await broker.subscribe(name, listen('first'));
  await broker.subscribe(name, () => {
    throw new Error('a subscriber that fails harms nobody');
  });
  await broker.subscribe(name, listen('second'));
  await broker.subscribe(`${name}-other`, listen('other'));
  await broker.broadcast(name, controlOf('one'));
  await broker.broadcast(name, controlOf('two'));
  await until('all heard both', () => heard.length === 4);
  for (const who of ['first', 'second']) {
    const actions = heard.filter(([by]) => by === who).map(([, action]) => action);
    assert.deepEqual(actions, ['one', 'two']);
  }
  await first.stop();
  await broker.broadcast(name, controlOf('three'));
  await until('the second heard it', () => heard.length === 5);
  assert.deepEqual(heard[4], ['second', 'three']);
}

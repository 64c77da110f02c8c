import assert from 'node:assert/strict';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '../../log.ts';
import { openBroker } from '../broker.ts';
import { runBrokerConformance } from '../conformance.ts';
import { callOf, echo, Gate, rejectsWith, replyTo, until } from '../conformance/message.ts';
import { MemoryBroker } from './memory.ts';

const log = createLog({ level: 'silent' });

runBrokerConformance({
  name: 'memory:',
  open: (options) => openBroker('memory:', options),
  // What kill -9 leaves is what was written; journal.test.ts does it with a real process.
  crash: async (broker, options) => {
    const dataDir = `${options.dataDir}/after`;
    const names = await readdir(options.dataDir!);
    for (const name of names) await cp(join(options.dataDir!, name), join(dataDir, name));
    void broker.close();
    return openBroker('memory:', { ...options, dataDir });
  },
  bodyBytesMax: 12 * 2 ** 20,
});

test('a call is handed over as the object it is', async () => {
  const broker = await MemoryBroker.open({ log });
  const call = callOf('x');
  call.data = { parsed: true };
  await broker.consume(
    'q',
    async (got) => {
      assert.equal(got, call);
      return replyTo(got, got.body);
    },
    { prefetch: 1 },
  );
  await broker.call('q', call);
  await broker.close();
});

test('a queue vanishes when it is empty and nobody uses it', async () => {
  const broker = await MemoryBroker.open({ log });
  const consumer = await broker.consume('q', echo, { prefetch: 1 });
  await broker.call('q', callOf('x'));
  assert.deepEqual(broker.queues(), ['q']);
  await consumer.stop();
  await rejectsWith(broker.call('r', callOf('x', { deadline: 1 })), 'deadline_in_queue');
  await rejectsWith(
    broker.call('s', callOf('x', { deadline: Date.now() + 5 })),
    'deadline_in_queue',
  );
  const call = callOf('x');
  const answer = rejectsWith(broker.call('t', call), 'cancelled');
  call.cancellation!.cancel();
  await answer;
  assert.deepEqual(broker.queues(), []);
  await broker.close();
});

test('a consumer that stops twice does not harm a queue of the same name', async () => {
  const broker = await MemoryBroker.open({ log });
  const first = await broker.consume('q', echo, { prefetch: 1 });
  await first.stop();
  await broker.consume('q', echo, { prefetch: 1 });
  await first.stop();
  assert.deepEqual(broker.queues(), ['q']);
  await broker.close();
});

test('bodies that wait are bounded in bytes', async () => {
  const broker = await MemoryBroker.open({ log, queueBytesMax: 10 });
  const big = callOf('more than ten bytes');
  const small = callOf('x');
  const answer = rejectsWith(broker.call('q', big), 'broker_closed');
  const error = await rejectsWith(broker.call('q', small), 'queue_full');
  assert.match(error.message, /--queue-bytes-max/);
  await broker.close();
  await answer;
});

test('without a folder an asynchronous call is refused', async () => {
  const broker = await MemoryBroker.open({ log });
  const error = await rejectsWith(broker.publish('q', callOf('x')), 'journal_failed');
  assert.match(error.message, /--data/);
  await broker.close();
});

test('a handler that throws before it returns a promise', async () => {
  const broker = await MemoryBroker.open({ log });
  await broker.consume(
    'q',
    () => {
      throw new TypeError('at once');
    },
    { prefetch: 1 },
  );
  await assert.rejects(broker.call('q', callOf('x')), /at once/);
  assert.equal((await broker.depth('q')).inFlight, 0);
  await broker.close();
});

test('a consumer with no prefetch takes nothing until it has some', async () => {
  const broker = await MemoryBroker.open({ log });
  const gate = new Gate();
  const consumer = await broker.consume('q', gate.handle, { prefetch: 0 });
  const answer = broker.call('q', callOf('x'));
  await new Promise(setImmediate);
  assert.equal(gate.held, 0);
  consumer.setPrefetch(1);
  await until('it is in hand', () => gate.held === 1);
  gate.release();
  await answer;
  await broker.close();
});

test('an unknown scheme says which there are', async () => {
  const error = await rejectsWith(openBroker('smtp://x', { log }), 'scheme_unknown');
  assert.match(error.message, /memory:/);
});

test('messages of others need a broker that has some', async () => {
  const broker = await MemoryBroker.open({ log });
  const source = { topic: 'orders', group: 'shop' };
  const error = await rejectsWith(broker.consume(source, echo, { prefetch: 1 }), 'option_invalid');
  assert.match(error.message, /"orders".*--broker/);
  await broker.close();
});

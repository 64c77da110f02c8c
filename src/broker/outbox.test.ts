import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FuncatronError } from '../errors.ts';
import { createLog } from '../log.ts';
import { callOf, replyTo, textOf, until } from './conformance-message.ts';
import { MemoryBroker } from './memory.ts';

const log = createLog({ level: 'silent' });
const retry = { triesMax: 2, waitMs: 1, waitMsMax: 2 };

test('dead letters are listed, tried again or deleted, and stay so', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-'));
  t.after(() => rm(dataDir, { recursive: true }));
  let broker = await MemoryBroker.open({ log, dataDir, retry });
  let healed = false;
  const seen: string[] = [];
  await broker.consume(
    'q',
    async (call) => {
      if (!healed) throw new FuncatronError('func_failed', 'no database');
      seen.push(await textOf(call));
      return replyTo(call, call.body);
    },
    { prefetch: 1 },
  );
  const calls = ['revived', 'deleted', 'left'].map((text) => callOf(text));
  for (const call of calls) await broker.publish('q', call);
  await until('all are dead', async () => (await broker.depth('q')).dead === 3);
  const dead = broker.outbox!.deadLetters('q');
  assert.deepEqual(
    dead.map(({ callId }) => callId),
    calls.map(({ head }) => head.id),
  );
  assert.deepEqual(dead[0]!.error, { code: 'func_failed', detail: 'no database' });
  assert.equal(dead[0]!.tries, 2);
  assert.deepEqual(broker.outbox!.deadLetters('other'), []);
  healed = true;
  assert.equal(broker.outbox!.revive(dead[0]!.id), true);
  assert.equal(broker.outbox!.bury(dead[1]!.id), true);
  assert.equal(broker.outbox!.bury(dead[1]!.id), false);
  await until('one was revived', () => seen.length === 1);
  await until('it is done', async () => (await broker.depth('q')).inFlight === 0);
  await broker.close();
  broker = await MemoryBroker.open({ log, dataDir, retry });
  assert.deepEqual(
    broker.outbox!.deadLetters().map(({ id }) => id),
    [dead[2]!.id],
  );
  assert.equal((await broker.depth('q')).waiting, 0);
  await broker.close();
});

test('a call that fails because the broker closes is delivered again at the next start', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const broker = await MemoryBroker.open({ log, dataDir, retry });
  let fail: (() => void) | undefined;
  await broker.consume(
    'q',
    () =>
      new Promise((_, reject) => {
        fail = () => reject(new FuncatronError('broker_closed', 'stopping'));
      }),
    { prefetch: 1 },
  );
  await broker.publish('q', callOf('x'));
  await until('it is in hand', () => fail !== undefined);
  await broker.close();
  fail!();
  const again = await MemoryBroker.open({ log, dataDir, retry });
  const [kept] = again.outbox!.journal.calls.values();
  assert.equal(kept!.state.tries, 0);
  await again.close();
});

test('dead letters make room for new calls when the journal is full', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const journalMax = 5000;
  const broker = await MemoryBroker.open({ log, dataDir, retry, journalMax });
  const consumer = await broker.consume(
    'q',
    async () => {
      throw new FuncatronError('func_failed', 'always');
    },
    { prefetch: 1 },
  );
  const large = () => callOf('x'.repeat(1500));
  for (let dead = 1; dead <= 2; dead++) {
    await broker.publish('q', large());
    await until('it is dead', async () => (await broker.depth('q')).dead === dead);
  }
  await consumer.stop();
  await broker.publish('q', large());
  await broker.publish('q', large());
  const { waiting, dead } = await broker.depth('q');
  assert.deepEqual({ waiting, dead }, { waiting: 2, dead: 0 });
  await assert.rejects(broker.publish('q', large()), { code: 'journal_failed' });
  await broker.close();
});

test('a streamed body is kept whole', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const broker = await MemoryBroker.open({ log, dataDir });
  const call = callOf('');
  call.body = (async function* () {
    yield Buffer.from('one ');
    yield Buffer.from('two');
  })();
  await broker.publish('q', call);
  let text = '';
  await broker.consume(
    'q',
    async (got) => {
      text = await textOf(got);
      return replyTo(got, got.body);
    },
    { prefetch: 1 },
  );
  await until('it came', () => text === 'one two');
  await broker.close();
});

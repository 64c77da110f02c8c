import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FuncatronError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import type { Call } from '../../message.ts';
import { callOf, rejectsWith, replyTo, textOf, until } from '../conformance/message.ts';
import { MemoryBroker } from './memory.ts';

const log = createLog({ level: 'silent' });
const retry = { triesMax: 2, waitMs: 1, waitMsMax: 2 };

test('a dead letter that nobody took stays in tron.dead over a restart', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-'));
  t.after(() => rm(dataDir, { recursive: true }));
  let broker = await MemoryBroker.open({ log, dataDir, retry });
  await broker.consume(
    'q',
    async () => {
      throw new FuncatronError('func_failed', 'no database');
    },
    { prefetch: 1 },
  );
  const call = callOf('doomed');
  await broker.publish('q', call);
  await until('it is dead', async () => (await broker.depth('tron.dead')).waiting === 1);
  await broker.close();
  broker = await MemoryBroker.open({ log, dataDir, retry });
  const seen: Call[] = [];
  await broker.consume(
    'tron.dead',
    async (letter) => {
      seen.push(letter);
      return replyTo(letter, letter.body);
    },
    { prefetch: 1 },
  );
  await until('it came', async () => {
    const { waiting, inFlight } = await broker.depth('tron.dead');
    return seen.length === 1 && waiting + inFlight === 0;
  });
  assert.deepEqual(
    seen.map(({ head }) => [head.id, head.async!.dead!.queue, head.async!.tries]),
    [[call.head.id, 'q', 2]],
  );
  assert.equal(broker.outbox!.journal.calls.size, 0);
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
  assert.equal(kept!.state.async.tries, 0);
  await again.close();
});

test('a full journal deletes nothing that was accepted, and lets calls end', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const broker = await MemoryBroker.open({ log, dataDir, retry, journalMax: 6000 });
  const large = () => callOf('x'.repeat(1500));
  await broker.publish('tron.dead', large());
  await broker.publish('q', large());
  const refused = await rejectsWith(
    Promise.all([1, 2, 3].map(() => broker.publish('q', large()))),
    'journal_failed',
  );
  assert.match(refused.message, /--journal-max/);
  assert.equal((await broker.depth('tron.dead')).waiting, 1);
  await broker.publish('tron.calls', callOf('what became of a call'));
  const huge = await rejectsWith(
    broker.publish('q', callOf(new Uint8Array(6001))),
    'journal_failed',
  );
  assert.match(huge.message, /--journal-max/);
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

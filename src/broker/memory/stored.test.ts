import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '../../log.ts';
import { callOf, textOf } from '../conformance/message.ts';
import { Journal } from './journal.ts';
import type { CallState } from './stored.ts';

test('a journal of the first version is read: what was dead is in tron.dead', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'stored-'));
  t.after(() => rm(dir, { recursive: true }));
  const log = createLog({ level: 'silent' });
  const limits = { bytesMax: 2 ** 20, segmentBytesMax: 2 ** 20 };
  let journal = await Journal.open({ dir, log, ...limits });
  const { head } = callOf('');
  const old = { queue: 'q', callId: 'x', at: 3, tries: 1, notBefore: 9, deadAt: 0 };
  const dead = { ...old, tries: 5, deadAt: 7, error: { code: 'func_failed', detail: 'no' } };
  const strange = { ...dead, error: { code: 'gone', detail: 'x' } };
  for (const state of [old, dead, strange])
    await journal.append(state as unknown as CallState, head, 1000, Buffer.from('body'));
  await journal.close();
  journal = await Journal.open({ dir, log, ...limits });
  const calls = [...journal.calls.values()];
  const [alive, letter, other] = calls.map(({ state }) => state);
  const async = { acceptedAt: 3, tries: 1 };
  assert.deepEqual(alive, { queue: 'q', callId: 'x', at: 3, notBefore: 9, async });
  assert.equal(letter!.queue, 'tron.dead');
  const { dead: said, tries } = letter!.async;
  assert.deepEqual([tries, said!.queue, said!.at, said!.error.code], [5, 'q', 7, 'func_failed']);
  assert.equal(other!.async.dead!.error.code, 'internal');
  for (const kept of calls) assert.equal(await textOf(await journal.read(kept)), 'body');
  await journal.close();
});

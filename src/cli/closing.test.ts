import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Closing } from './closing.ts';

function record(): { closing: Closing; closed: string[] } {
  const closing = new Closing();
  const closed: string[] = [];
  for (const name of ['one', 'two', 'three'])
    closing.add(async () => {
      closed.push(name);
      if (name !== 'two') throw new Error(name);
    });
  return { closing, closed };
}

test('closes last first, once, and everything though some fail', async () => {
  const { closing, closed } = record();
  await assert.rejects(closing.close(), { message: 'three' });
  assert.deepEqual(closed, ['three', 'two', 'one']);
  await closing.close();
  assert.equal(closed.length, 3);
});

test('a start that fails closes what it had opened, and tells its own failure', async () => {
  const { closing, closed } = record();
  const start = closing.guard(async () => {
    throw new Error('no start');
  });
  await assert.rejects(start, { message: 'no start' });
  assert.equal(closed.length, 3);
});

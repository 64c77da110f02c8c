import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inflow, letGo } from './inflow.ts';

function open() {
  const seen = { room: 0, left: 0, waits: 0 };
  const inflow = new Inflow({
    onWait: () => seen.waits++,
    onRoom: () => seen.room++,
    onLeave: () => seen.left++,
  });
  return { inflow, seen };
}

test('chunks come in order, also to a reader that waits', async () => {
  const { inflow, seen } = open();
  inflow.push(Buffer.from('a'));
  inflow.push(Buffer.alloc(0));
  assert.equal(String((await inflow.next()).value), 'a');
  const waiting = inflow.next();
  assert.ok(inflow.isWaiting);
  inflow.push(Buffer.from('b'));
  assert.equal(String((await waiting).value), 'b');
  assert.ok(!inflow.isWaiting);
  const last = inflow.next();
  inflow.end();
  assert.deepEqual(await last, { done: true, value: undefined });
  assert.deepEqual(await inflow.next(), { done: true, value: undefined });
  assert.equal(seen.waits, 2);
  await inflow.return();
  assert.equal(seen.left, 0);
});

test('who pushes is told when it is enough, and when there is room again', async () => {
  const { inflow, seen } = open();
  let pushed = 1;
  while (inflow.push(Buffer.alloc(10_000))) pushed++;
  assert.ok(pushed * 10_000 >= 128 * 1024);
  for (let at = 0; at < pushed; at++) await inflow.next();
  assert.equal(seen.room, 1);
});

test('a break reaches the reader after what came before it, once', async () => {
  const { inflow } = open();
  inflow.push(Buffer.from('a'));
  inflow.break(new Error('gone'));
  inflow.push(Buffer.from('late'));
  inflow.break(new Error('again'));
  assert.equal(String((await inflow.next()).value), 'a');
  await assert.rejects(inflow.next(), /gone/);
  assert.ok((await inflow.next()).done);
  const other = open().inflow;
  const waiting = other.next();
  other.break(new Error('now'));
  await assert.rejects(waiting, /now/);
});

test('a reader that leaves is told of once, and gets nothing more', async () => {
  const { inflow, seen } = open();
  inflow.push(Buffer.from('a'));
  letGo(inflow);
  await inflow.return();
  assert.ok(inflow.push(Buffer.from('b')));
  assert.ok((await inflow.next()).done);
  assert.ok(!inflow.isOpen);
  assert.equal(seen.left, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inflow } from './inflow.ts';
import { giveBack, giveBackSole, lenderOf } from './lending.ts';

test('memory that a chunk has for itself is given back, any other is not', () => {
  const own = Buffer.allocUnsafeSlow(64 * 1024);
  giveBack(own);
  assert.equal(own.byteLength, 0);
  const framed = Buffer.allocUnsafeSlow(64 * 1024).subarray(9);
  giveBack(framed);
  assert.equal(framed.byteLength, 0);
  const part = Buffer.allocUnsafeSlow(64 * 1024).subarray(100);
  const small = Buffer.allocUnsafeSlow(100);
  for (const kept of [part, small, Buffer.from('pooled')]) {
    const { byteLength } = kept;
    giveBack(kept);
    assert.equal(kept.byteLength, byteLength);
  }
  const whole = Buffer.allocUnsafeSlow(64 * 1024).subarray(100);
  giveBackSole(whole);
  assert.equal(whole.byteLength, 0);
});

test('a stream that lends says so', async () => {
  const events = { onRoom: () => undefined, onLeave: () => undefined };
  const inflow = new Inflow(events);
  inflow.push(Buffer.allocUnsafeSlow(64 * 1024));
  inflow.end();
  for await (const chunk of inflow) {
    lenderOf(inflow)!.giveBack(chunk);
    assert.equal(chunk.byteLength, 0);
  }
  assert.equal(lenderOf(Buffer.alloc(1)), undefined);
  async function* plain(): AsyncGenerator<Uint8Array> {}
  assert.equal(lenderOf(plain()), undefined);
});

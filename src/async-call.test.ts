import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  callIdMs,
  makeCallback,
  makeNotice,
  newCallId,
  publishAsync,
  readNotice,
  tronCall,
} from './async-call.ts';
import { FuncatronError } from './errors.ts';
import { tronQueues } from './message.ts';
import type { Call } from './message.ts';

const call: Call = tronCall('/pets', Buffer.from('{}'), {});

test('a call id tells its time, and nothing else', () => {
  const ids = Array.from({ length: 2000 }, () => newCallId(1_700_000_000_123));
  assert.equal(new Set(ids).size, 2000);
  for (const id of ids) assert.equal(callIdMs(id), 1_700_000_000_123);
  // Every bit but those of time, version and variant takes both values.
  const bits = ids.map((id) => BigInt(`0x${id.replaceAll('-', '')}`));
  const ones = bits.reduce((all, one) => all | one);
  const zeros = bits.map((one) => ~one).reduce((all, one) => all | one);
  const varying = (ones & zeros & ((1n << 128n) - 1n)).toString(2);
  assert.equal(varying.replaceAll('0', '').length, 74);
  for (const text of ['', 'x', '0198f2c1-0000-4000-8000-000000000000', `${ids[0]} `])
    assert.equal(callIdMs(text), undefined);
});

test('a notice comes back as it was made, with its result', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (result, path) => {
      const notice = { id: 'x', acceptedAt: 1, at: 2, path };
      const made = makeNotice('done', notice, result);
      const read = readNotice({ head: made.head, body: new Uint8Array(made.body as Uint8Array) });
      assert.deepEqual([read.kind, read.notice], ['done', notice]);
      assert.deepEqual([...read.result], [...result]);
    }),
  );
  for (const body of ['', '{}', 'no json\n', '\n'])
    assert.throws(() => readNotice({ ...call, body: Buffer.from(body) }));
  assert.throws(() => readNotice({ ...call, body: (async function* () {})() }));
});

test('a call and its notice are published together', async () => {
  const published: [string, Call][] = [];
  const broker = { publish: async (queue: string, one: Call) => void published.push([queue, one]) };
  const claim = { key: 'k', fingerprint: 'f' };
  await publishAsync(broker, { queue: 'q', bundle: 'shop', call, claim });
  assert.deepEqual(
    published.map(([queue]) => queue),
    ['q', tronQueues.calls],
  );
  const { kind, notice } = readNotice(published[1]![1]);
  const { id, async } = call.head;
  assert.equal(kind, 'accepted');
  assert.deepEqual(notice, {
    ...{ id, acceptedAt: async!.acceptedAt, at: notice.at, queue: 'q', bundle: 'shop' },
    ...{ method: 'POST', path: '/pets', claim },
  });
});

test('what could not be published is told as refused, and rejects', async () => {
  const kinds: string[] = [];
  const failing = (bad: string) => ({
    publish: async (queue: string, one: Call) => {
      if (queue === bad) throw new FuncatronError('queue_full', 'no room');
      if (queue === tronQueues.calls) kinds.push(readNotice(one).kind);
    },
  });
  const work = { queue: 'q', bundle: 'shop', call };
  await assert.rejects(publishAsync(failing('q'), work), { code: 'queue_full' });
  assert.deepEqual(kinds, ['accepted', 'refused']);
  await assert.rejects(publishAsync(failing(tronQueues.calls), work), { code: 'queue_full' });
});

test('a callback carries the result and names its call', () => {
  const head = { ...call.head, async: { ...call.head.async!, callback: 'https://a/b' } };
  const result = { status: 201, contentType: 'text/plain', body: Buffer.from('x') };
  const made = makeCallback(head, { ...result, durationMs: 1500, truncated: false });
  assert.equal(made.head.async!.callback, 'https://a/b');
  assert.notEqual(made.head.id, head.id);
  assert.deepEqual(made.head.headers, {
    'x-call-id': head.id,
    'x-function-status': '201',
    'x-duration-seconds': '1.500000',
    'content-type': 'text/plain',
  });
  const ofFunction = { ...head, path: '/function/cat.dev/a' };
  const named = makeCallback(ofFunction, { ...result, durationMs: 1, truncated: false });
  assert.equal(named.head.headers['x-function-name'], 'cat.dev');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hello, sum } from './index.ts';

const ctx = {
  requestId: 'test',
  params: { path: { name: 'Ada' }, query: { times: 2 } },
  log: { info: () => {} },
};

test('hello greets as often as asked', () => {
  assert.deepEqual(hello(undefined, ctx), { greeting: 'Hello, Ada! Hello, Ada!' });
});

test('sum adds up', () => {
  assert.deepEqual(sum([1, 2, 3.5]), { sum: 6.5 });
});

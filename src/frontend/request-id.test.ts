import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestId } from './request-id.ts';

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('a sane id is kept', () => {
  for (const id of ['a', 'db9d00abf61d9c67f4f0e755e96b8d0e', 'a.b_c~d:e@f=g+h-1', 'x'.repeat(128)])
    assert.equal(requestId(id), id);
});

test('any other is replaced by a UUID version 7', () => {
  const insane = [
    undefined,
    '',
    'a b',
    'a\nb',
    'é',
    '../x',
    'a"b',
    '<b>',
    'x'.repeat(129),
    ['a', 'b'],
  ];
  for (const id of insane) assert.match(requestId(id), uuid7);
  assert.notEqual(requestId(undefined), requestId(undefined));
});

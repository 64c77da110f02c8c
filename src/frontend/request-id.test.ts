import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestIds } from './request-id.ts';

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ids = new RequestIds();

test('a sane id is kept', () => {
  for (const id of ['a', 'db9d00abf61d9c67f4f0e755e96b8d0e', 'a.b_c~d:e@f=g+h-1', 'x'.repeat(128)])
    assert.equal(ids.choose(id), id);
});

test('any other is replaced by a UUID version 7', () => {
  const long = 'x'.repeat(129);
  const insane = [undefined, '', 'a b', 'a\nb', 'é', '../x', 'a"b', '<b>', long, ['a', 'b']];
  for (const id of insane) assert.match(ids.choose(id), uuid7);
});

test('ids are unique, tell their time, and differ between frontends', () => {
  const before = Date.now();
  const made = Array.from({ length: 50_000 }, () => ids.choose(undefined));
  assert.equal(new Set(made).size, made.length);
  for (const id of made) assert.match(id, uuid7);
  const timeOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);
  assert.ok(timeOf(made[0]!) >= before && timeOf(made.at(-1)!) <= Date.now());
  const other = new RequestIds();
  assert.notEqual(other.choose(undefined).slice(19), ids.choose(undefined).slice(19));
});

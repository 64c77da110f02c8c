import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWithin, kindOf, parseMedia, specificity } from './media.ts';

const media = (text: string) => parseMedia(text)!;

test('media types: case, space, parameters and quotes', () => {
  const found = media(' Text/HTML ; Charset="utf-8"; a=b;; c="x\\"y;z" ');
  assert.deepEqual([found.type, found.subtype], ['text', 'html']);
  assert.deepEqual(
    [...found.parameters],
    [
      ['charset', 'utf-8'],
      ['a', 'b'],
      ['c', 'x"y;z'],
    ],
  );
  for (const text of [
    '',
    'json',
    'a/',
    '/b',
    'a/b c',
    'a/b; c',
    'a/b; c="d',
    'a/b, c/d',
    'a b/c',
  ]) {
    assert.equal(parseMedia(text), undefined, text);
  }
});

test('a type lies within a range, whose parameters it must have', () => {
  const table: [type: string, range: string, within: boolean][] = [
    ['image/png', 'image/*', true],
    ['image/png', '*/*', true],
    ['image/png', 'text/*', false],
    ['application/json; charset=utf-8', 'application/json', true],
    ['application/json', 'application/json; charset=utf-8', true],
    ['application/json', 'application/json; version=2', false],
    ['application/json; version=2', 'application/json; version=2', true],
    ['application/problem+json', 'application/json', false],
  ];
  for (const [type, range, within] of table) {
    assert.equal(isWithin(media(type), media(range)), within, `${type} ${range}`);
  }
  const ranges = ['*/*', 'a/*', 'a/b', 'a/b; c=d', 'a/b; c=d; charset=x'];
  const said = ranges.map((range) => specificity(media(range)));
  assert.deepEqual(said, [0, 1000, 2000, 2001, 2001]);
});

test('what a body of a type is to a Func', () => {
  const kinds = {
    'application/json': 'json',
    'application/problem+json': 'json',
    'text/plain': 'text',
    'text/csv; header=present': 'text',
    'application/x-www-form-urlencoded': 'form',
    'multipart/form-data; boundary=x': 'multipart',
    'multipart/mixed; boundary=x': 'binary',
    'application/octet-stream': 'binary',
    'image/png': 'binary',
    'application/xml': 'binary',
  };
  for (const [type, kind] of Object.entries(kinds)) assert.equal(kindOf(media(type)), kind, type);
});

test('no text makes parsing slow or throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseMedia(text)));
  assert.equal(parseMedia(`a/b${'; '.repeat(50_000)}x`), undefined);
  assert.equal(parseMedia(`a/b; c="${'\\'.repeat(50_001)}`), undefined);
});

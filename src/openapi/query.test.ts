import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitCookies, splitPairs } from './query.ts';

const pairs = (text: string, max?: number) => {
  const found = splitPairs(text, max);
  return found && [...found];
};

test('pairs, repeated names, names alone and names encoded', () => {
  assert.deepEqual(pairs('a=1&b=2&a=3&c&=4&&d=x=y&e%5B%5D=+%20&a+b='), [
    ['a', ['1', '3']],
    ['b', '2'],
    ['c', ''],
    ['', '4'],
    ['d', 'x=y'],
    ['e[]', '+%20'],
    ['a b', ''],
  ]);
  assert.deepEqual(pairs(''), []);
  assert.deepEqual(pairs('%zz=1&b=2'), [['b', '2']]);
});

test('more pairs than allowed are not taken', () => {
  assert.equal(pairs('a=1&b=2&c=3', 2), undefined);
  assert.equal(pairs('a=1&b=2', 2)?.length, 2);
});

test('what URLSearchParams reads, we read', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 6 }), (entries) => {
      const query = new URLSearchParams(entries).toString();
      const expected = new Map<string, string[]>();
      for (const [name, value] of new URLSearchParams(query)) {
        expected.set(name, [...(expected.get(name) ?? []), value]);
      }
      const found = [...splitPairs(query)!].map(([name, raw]) => {
        const values = [raw].flat().map((one) => decodeURIComponent(one.replaceAll('+', ' ')));
        return [name, values];
      });
      assert.deepEqual(found, [...expected]);
    }),
  );
});

test('cookies: spaces, quotes, several headers, and what is no pair', () => {
  assert.deepEqual(
    [...splitCookies('a=1;  b = "x y" ; flag; c="; d==; a=2')],
    [
      ['a', ['1', '2']],
      ['b', 'x y'],
      ['c', '"'],
      ['d', '='],
    ],
  );
  assert.deepEqual(
    [...splitCookies(['a=1', 'b=2'])],
    [
      ['a', '1'],
      ['b', '2'],
    ],
  );
  assert.equal(splitCookies(undefined).size, 0);
});

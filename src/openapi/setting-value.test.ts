import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBytes, readDurationMs, splitCommand, Unfit } from './setting-value.ts';

test('durations and sizes', () => {
  assert.equal(readDurationMs('500ms', 1), 500);
  assert.equal(readDurationMs(0.25, 1), 250);
  assert.equal(readDurationMs('2 m', 1), 120_000);
  assert.equal(readDurationMs('24h', 1), 86_400_000);
  assert.equal(readBytes('512MB'), 512_000_000);
  assert.equal(readBytes('1.5Gi'), 1_610_612_736);
  assert.equal(readBytes('2048Ki'), 2_097_152);
  assert.equal(readBytes(2 ** 20), 1_048_576);
  for (const bad of ['', 's', '-1s', 'NaN', Number.NaN, Infinity, null, [], '1e3s', '1 d'])
    assert.throws(() => readDurationMs(bad, 1), Unfit);
  for (const bad of ['', 'Mi', '-1', '1Pi', Number.NaN, null, {}, '1 mb'])
    assert.throws(() => readBytes(bad), Unfit);
});

test('a command line is split as a shell would, without a shell', () => {
  const cases: [string, string[]][] = [
    ['wc -w', ['wc', '-w']],
    ['  a\t b\n', ['a', 'b']],
    [`say 'a b' "c d"`, ['say', 'a b', 'c d']],
    [`a'b'"c"d`, ['abcd']],
    [`'it''s' "say \\"hi\\" \\$1 \\n"`, ['its', 'say "hi" $1 \\n']],
    [String.raw`a\ b \| \\`, ['a b', '|', '\\']],
    [`x '' ""`, ['x', '', '']],
    [`awk '{print $1 | "sort"}'`, ['awk', '{print $1 | "sort"}']],
    ['', []],
  ];
  for (const [line, words] of cases) assert.deepEqual(splitCommand(line), words);
  for (const bad of [
    'a | b',
    'a > f',
    'a; b',
    'a && b',
    '`a`',
    'echo $HOME',
    "a 'b",
    'a "b',
    'a\\',
  ])
    assert.throws(() => splitCommand(bad), Unfit);
});

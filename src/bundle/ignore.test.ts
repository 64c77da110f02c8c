import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIgnore } from './ignore.ts';

const cases: [pattern: string, fits: string[], not: string[]][] = [
  ['a.txt', ['a.txt', 'x/y/a.txt'], ['b.txt', 'a.txt.bak', 'aXtxt']],
  ['*.log', ['x.log', 'd/.log'], ['x.logs']],
  ['/a', ['a'], ['x/a']],
  ['a/b', ['a/b'], ['x/a/b', 'a/b/c']],
  ['**/b', ['b', 'x/y/b'], ['xb']],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'x/a/b']],
  ['a/**/b', ['a/b', 'a/x/y/b'], ['ab']],
  ['a/*/b', ['a/x/b'], ['a/b', 'a/x/y/b']],
  ['?.js', ['a.js', 'x/a.js'], ['.js', 'ab.js']],
  ['[ab].js', ['a.js', 'b.js'], ['c.js']],
  ['[!ab].js', ['c.js'], ['a.js']],
  ['*.py[co]', ['a.pyc', 'a.pyo'], ['a.py']],
  ['\\#a', ['#a'], ['a']],
  ['\\!a', ['!a'], ['a']],
  ['a+(b)', ['a+(b)'], ['aab']],
  ['[', ['['], ['x']],
  ['  a  ', ['a'], []],
];

test('patterns fit as in .gitignore', () => {
  for (const [pattern, fits, not] of cases) {
    const ignore = createIgnore([pattern]);
    for (const path of fits) assert.ok(ignore(path, false), `${pattern} fits ${path}`);
    for (const path of not) assert.ok(!ignore(path, false), `${pattern} does not fit ${path}`);
  }
});

test('a slash at the end is for folders only', () => {
  const ignore = createIgnore(['build/']);
  assert.ok(ignore('x/build', true));
  assert.ok(!ignore('x/build', false));
});

test('comments and blank lines mean nothing, and the last pattern decides', () => {
  const ignore = createIgnore(['# a', '', '*.md', '!keep.md', '/x/keep.md']);
  assert.ok(ignore('a.md', false));
  assert.ok(!ignore('y/keep.md', false));
  assert.ok(ignore('x/keep.md', false));
  assert.ok(!ignore('# a', false));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalName, goDate, goExit, goSize, goStartFailure, parseGoDuration } from './go.ts';

test('durations are whole seconds or what Go parses', () => {
  const good = {
    '30': 30_000,
    '0': 0,
    '1h30m': 5_400_000,
    '1.5s': 1_500,
    '100ms': 100,
    '.5s': 500,
  };
  for (const [text, ms] of Object.entries(good)) assert.equal(parseGoDuration(text), ms, text);
  for (const text of ['', 's', '1.5', '-1s', '1 s', '10x', '1s2', 'forever'])
    assert.equal(parseGoDuration(text), undefined, text);
});

test('header names are written as Go has them', () => {
  assert.equal(canonicalName('x-github-event'), 'X-Github-Event');
  assert.equal(canonicalName('X-GITHUB-Event'), 'X-Github-Event');
  assert.equal(canonicalName('etag'), 'Etag');
  assert.equal(canonicalName('x-1-a'), 'X-1-A');
});

test('ends are told as Go tells them', () => {
  assert.equal(goExit({ code: 3, signal: null }), 'exit status 3');
  assert.equal(goExit({ code: null, signal: 'SIGKILL' }), 'signal: killed');
  assert.equal(goExit({ code: null, signal: 'SIGSEGV' }), 'signal: segmentation fault');
  const missing = 'exec: "x": executable file not found in $PATH';
  assert.equal(goStartFailure('x', 'ENOENT'), missing);
  assert.equal(goStartFailure('./x', 'ENOENT'), 'fork/exec ./x: no such file or directory');
  assert.equal(goStartFailure('x', 'EACCES'), 'fork/exec x: permission denied');
});

test('sizes and dates have the form of its logs', () => {
  assert.deepEqual([5, 0, 1427, 1_000_000].map(goSize), ['5B', '0B', '1.427kB', '1MB']);
  assert.equal(goDate(new Date(2026, 0, 2, 3, 4, 5)), '2026/01/02 03:04:05');
});

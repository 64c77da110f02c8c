import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBytes, parseDuration, showBytes, showDuration } from './unit.ts';

test('reads durations', () => {
  const cases = {
    '500ms': 500,
    '30s': 30_000,
    '2m': 120_000,
    '1h': 3_600_000,
    '1.5s': 1_500,
    '3': 3_000,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
  assert.equal(parseDuration(2), 2_000);
  for (const bad of ['', 's', '-1s', '1y', '1s2', 'NaN'])
    assert.equal(parseDuration(bad), undefined, bad);
});

test('shows durations as they can be read', () => {
  const cases = {
    '0ms': 0,
    '500ms': 500,
    '1500ms': 1_500,
    '90s': 90_000,
    '2m': 120_000,
    '1d': 864e5,
  };
  for (const [text, ms] of Object.entries(cases)) {
    assert.equal(showDuration(ms), text);
    assert.equal(parseDuration(text), ms);
  }
});

test('reads and shows sizes', () => {
  const cases = {
    '256Mi': 2 ** 28,
    '512MB': 512e6,
    '1G': 1e9,
    '10': 10,
    '1.5Ki': 1536,
    '64kib': 65_536,
  };
  for (const [text, size] of Object.entries(cases)) assert.equal(parseBytes(text), size, text);
  for (const bad of ['', 'Mi', '-1', '1 parsec']) assert.equal(parseBytes(bad), undefined, bad);
  assert.equal(showBytes(10 * 2 ** 20), '10 MiB');
  assert.equal(showBytes(512), '512 bytes');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefersAsync } from './prefer.ts';

test('respond-async is found among other preferences', () => {
  for (const header of [
    'respond-async',
    'Respond-Async',
    'respond-async, wait=10',
    'wait=10 , respond-async;x=y',
    ['handling=lenient', 'respond-async'],
  ])
    assert.equal(prefersAsync(header), true, String(header));
});

test('nothing else is taken for it', () => {
  for (const header of [
    '',
    'wait=10',
    'respond-asynchronously',
    'x="a, respond-async"',
    'x=respond-async',
  ])
    assert.equal(prefersAsync(header), false, header);
});

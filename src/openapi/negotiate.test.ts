import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Headers } from '../message.ts';
import { faultFrom } from './fixture/operation.ts';
import { compileNegotiate } from './negotiate.ts';

const offered = ['application/json', 'text/csv; header=present'];

function isAccepted(accept: string | string[] | undefined, offers = offered): boolean {
  const negotiate = compileNegotiate(offers);
  const headers: Headers = accept === undefined ? {} : { accept };
  try {
    negotiate(headers);
    // Asked again, from what is remembered.
    negotiate(headers);
    return true;
  } catch {
    return false;
  }
}

test('what is offered is acceptable, or it is not', () => {
  const table: [accept: string | string[] | undefined, accepted: boolean][] = [
    [undefined, true],
    ['*/*', true],
    ['application/json', true],
    ['Application/JSON;q=0.1', true],
    ['text/html, application/*;q=0.5', true],
    ['text/html', false],
    ['text/csv', true],
    ['text/csv; header=absent', false],
    ['text/csv; header="present"; q=1', true],
    ['*/*;q=0', false],
    ['application/json;q=0, */*', true],
    ['application/json;q=0, text/*;q=0, */*', false],
    ['text/html, */*;q=0.1', true],
    ['application/*;q=0, application/json', true],
    [['text/html', 'application/json'], true],
    // Nothing in these can be understood, so nothing is asked for.
    ['', true],
    ['nonsense', true],
    ['a/b;q=7', true],
    ['text/html, nonsense', false],
  ];
  for (const [accept, accepted] of table) {
    assert.equal(isAccepted(accept), accepted, String(accept));
  }
});

test('a declared range is met by what lies within it', () => {
  assert.equal(isAccepted('image/png', ['image/*']), true);
  assert.equal(isAccepted('image/png;q=0', ['image/*']), false);
  assert.equal(isAccepted('text/plain', ['image/*']), false);
  assert.equal(isAccepted('text/plain', ['*/*']), true);
  assert.equal(isAccepted('text/plain', []), true);
});

test('406 says what is offered', () => {
  const fault = faultFrom(() => compileNegotiate(offered)({ accept: 'text/html' }));
  assert.equal(fault.code, 'not_acceptable');
  assert.match(fault.message, /offers application\/json, text\/csv; header=present/);
});

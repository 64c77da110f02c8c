import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCallbackAllow } from './callback-option.ts';

test('where results may be posted to is a list with commas', () => {
  assert.deepEqual(readCallbackAllow(''), []);
  assert.deepEqual(readCallbackAllow(' https://a.test, 10.0.0.0/8:* ,'), [
    'https://a.test',
    '10.0.0.0/8:*',
  ]);
  assert.throws(() => readCallbackAllow('https://a.test/path'), {
    code: 'option_invalid',
    message: /--callback-allow "https:\/\/a\.test\/path" is none of/,
  });
});

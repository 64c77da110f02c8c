import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCors } from './cors-option.ts';

test('reads origins, and nothing as no CORS at all', () => {
  assert.equal(readCors(''), undefined);
  assert.equal(readCors(' , '), undefined);
  assert.deepEqual(readCors('*'), { origins: ['*'] });
  const both = ['https://a.example', 'http://localhost:5173'];
  assert.deepEqual(readCors(`${both[0]}, ${both[1]},`), { origins: both });
});

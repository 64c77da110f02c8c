import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSha, shaOf, toBase64Sha } from './identity.ts';

// FIPS 180-4 example: SHA-256 of "abc".
const hex = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const base64 = 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';

test('the SHA of known bytes', () => {
  assert.equal(shaOf(Buffer.from('abc')), hex);
  assert.equal(toBase64Sha(hex), base64);
});

test('both forms are read, in every spelling', () => {
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_');
  for (const text of [hex, hex.toUpperCase(), base64, base64.slice(0, -1), urlSafe, ` ${hex}\n`])
    assert.equal(parseSha(text), hex, text);
});

test('what is no SHA-256 is not read', () => {
  const wrong = ['', 'abc', hex.slice(1), `${hex}0`, base64.slice(1), `${base64}=`, '*'.repeat(44)];
  // The last character carries two bits that mean nothing: they must be zero.
  wrong.push(base64.replace('0=', '1='));
  for (const text of wrong) assert.equal(parseSha(text), undefined, text);
});

test('every SHA survives the way to Base64 and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const sha = Buffer.from(bytes).toString('hex');
      assert.equal(toBase64Sha(sha).length, 44);
      assert.equal(parseSha(toBase64Sha(sha)), sha);
    }),
  );
});

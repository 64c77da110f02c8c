import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuncatronError } from '../errors.ts';
import { normalHost } from './host.ts';

test('a host is lower case and has no port', () => {
  const cases: [string, string][] = [
    ['Example.COM', 'example.com'],
    ['example.com:8080', 'example.com'],
    ['example.com:', 'example.com'],
    ['', ''],
    [':80', ''],
    ['127.0.0.1:1', '127.0.0.1'],
    ['[::1]:8080', '[::1]'],
    ['[FE80::1]', '[fe80::1]'],
    ['a_b-c', 'a_b-c'],
  ];
  for (const [raw, host] of cases) assert.equal(normalHost(raw), host, raw);
});

test('what is no host is a bad request', () => {
  const bad = [
    'a b',
    'a/b',
    'u@h',
    'a:b',
    'a:1:2',
    '::1',
    '[::1',
    '[::1]x',
    'a:123456',
    'é',
    'a,\tb',
  ];
  for (const raw of bad)
    assert.throws(
      () => normalHost(raw),
      (error) => error instanceof FuncatronError && error.code === 'bad_request',
      raw,
    );
});

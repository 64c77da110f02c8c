import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FuncatronError } from '../errors.ts';
import { parseTarget } from './target.ts';

test('a target is taken apart as it came', () => {
  const cases: [string, string, string][] = [
    ['/', '/', ''],
    ['/a/b', '/a/b', ''],
    ['/a?', '/a', ''],
    ['/a?x=1&y=2', '/a', 'x=1&y=2'],
    ['/a?x=/../?', '/a', 'x=/../?'],
    ['//a//b/', '//a//b/', ''],
    ['/a%20b/%C3%A9', '/a%20b/%C3%A9', ''],
    ['/a%2Fb', '/a%2Fb', ''],
    ['/.well-known/x', '/.well-known/x', ''],
    ['/a.b/c..d/...', '/a.b/c..d/...', ''],
    ['/a?q=100%', '/a', 'q=100%'],
    ["/-._~!$&'()*+,;=:@[]{}|^`", "/-._~!$&'()*+,;=:@[]{}|^`", ''],
  ];
  for (const [url, path, query] of cases)
    assert.deepEqual(parseTarget(url), { path, query, authority: undefined }, url);
});

test('an absolute target names its own host', () => {
  const cases: [string, string, string, string][] = [
    ['http://h', 'h', '/', ''],
    ['http://h:80/', 'h:80', '/', ''],
    ['HTTPS://H/a?b', 'H', '/a', 'b'],
    ['http://h?b', 'h', '/', 'b'],
    ['http://[::1]:8080/a', '[::1]:8080', '/a', ''],
  ];
  for (const [url, authority, path, query] of cases)
    assert.deepEqual(parseTarget(url), { authority, path, query }, url);
});

test('what two servers could read differently is refused', () => {
  const bad = [
    ['', 'a', 'a/b', 'h:80', 'ftp://h/', 'http:/a', 'http:///a', '?a'],
    ['/..', '/../a', '/a/..', '/a/./b', '/.', '/a/%2e%2E/b', '/%2e', '/.%2e/'],
    ['/%', '/%2', '/%zz', '/%ff', '/%C3', '/a\\b', '/a?b\\c', '/a#b', '/a?b#c'],
    ['/a b', '/a\u0000', '/a\u007f', '/\u00e9', '/a?\u00e9'],
  ].flat();
  for (const url of bad)
    assert.throws(
      () => parseTarget(url),
      (error) => error instanceof FuncatronError && error.code === 'bad_request',
      url,
    );
});

const piece = fc.constantFrom(
  '/',
  '.',
  '..',
  '%',
  '2e',
  '%2E',
  '%C3%A9',
  'a',
  '?',
  '#',
  '\\',
  '\0',
);
const text = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.array(piece).map((all) => all.join('')),
);

test('any text is taken apart or refused as a bad request', () => {
  fc.assert(
    fc.property(text, text, (one, two) => {
      const url = `/${one}?${two}`;
      try {
        const { path, query } = parseTarget(url);
        assert.ok(url === `${path}?${query}`);
        decodeURIComponent(path);
        const segments = decodeURI(path.replaceAll(/%2e/gi, '.')).split('/');
        assert.ok(!segments.includes('..') && !segments.includes('.'));
      } catch (error) {
        assert.ok(error instanceof FuncatronError && error.code === 'bad_request', String(error));
      }
    }),
  );
});

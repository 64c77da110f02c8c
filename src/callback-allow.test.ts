import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CallbackAllow, isPublic } from './callback-allow.ts';

function allows(entries: string[], url: string): boolean {
  return new CallbackAllow(entries).refuse(url) === undefined;
}

test('without an entry nothing is allowed, and the option is named', () => {
  assert.match(new CallbackAllow([]).refuse('https://example.com/')!, /--callback-allow/);
});

test('origins, hosts and patterns', () => {
  const yes: [string, string][] = [
    ['https://hooks.example.com', 'https://hooks.example.com/a?b=c'],
    ['https://hooks.example.com:8443', 'https://hooks.example.com:8443/'],
    ['hooks.example.com', 'http://hooks.example.com/'],
    ['hooks.example.com', 'https://HOOKS.example.com./'],
    ['hooks.example.com:*', 'https://hooks.example.com:9999/'],
    ['*.example.com', 'https://a.b.example.com/'],
    ['*', 'https://anything.test/'],
    ['*:8080', 'http://anything.test:8080/'],
    ['93.184.216.34', 'http://93.184.216.34/'],
    ['10.0.0.0/8', 'http://10.1.2.3/'],
    ['10.0.0.0/8:*', 'http://10.1.2.3:5000/'],
    ['10.0.0.5', 'http://10.0.0.5/'],
    ['[fd00::]/8', 'http://[fd00::1]/'],
    ['[fd00::1]:80', 'http://[FD00:0::1]/'],
    ['localhost:*', 'http://localhost:3000/'],
    ['127.0.0.0/8:*', 'http://[::ffff:127.0.0.1]:80/'],
  ];
  for (const [entry, url] of yes) assert.ok(allows([entry], url), `${entry} allows ${url}`);
  const no: [string, string][] = [
    ['https://hooks.example.com', 'http://hooks.example.com/'],
    ['https://hooks.example.com', 'https://hooks.example.com:444/'],
    ['hooks.example.com', 'https://hooks.example.com:8443/'],
    ['hooks.example.com', 'https://hooks.example.com.evil.test/'],
    ['hooks.example.com', 'https://evil.test/hooks.example.com'],
    ['hooks.example.com', 'https://hooks.example.com@evil.test/'],
    ['hooks.example.com', 'https://user:pass@hooks.example.com/'],
    ['*.example.com', 'https://example.com/'],
    ['*.example.com', 'https://evilexample.com/'],
    ['*', 'http://anything.test:8080/'],
    ['*', 'ftp://anything.test/'],
    ['*', 'file:///etc/passwd'],
    ['*', 'nonsense'],
    ['*', '//anything.test/'],
    ['10.0.0.0/8', 'http://11.0.0.1/'],
    ['10.0.0.0/8', 'http://10.0.0.1:22/'],
    ['10.0.0.0/8', 'http://name.test/'],
  ];
  for (const [entry, url] of no) assert.ok(!allows([entry], url), `${entry} refuses ${url}`);
});

test('no spelling of an inner address passes for any host', () => {
  const inner = [
    ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0.0.0.0', '0'],
    ...['10.0.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...['224.0.0.1', '255.255.255.255', '[::1]', '[::]', '[fe80::1]', '[fd00::1]', '[ff02::1]'],
    ...['[::ffff:127.0.0.1]', '[::ffff:a9fe:a9fe]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]'],
    ...['[::127.0.0.1]', '[2001:db8::1]', '[2001::1]', '[fec0::1]'],
  ];
  for (const host of inner) assert.ok(!allows(['*'], `http://${host}/`), host);
  assert.ok(allows(['*'], 'http://[2606:4700::1111]/'));
});

test('what a name leads to is held against the networks that are named', () => {
  const url = new URL('http://hooks.example.com/');
  const byName = new CallbackAllow(['hooks.example.com', '*']);
  assert.equal(byName.mayReach(url, '93.184.216.34'), true);
  for (const address of ['127.0.0.1', '10.0.0.1', '::1', '::ffff:10.0.0.1', 'fe80::1%eth0'])
    assert.equal(byName.mayReach(url, address), false, address);
  const withNetwork = new CallbackAllow(['hooks.example.com', '10.0.0.0/8']);
  assert.equal(withNetwork.mayReach(url, '10.9.9.9'), true);
  assert.equal(withNetwork.mayReach(url, '192.168.0.1'), false);
  assert.equal(withNetwork.mayReach(new URL('http://hooks.example.com:81/'), '10.9.9.9'), false);
  const local = new URL('http://localhost:99/');
  assert.equal(new CallbackAllow(['localhost:*']).mayReach(local, '127.0.0.1'), true);
});

test('an entry that is none says what would be one', () => {
  const wrong = ['', 'a b', 'https://a/b', '10.0.0.0/33', 'fd00::1', 'ftp://a', 'a:99999999', '*.'];
  for (const entry of [...wrong, '*/8', 'a*.b', 'http://', '[::1', 'user@a'])
    assert.throws(() => new CallbackAllow([entry]), /none of/, entry);
});

test('no text breaks it, and no IPv4 address passes for two things', () => {
  const allow = new CallbackAllow(['*', '10.0.0.0/8']);
  fc.assert(fc.property(fc.string(), (text) => void allow.refuse(text)));
  fc.assert(fc.property(fc.webUrl(), (url) => void allow.refuse(url)));
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(isPublic(`::ffff:${address}`), isPublic(address));
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuncatronError } from './errors.ts';
import { allSecrets, blot, blotFault, blotValue, isCredential, tellingSecrets } from './secret.ts';

const props = {
  db: { type: 'postgres', password: 'hunter22', url: 'pg://ann:s3cr3t-word@db/shop', pin: 123_456 },
  API_TOKEN: 'token-text',
  accessKeyId: ['AKIA0001'],
  security: { basic: { users: { alice: 'wonderland' } }, oidc: { issuer: 'https://id.example' } },
  table: 'orders',
  note: 'short',
  flag: true,
};

test('secrets are told by their names and by their form', () => {
  const expected = ['pg://ann:s3cr3t-word@db/shop', 's3cr3t-word', 'token-text', 'wonderland'];
  assert.deepEqual(tellingSecrets(props), [...expected, 'hunter22', 'AKIA0001', '123456']);
  for (const text of ['orders', 'https://id.example', 'hunter22'])
    assert.ok(allSecrets(props).includes(text), text);
  for (const text of ['postgres', 'short', 'true']) assert.ok(!allSecrets(props).includes(text));
});

test('a secret within another one leaves nothing of either', () => {
  const secrets = allSecrets({ a: 'abcdef', b: 'abcdef-and-more' });
  assert.equal(blot('x abcdef-and-more y abcdef z', secrets), 'x *** y *** z');
});

test('data is blotted through and through', () => {
  const seen = { a: ['hunter22', 123_456, 7, null], b: { c: 'is hunter22!' }, d: true };
  const wanted = { a: ['***', '***', 7, null], b: { c: 'is ***!' }, d: true };
  assert.deepEqual(blotValue(seen, tellingSecrets(props)), wanted);
});

test('an error that quotes a secret is another one; any other is itself', () => {
  const secrets = tellingSecrets(props);
  const harmless = new FuncatronError('func_failed', 'no entry', { cause: new Error('why') });
  assert.equal(blotFault(harmless, secrets), harmless);
  const errors = [{ in: 'props', at: '/db', message: 'not hunter22', mend: 'use hunter22' }];
  const cause = new Error('hunter22 again');
  const telling = new FuncatronError('func_failed', 'no entry for hunter22', {
    ...{ cause, errors, status: 503, headers: { 'retry-after': '1' }, funcStack: 'at hunter22' },
  });
  const { message, status, headers, funcStack, ...rest } = blotFault(telling, secrets);
  assert.deepEqual(
    [message, status, headers, funcStack],
    ['no entry for ***', 503, { 'retry-after': '1' }, 'at ***'],
  );
  assert.deepEqual(rest.errors, [{ in: 'props', at: '/db', message: 'not ***', mend: 'use ***' }]);
  assert.equal((rest as { cause?: unknown }).cause, undefined);
});

test('headers that hold credentials are known by their names', () => {
  for (const name of [
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'x-api-key',
    'x-auth-token',
  ])
    assert.ok(isCredential(name), name);
  for (const name of ['content-type', 'accept', 'x-request-id', 'author', 'keyboard'])
    assert.ok(!isCredential(name), name);
});

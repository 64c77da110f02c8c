import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FuncatronError } from '../errors.ts';
import type { Headers, Identity } from '../message.ts';
import { faultFrom } from './fixture/operation.ts';
import { securedContract, securedOperation, type Alternatives } from './fixture/secured.ts';
import { createAuthenticate } from './security.ts';

const props = {
  headerKey: { keys: { ci: 'k-1', 'deploy bot': 'k-2' } },
  queryKey: { keys: ['q-1'] },
  cookieKey: { keys: { web: 'c-1' } },
  basic: { users: { alice: 'pass:word', bøb: 'ünicode' } },
  bearer: { tokens: { robot: 't-1' } },
};

function call(
  alternatives: Alternatives,
  headers: Headers = {},
  query = '',
  security: unknown = props,
): Identity | undefined {
  const authenticate = createAuthenticate(securedContract(), security);
  const found = authenticate(securedOperation(alternatives), headers, query);
  // Nothing here asks anybody else, so nothing may need a promise.
  assert.ok(!(found instanceof Promise));
  return found;
}

const refused = (...args: Parameters<typeof call>): FuncatronError =>
  faultFrom(() => call(...args));
const basic = (text: string) => ({
  authorization: `Basic ${Buffer.from(text).toString('base64')}`,
});

test('no requirement, no question', () => {
  assert.equal(call([]), undefined);
});

test('API keys in header, query and cookie', () => {
  assert.deepEqual(call([{ headerKey: [] }], { 'x-key': 'k-2' }), {
    scheme: 'headerKey',
    subject: 'deploy bot',
  });
  assert.deepEqual(call([{ queryKey: [] }], {}, 'a=1&api+key=q%2D1'), { scheme: 'queryKey' });
  assert.deepEqual(call([{ cookieKey: [] }], { cookie: 'a=1; session=c-1' }), {
    scheme: 'cookieKey',
    subject: 'web',
  });
  const wrong: Parameters<typeof call>[] = [
    [[{ headerKey: [] }], { 'x-key': 'k-3' }],
    [[{ headerKey: [] }], { 'x-key': '' }],
    [[{ headerKey: [] }], { 'x-key': 'ci' }],
    [[{ queryKey: [] }], {}, 'api+key=%ff'],
    [[{ cookieKey: [] }], { cookie: 'session=' }],
    [[{ headerKey: [] }], {}, 'X-Key=k-1'],
  ];
  for (const args of wrong) assert.equal(refused(...args).code, 'unauthorized');
  assert.deepEqual(refused([{ headerKey: [] }]).headers, {
    'www-authenticate': 'ApiKey realm="things", in="header", name="X-Key"',
  });
});

test('basic: users and passwords in UTF-8', () => {
  const needed = [{ basic: [] }];
  assert.deepEqual(call(needed, basic('alice:pass:word')), { scheme: 'basic', subject: 'alice' });
  assert.equal(call(needed, basic('bøb:ünicode'))?.subject, 'bøb');
  for (const headers of [
    {},
    basic('alice:pass'),
    basic('alice'),
    basic('bøb:pass:word'),
    basic(':'),
    { authorization: 'Basic' },
    { authorization: 'Basic ====' },
    { authorization: 'Bearer t-1' },
  ]) {
    const fault = refused(needed, headers);
    assert.equal(fault.code, 'unauthorized');
    assert.equal(fault.status, 401);
    assert.deepEqual(fault.headers, {
      'www-authenticate': 'Basic realm="things", charset="UTF-8"',
    });
  }
});

test('opaque bearer tokens', () => {
  const needed = [{ bearer: [] }];
  const identity = { scheme: 'bearer', subject: 'robot' };
  assert.deepEqual(call(needed, { authorization: 'bearer t-1' }), identity);
  assert.deepEqual(call(needed, { authorization: 'BEARER  t-1 ' }), identity);
  assert.deepEqual(refused(needed).headers, { 'www-authenticate': 'Bearer realm="things"' });
  assert.deepEqual(refused(needed, { authorization: 'Bearer t-2' }).headers, {
    'www-authenticate': 'Bearer realm="things", error="invalid_token"',
  });
});

test('opaque tokens have the scopes that the props give them, or all', () => {
  const tokens = {
    root: 't-1',
    reader: { token: 't-2', scopes: ['read'] },
    nobody: { token: 't-3', scopes: [] },
    admin: { token: 't-4' },
  };
  for (const scheme of ['bearer', 'oauth', 'oidc']) {
    const ask = (token: string, scopes: string[]): Parameters<typeof call> => [
      [{ [scheme]: scopes }],
      { authorization: `Bearer ${token}` },
      '',
      { [scheme]: { tokens } },
    ];
    assert.deepEqual(call(...ask('t-1', ['read', 'write'])), { scheme, subject: 'root' });
    assert.deepEqual(call(...ask('t-4', ['write'])), { scheme, subject: 'admin' });
    const reader = { scheme, subject: 'reader', scopes: ['read'] };
    assert.deepEqual(call(...ask('t-2', ['read'])), reader);
    assert.deepEqual(call(...ask('t-3', [])), { scheme, subject: 'nobody', scopes: [] });
    const fault = refused(...ask('t-2', ['read', 'write']));
    assert.equal(fault.code, 'forbidden');
    assert.match(fault.message, /lacks the scope write/);
    assert.deepEqual(fault.headers, {
      'www-authenticate': 'Bearer realm="things", error="insufficient_scope", scope="read write"',
    });
    assert.equal(refused(...ask('t-3', ['read'])).code, 'forbidden');
    assert.equal(refused(...ask('t-5', [])).code, 'unauthorized');
  }
});

test('a scheme nobody configured refuses, and never lets in', () => {
  for (const scheme of ['headerKey', 'basic', 'bearer', 'oauth', 'oidc', 'digest', 'mutual']) {
    const all = { 'x-key': 'k-1', authorization: 'Bearer t-1' };
    for (const security of [null, {}]) {
      const fault = refused([{ [scheme]: [] }], all, '', security);
      assert.equal(fault.code, 'security_not_configured');
      assert.equal(fault.status, 503);
      assert.ok(fault.message.includes(`props.security.${scheme}`));
    }
  }
});

test('one alternative is enough; all schemes of it are needed', () => {
  const either: Alternatives = [{ headerKey: [] }, { basic: [] }];
  assert.equal(call(either, basic('alice:pass:word'))?.scheme, 'basic');
  assert.equal(call(either, { 'x-key': 'k-1' })?.scheme, 'headerKey');
  assert.deepEqual(refused(either).headers?.['www-authenticate'], [
    'ApiKey realm="things", in="header", name="X-Key"',
    'Basic realm="things", charset="UTF-8"',
  ]);
  const both = [{ headerKey: [], basic: [] }];
  assert.equal(refused(both, { 'x-key': 'k-1' }).code, 'unauthorized');
  assert.equal(refused(both, basic('alice:pass:word')).code, 'unauthorized');
  const known = call(both, { 'x-key': 'k-1', ...basic('alice:pass:word') });
  assert.deepEqual(known, { scheme: 'headerKey+basic', subject: 'ci' });
  // What nobody configured is no way in, beside one that is.
  assert.equal(refused([{ oauth: [] }, { basic: [] }]).code, 'unauthorized');
  assert.equal(call([{ oauth: [] }, { basic: [] }], basic('alice:pass:word'))?.subject, 'alice');
  assert.equal(
    refused([{ oauth: [], basic: [] }], basic('alice:pass:word')).code,
    'security_not_configured',
  );
});

test('an empty alternative lets anybody in, and still tells who it is', () => {
  for (const optional of [
    [{}, { basic: [] }],
    [{ basic: [] }, {}],
  ] as Alternatives[]) {
    assert.equal(call(optional), undefined);
    assert.equal(call(optional, basic('alice:wrong')), undefined);
    assert.equal(call(optional, basic('alice:pass:word'))?.subject, 'alice');
  }
});

test('props that are of no use are refused at once', () => {
  const table: [security: unknown, at: string, message: RegExp][] = [
    ['x', '/security', /must be an object/],
    [{ headerKeys: { keys: ['a'] } }, '/security/headerKeys', /did you mean headerKey\?/],
    [{ headerKey: 'k' }, '/security/headerKey', /must be an object: give keys/],
    [{ headerKey: {} }, '/security/headerKey', /has no keys/],
    [{ headerKey: { key: 'k' } }, '/security/headerKey/key', /did you mean keys\?/],
    [{ headerKey: { keys: [] } }, '/security/headerKey/keys', /is empty/],
    [{ headerKey: { keys: [''] } }, '/security/headerKey/keys/0', /not empty/],
    [{ headerKey: { keys: { a: 5 } } }, '/security/headerKey/keys/a', /must be text/],
    [{ basic: { users: ['alice'] } }, '/security/basic/users', /is no object/],
    [{ basic: { tokens: ['a'] } }, '/security/basic/tokens', /is not known/],
    [
      { bearer: { tokens: ['a'], issuer: 'https://a.example' } },
      '/security/bearer',
      /has tokens and issuer/,
    ],
    [{ bearer: {} }, '/security/bearer', /where the keys are/],
    [{ digest: { users: { a: 'b' } } }, '/security/digest', /http digest is not supported/],
    [{ mutual: {} }, '/security/mutual', /mutualTLS is not supported/],
    [{ oauth: { tokens: [] } }, '/security/oauth/tokens', /is empty/],
    [{ oauth: { tokens: { a: {} } } }, '/security/oauth/tokens/a/token', /must be text/],
    [
      { oauth: { tokens: { a: { token: 'x', scope: [] } } } },
      '/security/oauth/tokens/a/scope',
      /did you mean scopes\?/,
    ],
    [
      { oidc: { tokens: [{ token: 'x', scopes: 'read' }] } },
      '/security/oidc/tokens/0/scopes',
      /must be a list of texts/,
    ],
    [{ headerKey: { keys: { a: { token: 'x' } } } }, '/security/headerKey/keys/a', /must be text/],
    [
      { oauth: { issuer: 'a.example', audience: 'b' } },
      '/security/oauth/issuer',
      /no http or https URL/,
    ],
    [{ oauth: { issuer: 'https://a.example' } }, '/security/oauth/audience', /is missing/],
    [
      { oauth: { issuer: 'https://a.example', audience: [] } },
      '/security/oauth/audience',
      /list of texts/,
    ],
    [{ oauth: { secret: 'short' } }, '/security/oauth/secret', /shorter than 32 bytes/],
    [
      { oauth: { secret: 's'.repeat(32), jwks: { keys: [{}] } } },
      '/security/oauth',
      /has jwks and secret/,
    ],
    [
      { oauth: { secret: 's'.repeat(32), algorithms: ['none'] } },
      '/security/oauth/algorithms',
      /none does not fit/,
    ],
    [
      { oauth: { secret: 's'.repeat(32), algorithms: ['RS256'] } },
      '/security/oauth/algorithms',
      /RS256 does not fit a secret/,
    ],
    [
      { oauth: { jwks: { keys: [{ kty: 'EC' }] }, algorithms: ['HS256'] } },
      '/security/oauth/algorithms',
      /does not fit public keys/,
    ],
    [
      { oauth: { jwks: { keys: [{ kty: 'oct', k: 'a' }] } } },
      '/security/oauth/jwks/keys/0',
      /no public key/,
    ],
    [
      { oauth: { jwks: { keys: [{ kty: 'EC', d: 'a' }] } } },
      '/security/oauth/jwks/keys/0',
      /no public key/,
    ],
    [{ oauth: { jwks: {} } }, '/security/oauth/jwks', /no JSON Web Key Set/],
    [{ oauth: { secret: 's'.repeat(32), leewayS: -1 } }, '/security/oauth/leewayS', /seconds/],
    [{ oauth: { secret: 5 } }, '/security/oauth/secret', /must be text/],
  ];
  for (const [security, at, message] of table) {
    const fault = faultFrom(() => createAuthenticate(securedContract(), security));
    assert.equal(fault.code, 'props_invalid', JSON.stringify(security));
    assert.equal(fault.errors?.[0]?.at, at);
    assert.match(fault.message, message);
  }
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base64url, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { FuncatronError } from '../errors.ts';
import type { Identity } from '../message.ts';
import type { Authenticate, SecurityScheme } from './contract.ts';
import { audience, now, startIssuer, type Issuer } from './fixture/issuer.ts';
import { securedContract, securedOperation, type Alternatives } from './fixture/secured.ts';
import { createAuthenticate, type SecurityOptions } from './security.ts';

let issuer: Issuer;
before(async () => void (issuer = await startIssuer()));
after(() => issuer.close());

const secret = 'a secret that is long enough to be one';
const patient: SecurityOptions = { refetchMs: 0, fetchTimeoutMs: 5000 };

const open = (entry: object, options = patient, over: Record<string, SecurityScheme> = {}) =>
  createAuthenticate(securedContract(over), { oauth: entry }, options);

type Result = Identity | undefined | Promise<Identity | undefined>;

function ask(
  authenticate: Authenticate,
  token: string,
  alternatives: Alternatives = [{ oauth: [] }],
): Result {
  return authenticate(securedOperation(alternatives), { authorization: `Bearer ${token}` }, '');
}

async function refused(...args: Parameters<typeof ask>): Promise<FuncatronError> {
  try {
    await ask(...args);
  } catch (error) {
    assert.ok(error instanceof FuncatronError);
    return error;
  }
  throw new Error('nobody was refused');
}

const hs = (claims: object, key = secret, alg = 'HS256') =>
  new SignJWT({ exp: now() + 60, ...claims })
    .setProtectedHeader({ alg })
    .sign(new TextEncoder().encode(key));

test('a secret: signature, times and claims', async () => {
  const authenticate = open({ secret });
  const identity = await ask(authenticate, await hs({ sub: 'alice', scope: 'read write' }));
  assert.equal(identity?.subject, 'alice');
  assert.deepEqual(identity?.scopes, ['read', 'write']);
  assert.equal(identity?.claims?.['scope'], 'read write');
  const bad: [token: string, why: RegExp][] = [
    [await hs({}, `${secret}!`), /signature does not verify/],
    [await hs({ exp: now() - 60 }), /it has expired/],
    [await hs({ exp: undefined }), /claim exp is missing/],
    [await hs({ nbf: now() + 60 }), /claim nbf/],
    [await hs({}, secret.repeat(2), 'HS512'), /algorithm is not allowed/],
    ['x.y.z', /no signed JSON Web Token/],
    ['rubbish', /no signed JSON Web Token/],
  ];
  for (const [token, why] of bad) {
    const fault = await refused(authenticate, token);
    assert.equal(fault.code, 'unauthorized');
    assert.match(fault.message, why);
    assert.match(String(fault.headers?.['www-authenticate']), /^Bearer .*error="invalid_token"/);
  }
  // Clocks may differ a little.
  assert.ok(await ask(authenticate, await hs({ exp: now() - 2 })));
});

test('issuer and audience, where they are given', async () => {
  const authenticate = open({ secret, issuer: 'a', audience: ['x', 'y'] });
  assert.ok(await ask(authenticate, await hs({ iss: 'a', aud: ['z', 'y'] })));
  assert.match(
    (await refused(authenticate, await hs({ iss: 'b', aud: 'x' }))).message,
    /claim iss/,
  );
  assert.match(
    (await refused(authenticate, await hs({ iss: 'a', aud: 'z' }))).message,
    /claim aud/,
  );
  assert.match((await refused(authenticate, await hs({ iss: 'a' }))).message, /claim aud/);
});

test('scopes, however the token says them; too few are 403', async () => {
  const authenticate = open({ secret });
  const needed = [{ oauth: ['read', 'write'] }];
  for (const claims of [
    { scope: 'write read more' },
    { scp: ['read', 'write'] },
    { scopes: 'read write' },
    { scope: 'read', scp: 'write' },
  ]) {
    assert.ok(await ask(authenticate, await hs(claims), needed));
  }
  for (const claims of [
    {},
    { scope: 'read' },
    { scope: ['read', 5] },
    { roles: ['read', 'write'] },
  ]) {
    const fault = await refused(authenticate, await hs(claims), needed);
    assert.equal(fault.code, 'forbidden');
    assert.equal(
      fault.headers?.['www-authenticate'],
      'Bearer realm="things", error="insufficient_scope", scope="read write"',
    );
  }
  // Of an http scheme, a requirement lists roles (OpenAPI 3.1.1, 4.8.30).
  const bearer = createAuthenticate(securedContract(), { bearer: { secret } });
  assert.ok(await ask(bearer, await hs({ roles: ['admin'] }), [{ bearer: ['admin'] }]));
});

test('an unsigned token, and one signed with what is public, are refused', async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), alg: 'RS256', kid: '1' };
  const authenticate = open({ jwks: { keys: [jwk] } });
  const good = new SignJWT({ exp: now() + 60 }).setProtectedHeader({ alg: 'RS256', kid: '1' });
  assert.ok(await ask(authenticate, await good.sign(pair.privateKey)));
  const part = (value: object) => base64url.encode(JSON.stringify(value));
  const claims = { exp: now() + 60 };
  for (const alg of ['none', 'None', 'nOnE']) {
    const fault = await refused(authenticate, `${part({ alg })}.${part(claims)}.`);
    assert.equal(fault.code, 'unauthorized');
  }
  const confused = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: '1' });
  const asSecret = new TextEncoder().encode(JSON.stringify(jwk));
  assert.equal((await refused(authenticate, await confused.sign(asSecret))).code, 'unauthorized');
  // The token's own key is nothing to go by.
  const other = await generateKeyPair('RS256', { extractable: true });
  const itself = new SignJWT(claims).setProtectedHeader({
    alg: 'RS256',
    kid: '1',
    jwk: await exportJWK(other.publicKey),
  });
  const forged = await refused(authenticate, await itself.sign(other.privateKey));
  assert.match(forged.message, /signature does not verify/);
});

test('an issuer: discovery, its keys, and their rotation', async () => {
  const authenticate = open({ issuer: issuer.url, audience });
  const first = await issuer.sign({ sub: 'a', scope: 'read' });
  assert.equal((await ask(authenticate, first))?.subject, 'a');
  await issuer.rotate();
  const second = await issuer.sign({ sub: 'b' });
  assert.equal((await ask(authenticate, second))?.subject, 'b');
  // The first key is withdrawn: only a token seen before is still taken, for a while.
  const again = ask(authenticate, first);
  assert.ok(!(again instanceof Promise), 'a remembered token needs no promise');
  const forgetful = open({ issuer: issuer.url, audience }, { ...patient, rememberedMs: 0 });
  assert.match((await refused(forgetful, first)).message, /no such key/);
  // While two keys are published, a token may fail to say which one it means.
  await issuer.rotate(true);
  assert.equal((await ask(forgetful, await issuer.sign({ sub: 'd' })))?.subject, 'd');
  const unnamed = await issuer.sign({ sub: 'c' }, { kid: undefined });
  assert.equal((await ask(forgetful, unnamed))?.subject, 'c');
  const other = await refused(authenticate, await issuer.sign({ aud: 'another service' }));
  assert.match(other.message, /claim aud/);
});

test("an issuer's keys are fetched once for many tokens, and a token is verified once", async () => {
  const authenticate = open({ issuer: issuer.url, audience });
  issuer.asked.length = 0;
  const tokens = await Promise.all(['a', 'b', 'c'].map((sub) => issuer.sign({ sub })));
  await Promise.all(tokens.map((token) => ask(authenticate, token)));
  for (const token of tokens) assert.ok(!(ask(authenticate, token) instanceof Promise));
  assert.deepEqual(issuer.asked, ['/.well-known/openid-configuration', '/keys']);
});

test('a remembered token is still judged by scopes, and forgotten when it ends', async () => {
  const authenticate = open({ secret, leewayS: 0 }, { ...patient, rememberedMax: 1 });
  const token = await hs({ scope: 'read' });
  await ask(authenticate, token);
  const again = () => ask(authenticate, token, [{ oauth: ['write'] }]);
  assert.throws(again, (error: FuncatronError) => error.code === 'forbidden');
  // Only one is remembered.
  await ask(authenticate, await hs({ sub: 'another' }));
  const late = ask(authenticate, token);
  assert.ok(late instanceof Promise);
  await late;
  const exp = now() + 2;
  const brief = await hs({ exp });
  await ask(authenticate, brief);
  await new Promise((resolve) => setTimeout(resolve, exp * 1000 - Date.now() + 20));
  assert.match((await refused(authenticate, brief)).message, /it has expired/);
});

test('the key set by its address, and discovery by the contract', async () => {
  const token = await issuer.sign({});
  const byAddress = open({ jwksUri: `${issuer.url}/keys`, audience });
  assert.ok(await ask(byAddress, token));
  const openIdConnectUrl = `${issuer.url}/.well-known/openid-configuration`;
  const over = { oidc: { type: 'openIdConnect', openIdConnectUrl } as const };
  const byContract = createAuthenticate(securedContract(over), { oidc: { audience } }, patient);
  assert.ok(await ask(byContract, token, [{ oidc: [] }]));
  const foreign = await issuer.sign({ iss: 'https://evil.example' });
  assert.match((await refused(byContract, foreign, [{ oidc: [] }])).message, /claim iss/);
});

test('an issuer that is down or lies is 503, says nothing of the token, and is asked again later', async () => {
  const token = await issuer.sign({ sub: 'late' });
  const authenticate = open({ issuer: issuer.url, audience });
  const expectDown = async (one: Authenticate) => {
    const fault = await refused(one, token);
    assert.equal(fault.code, 'security_unavailable');
    assert.equal(fault.status, 503);
    assert.ok(!fault.message.includes(issuer.url), 'where the issuer is, is nobody’s business');
    assert.equal(fault.headers, undefined);
  };
  issuer.isDown = true;
  await expectDown(authenticate);
  issuer.isDown = false;
  for (const metadata of [{ issuer: 'https://evil.example' }, { jwks_uri: 5 }, { jwks_uri: 'x' }]) {
    issuer.metadata = metadata;
    await expectDown(authenticate);
  }
  issuer.metadata = { jwks_uri: `${issuer.url}/elsewhere` };
  await expectDown(open({ issuer: issuer.url, audience }));
  issuer.metadata = {};
  assert.equal((await ask(authenticate, token))?.subject, 'late');
  // Not asked by every call while it is down.
  const slow = open({ issuer: issuer.url, audience }, { ...patient, refetchMs: 60_000 });
  issuer.isDown = true;
  issuer.asked.length = 0;
  await expectDown(slow);
  await expectDown(slow);
  issuer.isDown = false;
  assert.equal(issuer.asked.length, 1);
});

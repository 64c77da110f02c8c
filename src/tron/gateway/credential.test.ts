import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallHead, Headers } from '../../message.ts';
import { openStore } from '../../store/store.ts';
import { createToken } from '../token.ts';
import { Credentials } from './credential.ts';

const local = { host: 'localhost:8080' };

function headOf(headers: Headers, remote = '127.0.0.1', method = 'GET'): CallHead {
  const fixed = { v: 1, action: 'call', id: 'x', scheme: 'http', host: '', path: '/', query: '' };
  return { ...fixed, headers, remote, method, deadline: 0 } as CallHead;
}

test('with nothing set up only programs on this machine may', async () => {
  const store = await openStore('memory:');
  const credentials = new Credentials(store, undefined);
  const judge = (headers: Headers, remote?: string, method?: string) =>
    credentials.refuse(headOf(headers, remote, method));
  assert.equal(await judge(local), undefined);
  assert.equal(await judge({ host: '[::1]:80' }, '::1'), undefined);
  assert.equal(await judge({ ...local, origin: 'http://localhost:8080' }, '::1', 'PUT'), undefined);
  const refused: [Headers, string?, string?][] = [
    [local, '10.0.0.7'],
    [local, ''],
    [{ host: 'functions.example.com' }],
    [{}],
    [{ ...local, 'x-forwarded-for': '10.0.0.7' }],
    [{ ...local, forwarded: 'for=10.0.0.7' }],
    [{ ...local, origin: 'http://localhost:9' }, '127.0.0.1', 'POST'],
    [{ ...local, origin: 'null' }, '127.0.0.1', 'DELETE'],
    [{ ...local, 'sec-fetch-site': 'cross-site' }, '127.0.0.1', 'POST'],
  ];
  for (const one of refused)
    await assert.rejects(judge(...one), { code: 'forbidden' }, JSON.stringify(one));
  await store.close();
});

test('with a password or a token, who has either may from anywhere', async () => {
  const store = await openStore('memory:');
  const text = await createToken(store, 'ci');
  const far = (authorization: string, password = 's') =>
    new Credentials(store, { user: 'admin', password }).refuse(
      headOf({ host: 'f.example.com', authorization }, '10.0.0.7'),
    );
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
  const good = [basic('admin:s'), basic(`x:${text}`), basic(`:${text}`), `Bearer ${text}`];
  for (const one of [...good, `bearer  ${text}`]) assert.equal(await far(one), undefined, one);
  const bad = ['', 'Basic', 'Basic !', basic('admin'), basic('admin:'), basic('Admin:s')];
  for (const one of [...bad, basic(`${text}:`), `Basic ${text}`, 'Bearer s', `Token ${text}`]) {
    const refusal = await far(one);
    assert.equal(refusal?.head.status, 401, one);
    assert.equal(String(refusal.body), 'invalid credentials');
  }
  assert.equal(await far(basic('admin:ä:ö'), 'ä:ö'), undefined);
  await store.close();
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createLog } from '../log.ts';
import { Metrics } from '../metrics.ts';
import { openBroker } from '../broker/broker.ts';
import { openBundleFiles, openStore, openStores } from '../store/store.ts';
import { send, TestPlace } from './fixture/place.ts';
import { isLoopback } from './guard.ts';
import { createToken, findToken, listTokens, revokeToken } from './token.ts';
import { createTron } from './tron.ts';

test('loopback is known in all its forms, and nothing else is', () => {
  for (const host of [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '[::1]',
    'localhost',
    'LOCALHOST',
    'a.localhost',
  ])
    assert.equal(isLoopback(host), true, host);
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    'example.com',
    '',
    'localhost.evil.com',
    '127.0.0.1.evil.com',
    '128.0.0.1',
  ])
    assert.equal(isLoopback(host), false, host);
});

test('tokens are kept as hashes, found by their text, and revoked by name', async () => {
  const store = await openStore('memory:');
  const text = await createToken(store, 'ci');
  assert.match(text, /^ft_[\w-]{43}$/);
  const records = await store.tokens();
  assert.ok(!JSON.stringify(records).includes(text));
  assert.equal(findToken(records, text), 'ci');
  assert.equal(findToken(records, `${text}x`), undefined);
  await assert.rejects(createToken(store, 'ci'), { code: 'token_exists' });
  for (const name of ['', '../x', 'a b', 'x'.repeat(65)])
    await assert.rejects(createToken(store, name), { code: 'option_invalid' });
  assert.deepEqual(Object.keys((await listTokens(store))[0]!), ['name', 'createdAt']);
  await revokeToken(store, 'ci');
  await assert.rejects(revokeToken(store, 'ci'), { code: 'token_unknown' });
  assert.deepEqual(await listTokens(store), []);
  await store.close();
});

describe('without a token', () => {
  let place: TestPlace;
  before(async () => {
    place = await TestPlace.open();
  });
  after(() => place.close());

  test('the Tron listens on loopback only', async () => {
    const log = createLog({ level: 'silent' });
    const { state: store, calls, letters } = await openStores('memory:');
    const broker = await openBroker('memory:', { log });
    const files = await openBundleFiles(`${place.dir}/other`, log);
    const kept = { store, calls, letters, files };
    const tron = createTron({ broker, ...kept, log, metrics: new Metrics() });
    for (const host of ['0.0.0.0', '::']) {
      const listening = tron.listen({ port: 0, host });
      await assert.rejects(listening, {
        code: 'option_invalid',
        message: /funcatron token create/,
      });
    }
    const token = await createToken(store, 'one');
    await tron.listen({ port: 0, host: '0.0.0.0' });
    const url = `${tron.url.replace('0.0.0.0', '127.0.0.1')}/api/v1/routes`;
    assert.equal((await send(url, 'GET', {})).status, 401);
    assert.equal((await send(url, 'GET', { authorization: `Bearer ${token}` })).status, 200);
    await tron.close();
    await broker.close();
    await store.close();
  });

  test('a port in use is an error that names it', async () => {
    const { port } = new URL(place.tron.url);
    const log = createLog({ level: 'silent' });
    const { state: store, calls, letters } = await openStores('memory:');
    const broker = await openBroker('memory:', { log });
    const files = await openBundleFiles(`${place.dir}/other`, log);
    const kept = { store, calls, letters, files };
    const tron = createTron({ broker, ...kept, log, metrics: new Metrics() });
    const listening = tron.listen({ port: Number(port), host: '127.0.0.1' });
    await assert.rejects(listening, { code: 'address_in_use', message: new RegExp(port) });
    await tron.close();
    await broker.close();
    await store.close();
  });

  test('a web page cannot reach it: neither by another name nor from another origin', async () => {
    const { port } = new URL(place.tron.url);
    const ask = (headers: Record<string, string>) =>
      place.ask('POST', '/api/v1/enable', { headers, body: { sha: 'x' } });
    const bad: Record<string, string>[] = [
      { host: `evil.example:${port}` },
      { host: `localhost.evil.example:${port}` },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://localhost:1` },
      { host: `localhost:${port}`, origin: `http://127.0.0.1:${port}` },
    ];
    for (const headers of bad) {
      const reply = await ask(headers);
      assert.equal(reply.status, 403, JSON.stringify(headers));
      assert.equal(reply.json.code, 'forbidden');
    }
    const good: Record<string, string>[] = [
      {},
      { host: `localhost:${port}` },
      { host: 'localhost' },
      { host: `[::1]:${port}` },
      { host: `localhost:${port}`, origin: `http://localhost:${port}` },
    ];
    for (const headers of good) assert.equal((await ask(headers)).status, 404);
    assert.equal((await place.ask('GET', '/docs', { headers: bad[0]! })).status, 403);
  });
});

describe('with a token', () => {
  let place: TestPlace;
  let token: string;
  before(async () => {
    place = await TestPlace.open();
    token = (await place.post('/api/v1/tokens', { name: 'first' })).json.token;
  });
  after(() => place.close());

  const withToken = () => ({ authorization: `Bearer ${token}` });

  test('everything needs it but health and docs', async () => {
    for (const path of ['/api/v1/routes', '/api/v1/openapi.json', '/metrics', '/nothing', '/']) {
      const reply = await place.get(path);
      assert.equal(reply.status, 401, path);
      assert.equal(reply.headers['www-authenticate'], 'Bearer');
      assert.equal(reply.json.code, 'token_invalid');
    }
    for (const path of ['/healthz', '/docs', '/docs/swagger-ui.css', '/docs/openapi.json'])
      assert.equal((await place.get(path)).status, 200, path);
    const upload = await place.post('/api/v1/add_func', 'no bundle');
    assert.equal(upload.status, 401);
  });

  test('a wrong one is refused, the right one is taken under any name of the Tron', async () => {
    const ask = (headers: Record<string, string>) =>
      place.ask('GET', '/api/v1/routes', { headers });
    for (const wrong of [`Bearer ${token}x`, `Bearer `, `Basic ${token}`, token, 'Bearer ft_'])
      assert.equal((await ask({ authorization: wrong })).status, 401, wrong);
    assert.equal((await ask(withToken())).status, 200);
    assert.equal((await ask({ ...withToken(), host: 'tron.example.com' })).status, 200);
  });

  test('the fetch key that nodes hear opens bundle files, and nothing else', async () => {
    const node = await place.node('runner');
    while (node.orders('tron-info').length === 0) await new Promise(setImmediate);
    const [{ url, fetchKey }] = node.orders('tron-info') as unknown as [
      { url: string; fetchKey: string },
    ];
    assert.equal(url, place.tron.url);
    const ask = (method: string, path: string, key = fetchKey) =>
      place.ask(method, path, { headers: { 'x-funcatron-fetch-key': key } });
    const bundle = `/api/v1/bundle/${'0'.repeat(64)}`;
    assert.equal((await ask('GET', bundle)).status, 404);
    const others = ['/api/v1/routes', '/api/v1/bundles', '/api/v1/nodes', '/api/v1/tokens'];
    for (const path of others) assert.equal((await ask('GET', path)).status, 401, path);
    assert.equal((await ask('POST', bundle)).status, 401);
    for (const wrong of ['', 'x', `${fetchKey}x`])
      assert.equal((await ask('GET', bundle, wrong)).status, 401);
  });

  test('tokens are made, listed and revoked', async () => {
    const headers = withToken();
    const made = await place.ask('POST', '/api/v1/tokens', { headers, body: { name: 'second' } });
    assert.equal(made.status, 201);
    const again = await place.ask('POST', '/api/v1/tokens', { headers, body: { name: 'second' } });
    assert.deepEqual([again.status, again.json.code], [409, 'token_exists']);
    const list = await place.ask('GET', '/api/v1/tokens', { headers });
    assert.deepEqual(
      list.json.map(({ name }: { name: string }) => name),
      ['first', 'second'],
    );
    assert.ok(!list.text.includes(made.json.token));
    const gone = await place.ask('DELETE', '/api/v1/tokens/second', { headers });
    assert.equal(gone.status, 204);
    const none = await place.ask('DELETE', '/api/v1/tokens/second', { headers });
    assert.deepEqual([none.status, none.json.code], [404, 'token_unknown']);
    const bearer = { authorization: `Bearer ${made.json.token}` };
    assert.equal((await place.ask('GET', '/api/v1/routes', { headers: bearer })).status, 401);
  });

  test('a token made while the Tron runs counts at once', async () => {
    const other = await openStore(`sqlite:${place.dir}/funcatron.db`);
    const text = await createToken(other, 'by-hand');
    await other.close();
    const headers = { authorization: `Bearer ${text}` };
    assert.equal((await place.ask('GET', '/api/v1/routes', { headers })).status, 200);
  });
});

/** Who gets a call: the host that binds, then the most specific base path, on whole segments. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deploy, enable, nodeBundle } from './fixture/bundle.ts';
import { ask, verdict } from './fixture/client.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const stage = new Stage();
let server: Server;

before(async () => {
  server = await stage.serve();
});
after(() => stage.close());

/** Tells which bundle it is, and what it saw. */
function bundle(name: string, basePath: string, settings: Record<string, unknown> = {}) {
  const code = `export const main = (_, { path }) => '${name} ' + path; export const root = main;`;
  const operations = {
    'GET /{rest}': {
      operationId: 'main',
      parameters: [{ name: 'rest', in: 'path', required: true, schema: { type: 'string' } }],
    },
    'GET /': 'root',
  };
  return nodeBundle(name, code, { basePath, operations, settings });
}

async function get(path: string, host?: string): Promise<string> {
  const answer = await ask(server.door + path, host === undefined ? {} : { headers: { host } });
  return answer.status === 200 ? (JSON.parse(answer.text) as string) : verdict(answer);
}

const none = '404 no_route frontend';

test('two bundles share a base path on different hosts, and any other host has a third', async () => {
  await deploy(server, bundle('a', '/shop', { host: 'a.example' }));
  await deploy(server, bundle('b', '/shop', { host: 'b.example' }));
  assert.equal(await get('/shop', 'c.example'), none);
  await deploy(server, bundle('any', '/shop'));
  const hosts = {
    'a.example': 'a',
    'b.example': 'b',
    'c.example': 'any',
    'A.Example:8080': 'a',
    'xa.example': 'any',
  };
  for (const [host, name] of Object.entries(hosts))
    assert.equal(await get('/shop/x', host), `${name} /shop/x`, host);
});

test('the most specific base path has the call, on whole segments', async () => {
  const names = {
    '/api': 'api',
    '/apix': 'apix',
    '/api/v1': 'v1',
    '/api/v1/deep/er': 'deeper',
    '/': 'root',
  };
  for (const [basePath, name] of Object.entries(names))
    await deploy(server, bundle(name, basePath));
  const calls: Record<string, string> = {
    '/api': 'api',
    '/api/': 'api',
    '/api/x': 'api',
    '/apix': 'apix',
    '/apix/y': 'apix',
    '/api/v1': 'v1',
    '/api/v1/z': 'v1',
    '/api/v11': 'api',
    '/api/v1/deep/er': 'deeper',
    '/apiy': 'root',
    '/': 'root',
    '/ap': 'root',
  };
  for (const [path, name] of Object.entries(calls))
    assert.equal(await get(path), `${name} ${path}`, path);
  assert.equal(await get('/api/v1/deep/other'), '404 not_found contract');
  assert.equal(await get('/API'), 'root /API');
});

test('a host that binds wins over a longer base path for any host', async () => {
  await deploy(server, bundle('hosted', '/', { host: 'own.example' }));
  assert.equal(await get('/api', 'own.example'), 'hosted /api');
  assert.equal(await get('/api', 'other.example'), 'api /api');
});

test('where it is enabled overrides what the contract says', async () => {
  const { sha } = await deploy(server, bundle('moved', '/from', { host: 'from.example' }), {
    host: '*',
    basePath: '/to',
  });
  assert.equal(await get('/to/x', 'whatever.example'), 'moved /to/x');
  assert.equal(await get('/from/x', 'from.example'), '404 not_found contract');
  assert.equal((await enable(server, { sha, host: 'HOST.example', basePath: '/to/' })).status, 200);
  assert.equal(await get('/to/x', 'host.example'), 'moved /to/x');
});

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkDocument } from '../openapi/check.ts';
import { tronDocument } from './document.ts';
import { contractOf, TestPlace, zipOf } from './fixture/place.ts';

test('the contract of the Tron has no issue', async () => {
  const source = { file: 'document.ts', text: JSON.stringify(tronDocument) };
  assert.deepEqual(await checkDocument(source), []);
});

describe('the REST API beyond the first Funcatron', () => {
  let place: TestPlace;
  let sha: string;
  let hex: string;
  before(async () => {
    place = await TestPlace.open({ bodyMax: 5000, bundleMax: 20_000 });
    const settings = { 'x-funcatron': { name: 'pets', env: { API_KEY: 'in-the-contract' } } };
    sha = await place.upload(contractOf('/pets', ['/pets', '/pets/all'], settings));
    hex = Buffer.from(sha, 'base64').toString('hex');
  });
  after(() => place.close());

  test('bundles are listed and described', async () => {
    const { json } = await place.get('/api/v1/bundles');
    assert.equal(json.length, 1);
    const { uploadedAt, bytes, ...facts } = json[0];
    assert.ok(uploadedAt > 0 && bytes > 0);
    const names = { name: 'pets', version: '1.2.3', type: 'zip' };
    assert.deepEqual(facts, { sha, hex, ...names, host: null, basePath: '/pets', enabled: [] });
    for (const name of [hex, hex.slice(0, 8), encodeURIComponent(sha)]) {
      const reply = await place.get(`/api/v1/bundles/${name}`);
      assert.deepEqual(reply.json.operations, [
        { operationId: 'op0', method: 'GET', path: '/pets' },
        { operationId: 'op1', method: 'GET', path: '/pets/all' },
      ]);
      assert.deepEqual(reply.json.settings.env, { API_KEY: '***' });
    }
    for (const name of ['nonsense', hex.slice(0, 7), '0'.repeat(64)]) {
      const reply = await place.get(`/api/v1/bundles/${name}`);
      assert.deepEqual([reply.status, reply.json.code], [404, 'bundle_unknown']);
      assert.equal(reply.headers['content-type'], 'application/problem+json');
    }
  });

  test('a bundle is deleted, unless it is enabled', async () => {
    await place.post('/api/v1/enable', { sha });
    const refused = await place.ask('DELETE', `/api/v1/bundles/${hex}`);
    assert.deepEqual([refused.status, refused.json.code], [409, 'bundle_enabled']);
    await place.post('/api/v1/disable', { sha });
    const gone = await place.ask('DELETE', `/api/v1/bundles/${hex}`);
    assert.deepEqual([gone.status, gone.text], [204, '']);
    assert.equal((await place.get(`/api/v1/bundle/${hex}`)).status, 404);
    assert.deepEqual(await readdir(join(place.dir, 'bundles')), ['incoming']);
    const back = await place.post('/api/v1/rollback', { basePath: '/pets' });
    assert.equal(back.json.code, 'route_unknown', 'its past went with it');
  });

  test('nodes are listed', async () => {
    const runner = await place.node('runner');
    const { json } = await place.get('/api/v1/nodes');
    const [tron, node] = json;
    assert.deepEqual([tron.type, tron.url, tron.leads], ['tron', place.tron.url, true]);
    const { lastSeen, ...facts } = node;
    assert.ok(lastSeen > 0);
    assert.deepEqual(facts, { id: runner.id, type: 'runner', url: 'http://node.example' });
    await runner.say('died');
  });

  test('the document is served, and the page that shows it', async () => {
    assert.deepEqual((await place.get('/api/v1/openapi.json')).json, tronDocument);
    const page = await place.get('/docs');
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type']!, /^text\/html/);
    assert.match(page.text, /\/docs\/openapi\.json/);
    for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'start.js', 'openapi.json'])
      assert.equal((await place.get(`/docs/${file}`)).status, 200, file);
    assert.equal((await place.get('/docs/package.json')).status, 404);
    assert.equal((await place.get('/docs/..%2Fpackage.json')).status, 404);
    assert.equal((await place.ask('POST', '/docs', { body: '' })).status, 405);
  });

  test('health and metrics', async () => {
    assert.deepEqual((await place.get('/healthz')).json, { status: 'ok' });
    const { status, headers, text } = await place.get('/metrics');
    assert.equal(status, 200);
    assert.match(headers['content-type']!, /^text\/plain/);
    assert.match(text, /^funcatron_nodes\{type="runner"\} 0$/m);
    assert.match(text, /^process_resident_memory_bytes /m);
    assert.equal((await place.get('/metrics')).status, 200, 'more than once');
  });

  test('what is over a limit is refused by the name of its option', async () => {
    const large = zipOf(contractOf('/x'), { 'big.bin': randomText(30_000) });
    const reply = await place.post('/api/v1/add_func', large);
    assert.deepEqual([reply.status, reply.json.code], [413, 'bundle_too_large']);
    assert.match(reply.json.error, /--bundle-max/);
    const headers = { 'transfer-encoding': 'chunked' };
    const chunked = await place.ask('POST', '/api/v1/add_func', { headers, body: large });
    assert.equal(chunked.status, 413);
    const body = await place.post('/api/v1/enable', { sha, props: { x: 'y'.repeat(6000) } });
    assert.deepEqual([body.status, body.json.code], [413, 'body_too_large']);
    assert.match(body.json.detail, /--body-max/);
    assert.deepEqual(await readdir(join(place.dir, 'bundles/incoming')), []);
  });

  test('StatsD gets the counts, and goes on after a restart', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const heard = () =>
      new Promise<string>((resolve) => socket.once('message', (m) => resolve(String(m))));
    const { port } = socket.address() as AddressInfo;
    const first = heard();
    await place.post('/api/v1/stats', { enable: true, host: '127.0.0.1', port });
    assert.match(await first, /^funcatron_nodes\.runner:0\|g$/m);
    const second = heard();
    await place.restart();
    assert.match(await second, /funcatron_nodes/);
    await place.post('/api/v1/stats', { enable: false });
    socket.close();
  });
});

function randomText(length: number): string {
  return Array.from({ length }, () => String.fromCharCode(33 + Math.random() * 90)).join('');
}

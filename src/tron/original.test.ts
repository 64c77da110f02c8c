import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { base64ShaOf, contractOf, send, TestPlace, zipOf } from './fixture/place.ts';

describe('the REST API of the first Funcatron', () => {
  let place: TestPlace;
  const bundle = zipOf(contractOf('/sample'));
  const sha = base64ShaOf(bundle);

  before(async () => {
    place = await TestPlace.open();
  });
  after(() => place.close());

  test('add_func answers what the bundle is, whatever the content type says', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'application/octet-stream',
      'text/x',
    ]) {
      const headers = { 'content-type': type };
      const reply = await place.ask('POST', '/api/v1/add_func', { headers, body: bundle });
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
      assert.deepEqual(reply.json, {
        accepted: true,
        type: 'zip',
        host: null,
        route: '/sample',
        swagger: contractOf('/sample'),
        sha,
      });
      assert.match(reply.text, /^\{\n {2}"accepted": true,\n/, 'pretty printed');
    }
  });

  test('what is beyond ASCII is escaped', async () => {
    const info = { title: 'Größe 😀', version: '1' };
    const reply = await place.post('/api/v1/add_func', zipOf(contractOf('/u', ['/a'], { info })));
    assert.match(reply.text, /Gr\\u00f6\\u00dfe \\ud83d\\ude00/);
    assert.equal(reply.json.swagger.info.title, 'Größe 😀');
  });

  test('a bundle of Swagger 2.0 keeps its host and base path', async () => {
    const contract = {
      swagger: '2.0',
      info: { title: 'Old', version: '1' },
      host: 'api.example.com',
      basePath: '/v1',
      paths: { '/a': { get: { operationId: 'op0', responses: { 200: { description: 'x' } } } } },
    };
    const reply = await place.post(
      '/api/v1/add_func',
      zipOf(contract, {
        ...{ 'META-INF/MANIFEST.MF': '', 'op0.class': '' },
        'funcatron/intf/impl/ContextImpl.class': '',
      }),
    );
    const { type, host, route, swagger } = reply.json;
    assert.deepEqual({ type, host, route }, { type: 'jar', host: 'api.example.com', route: '/v1' });
    assert.deepEqual(swagger, contract);
  });

  test('add_func refuses what is no bundle', async () => {
    const error = async (body: string | Uint8Array) => {
      const reply = await place.post('/api/v1/add_func', body);
      assert.equal(reply.status, 400);
      assert.equal(reply.json.accepted, false);
      return reply.json;
    };
    assert.equal((await error('')).error, 'Must post a Func bundle file');
    assert.equal((await error('no zip')).error, 'Could not determine the file type');
    assert.equal((await error(zipOf({}).subarray(0, 200))).code, 'bundle_invalid');
    assert.equal((await error(zipOf({}, { 'funcatron.yaml': '' }))).code, 'contract_ambiguous');
    assert.equal((await error(zipOf({}, { '../escape': '' }))).code, 'bundle_invalid');
  });

  test('a bad contract is refused with file, line, pointer and mend', async () => {
    const text = 'openapi: 3.0.3\ninfo:\n  title: x\n  version: "1"\npaths:\n  /a:\n    get: {}\n';
    const yaml = zipOf('', { 'funcatron.json': '' });
    const { zipSync } = await import('fflate');
    const body = zipSync({ 'funcatron.yaml': Buffer.from(text) });
    const reply = await place.post('/api/v1/add_func', body);
    assert.equal(reply.status, 400);
    assert.equal(reply.json.code, 'contract_invalid');
    const [issue] = reply.json.errors;
    assert.equal(issue.file, 'funcatron.yaml');
    assert.equal(typeof issue.line, 'number');
    assert.match(issue.at, /^\/paths\/~1a\/get/);
    assert.ok(issue.mend);
    assert.equal((await place.post('/api/v1/add_func', yaml)).status, 400);
    const none = await place.post('/api/v1/add_func', zipSync({ 'x.txt': Buffer.from('x') }));
    assert.equal(none.json.code, 'contract_missing');
  });

  test('known_funcs lists what was uploaded', async () => {
    const { json } = await place.get('/api/v1/known_funcs');
    assert.deepEqual(Object.keys(json), ['func-bundles']);
    assert.deepEqual(json['func-bundles'][0], { sha, host: null, path: '/sample' });
    assert.equal(json['func-bundles'].length, 3);
  });

  test('enable and disable say "Deployed", with the SHA as it was given in Base64', async () => {
    const msg = `Deployed Func bundle host:  basePath /sample sha ${sha}`;
    const runner = await place.node('runner');
    const enabled = await place.post('/api/v1/enable', { sha, props: {} });
    assert.deepEqual([enabled.status, enabled.json], [200, { success: true, msg }]);
    const disabled = await place.post('/api/v1/disable', { sha });
    assert.deepEqual([disabled.status, disabled.json], [200, { success: true, msg }]);
    await runner.say('died');
    await runner.stop();
  });

  test('routes, longest path first', async () => {
    const long = await place.upload(contractOf('/sample/longer'));
    const props = { db: { type: 'database', password: 'secret' } };
    await place.post('/api/v1/enable', { sha, props });
    await place.post('/api/v1/enable', { sha: long });
    const { json } = await place.get('/api/v1/routes');
    assert.equal(json[0].queue.length, 16);
    assert.deepEqual(json, [
      {
        ...{ host: null, path: '/sample/longer', queue: json[0].queue, name: 'test-bundle' },
        ...{ sha: long, props: {}, instances: 0 },
      },
      {
        ...{ host: null, path: '/sample', queue: json[1].queue, name: 'test-bundle', sha },
        instances: 0,
        props: { db: { type: 'database', password: '***' } },
      },
    ]);
  });

  test('stats has the nodes as they described themselves, and the routes', async () => {
    const frontend = await place.node('frontend');
    await new Promise(setImmediate);
    const { json } = await place.get('/api/v1/stats');
    assert.deepEqual(Object.keys(json), ['network', 'route-map']);
    const node = json.network[frontend.id];
    assert.equal(node.action, 'awake');
    assert.equal(node.type, 'frontend');
    assert.equal(node.from, frontend.id);
    assert.ok(Math.abs(node['last-seen'] - Date.now()) < 60_000);
    assert.equal(json['route-map'].length, 2);
    await frontend.say('died');
    assert.deepEqual((await place.get('/api/v1/stats')).json.network, {});
  });

  test('stats can be sent to StatsD', async () => {
    const on = await place.post('/api/v1/stats', { enable: true, host: '127.0.0.1', port: 8125 });
    assert.deepEqual(
      [on.status, on.json],
      [200, { accepted: true, msg: 'StatsD enabled. Host: 127.0.0.1 port: 8125' }],
    );
    const off = await place.post('/api/v1/stats', { enable: false });
    assert.deepEqual(off.json, { accepted: true, msg: 'StatsD disabled' });
    const error = 'Must be either enable=false or enable=true with host and port';
    for (const body of [{}, { enable: true }, { enable: true, host: 'h' }, [], { enable: 'yes' }]) {
      const bad = await place.post('/api/v1/stats', body);
      assert.deepEqual([bad.status, bad.json], [400, { accepted: false, error }]);
    }
  });

  test('a bundle can be fetched by its SHA in every form', async () => {
    const hex = Buffer.from(sha, 'base64').toString('hex');
    for (const name of [encodeURIComponent(sha), hex, hex.slice(0, 8), hex.toUpperCase()]) {
      const reply = await place.get(`/api/v1/bundle/${name}`);
      assert.equal(reply.status, 200, name);
      assert.equal(reply.headers['content-type'], 'application/octet-stream');
      assert.ok(reply.bytes.equals(bundle));
    }
    const head = await place.ask('HEAD', `/api/v1/bundle/${hex}`);
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal(head.headers['content-length'], String(bundle.length));
    const other = base64ShaOf(Buffer.from('other'));
    const none = await place.get(`/api/v1/bundle/${encodeURIComponent(other)}`);
    assert.equal(none.status, 404);
    assert.equal(none.text, `No func bundle with sha ${other} found`);
    assert.match(none.headers['content-type']!, /^text\/plain/);
  });

  test('an unknown SHA is told in the form it was given', async () => {
    const hex = Buffer.from(base64ShaOf(Buffer.from('other')), 'base64').toString('hex');
    const shas = [hex, base64ShaOf(Buffer.from('other')), hex.slice(0, 12), 'nonsense', ''];
    for (const unknown of shas)
      for (const path of ['/api/v1/enable', '/api/v1/disable']) {
        const reply = await place.post(path, { sha: unknown });
        const error = `Could not find Func bundle with SHA: ${unknown}`;
        assert.deepEqual([reply.status, reply.json], [404, { success: false, error }]);
      }
  });

  test('enable and disable need JSON with a SHA', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const what of ['enable', 'disable']) {
      const error = `Request must be JSON and include the 'sha' of the Func bundle to ${what}`;
      const path = `/api/v1/${what}`;
      const replies = [
        await place.post(path, {}),
        await place.post(path, []),
        await place.post(path, { sha: 7 }),
        await place.ask('POST', path, { headers: form, body: JSON.stringify({ sha }) }),
        await place.ask('POST', path, { body: JSON.stringify({ sha }) }),
      ];
      for (const { status, json } of replies)
        assert.deepEqual([status, json], [400, { success: false, error }]);
      const headers = { 'content-type': 'application/json' };
      const malformed = await place.ask('POST', path, { headers, body: '{"sha":' });
      assert.equal(malformed.status, 400);
      assert.equal(malformed.text, 'Malformed JSON in request body.');
      assert.match(malformed.headers['content-type']!, /^text\/plain/);
    }
  });

  test('an unknown path is 404 and empty, a known one with another method 405', async () => {
    for (const path of ['/', '/api/v1', '/api/v1/nothing', '/API/v1/routes']) {
      const reply = await place.get(path);
      assert.deepEqual([reply.status, reply.text], [404, ''], path);
    }
    const reply = await place.get('/api/v1/enable');
    assert.equal(reply.status, 405);
    assert.equal(reply.headers.allow, 'OPTIONS, POST');
    assert.equal(reply.json.code, 'method_not_allowed');
    const options = await place.ask('OPTIONS', '/api/v1/enable');
    assert.deepEqual([options.status, options.headers.allow], [204, 'OPTIONS, POST']);
  });

  test('a request that is no HTTP harms nobody', async () => {
    const { host } = new URL(place.tron.url);
    const bad = await send(`http://${host}/api/v1/routes?x=%zz`, 'GET', {});
    assert.ok([200, 400].includes(bad.status));
    assert.equal((await place.get('/healthz')).status, 200);
  });
});

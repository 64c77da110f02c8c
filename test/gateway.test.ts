/**
 * Functions by name on a real server, by the very requests that unmodified clients of OpenFaaS send:
 * methods, paths, bodies and the statuses they take for success.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask, problemOf, verdict } from './fixture/client.ts';
import type { Answer, Request } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

type Json = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- what a test looks into

const cat = { service: 'cat', image: 'functions/alpine:latest', envProcess: 'cat' };
const callId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of mode `http`: a stream of events, and a WebSocket, as far as its handshake goes. */
const httpServer = `
  import { createServer } from 'node:http';
  const server = createServer((request, response) => {
    if (request.url !== '/events?n=2') return response.writeHead(418, { location: '/x' }).end(request.url);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\\n\\n');
    setTimeout(() => response.end('data: 2\\n\\n'), 50);
  });
  server.on('upgrade', (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: upgrade\\r\\n\\r\\n');
    socket.pipe(socket);
  });
  server.listen(process.env.PORT);`;

describe('functions by name', () => {
  const stage = new Stage();
  let server: Server;

  const send = (path: string, given: Request = {}): Promise<Answer> =>
    ask(`${server.door}${path}`, given);
  const put = (json: unknown): Promise<Answer> =>
    send('/system/functions', { method: 'PUT', json });
  const post = (json: unknown): Promise<Answer> => send('/system/functions', { json });
  const remove = (json: unknown): Promise<Answer> =>
    send('/system/functions', { method: 'DELETE', json });
  const read = async (path: string): Promise<Json> => {
    const answer = await send(path);
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text) as Json;
  };
  const names = async (query = ''): Promise<string[]> =>
    ((await read(`/system/functions${query}`)) as Json[]).map(({ name }) => String(name));

  before(async () => {
    const images = join(stage.dir, 'images');
    mkdirSync(join(images, 'openfaas/hello'), { recursive: true });
    const hello = join(images, 'openfaas/hello');
    const about = { title: 'Hello', fprocess: './hello.sh', env: { GREETING: 'hi' } };
    writeFileSync(join(hello, 'image.json'), JSON.stringify(about));
    writeFileSync(join(hello, 'hello.sh'), '#!/bin/sh\necho "$GREETING $(cat) $Http_Path"\n');
    chmodSync(join(hello, 'hello.sh'), 0o755);
    mkdirSync(join(images, 'bare'));
    writeFileSync(join(images, 'bare', 'note.txt'), 'of the image');
    mkdirSync(join(images, 'server'));
    writeFileSync(join(images, 'server', 'server.mjs'), httpServer);
    const http = { fprocess: 'node server.mjs', mode: 'http' };
    writeFileSync(join(images, 'server', 'image.json'), JSON.stringify(http));
    const services = {
      services: [{ type: 'alexa', service: 'CatIntent', applicationId: 'app-1' }],
    };
    writeFileSync(
      join(stage.dir, 'services.json'),
      JSON.stringify({ version: '1.0', ...services }),
    );
    const flags = ['--images', images, '--services', 'services.json'];
    server = await stage.serve({ flags });
  });
  after(() => stage.close());

  test('deploy: PUT, on 404 POST; then PUT again', async () => {
    assert.equal(verdict(await put(cat)), '404 function_unknown tron');
    const made = await post(cat);
    assert.deepEqual([made.status, made.text], [202, '']);
    assert.equal(verdict(await post(cat)), '409 function_exists tron');
    const labels = { labels: { team: 'a' }, annotations: { topic: 't' } };
    assert.equal((await put({ ...cat, ...labels })).status, 202);
    const shown = await read('/system/function/cat?usage=1');
    assert.deepEqual([shown.labels, shown.annotations], [labels.labels, labels.annotations]);
  });

  test('list and describe: what was sent is echoed, empty fields are left out', async () => {
    const sent = {
      ...cat,
      service: 'echo-all',
      namespace: '',
      envVars: { combine_output: 'false', max_inflight: '50' },
      labels: { 'com.openfaas.scale.min': '1' },
      annotations: null,
      constraints: ['node.platform.os == linux'],
      limits: { memory: '128Mi' },
      requests: { memory: '64Mi', cpu: '100m' },
      readOnlyRootFilesystem: true,
      network: 'func_functions',
      registryAuth: 'dXNlcjpwYXNz',
      madeUp: { by: 'nobody' },
    };
    assert.equal((await post(sent)).status, 202);
    const { createdAt, replicas, availableReplicas, ...shown } = await read(
      '/system/function/echo-all',
    );
    assert.ok(Date.parse(createdAt) <= Date.now());
    assert.deepEqual([replicas >= 0, availableReplicas], [true, 1]);
    const {
      service: name,
      annotations: _none,
      network: _n,
      registryAuth: _r,
      madeUp: _m,
      ...rest
    } = sent;
    assert.deepEqual(shown, { ...rest, name, namespace: 'openfaas-fn' });
    assert.deepEqual(await names(), ['cat', 'echo-all']);
    assert.deepEqual(await names('?namespace=openfaas-fn'), ['cat', 'echo-all']);
    assert.deepEqual(await names('?namespace=other'), []);
    const missing = await send('/system/function/nope?usage=1');
    assert.equal(verdict(missing), '404 function_unknown tron');
    assert.equal((await remove({ functionName: 'echo-all' })).status, 202);
    assert.deepEqual(await names(), ['cat']);
  });

  test('invoke: with and without namespace, any path, and the headers that go with it', async () => {
    for (const path of ['/function/cat', '/function/cat/', '/function/cat.openfaas-fn']) {
      const { status, text, headers } = await send(path, { body: 'meow' });
      assert.deepEqual([status, text], [200, 'meow']);
      assert.match(String(headers['x-call-id']), callId);
      assert.match(String(headers['x-start-time']), /^\d{19}$/);
      assert.match(String(headers['x-duration-seconds']), /^\d+\.\d{6}$/);
    }
    const given = { 'x-call-id': 'mine-1', 'content-type': 'text/x-cat' };
    const { headers } = await send('/function/cat', { body: 'm', headers: given });
    assert.deepEqual([headers['x-call-id'], headers['content-type']], ['mine-1', 'text/x-cat']);
    const env = { service: 'env', image: 'alpine', envProcess: 'env', labels: null };
    assert.equal((await post(env)).status, 202);
    const { text } = await send('/function/env/a%20b/c?q=1&q=%20', {
      method: 'PUT',
      body: 'x',
      headers: { 'x-github-event': 'push' },
    });
    const port = new URL(server.door).port;
    for (const line of [
      'Http_Path=/a b/c',
      'Http_Query=q=1&q=%20',
      'Http_Method=PUT',
      'Http_X_Github_Event=push',
      `Http_X_Forwarded_Host=127.0.0.1:${port}`,
      'OPENFAAS_NAME=env',
      'OPENFAAS_NAMESPACE=openfaas-fn',
    ])
      assert.ok(text.split('\n').includes(line), `${line} in ${text}`);
    assert.match(text, /^Http_X_Forwarded_For=127\.0\.0\.1:\d+$/m);
    assert.match(text, /^Http_X_Call_Id=[0-9a-f-]{36}$/m);
    assert.match(text, /^Http_X_Start_Time=\d{19}$/m);
    assert.doesNotMatch(text, /NODE_|COMPILE/);
    assert.equal((await remove({ functionName: 'env', namespace: 'openfaas-fn' })).status, 202);
  });

  test('what is not there is 404, and what the platform answers says so', async () => {
    const unknown = await send('/function/nope', { body: 'x' });
    assert.equal(verdict(unknown), '404 no_route frontend');
    assert.equal(verdict(await send('/function/nope.openfaas-fn/x')), '404 no_route frontend');
    assert.equal(verdict(await send('/function/cat.elsewhere')), '404 no_route frontend');
    const async = await send('/async-function/nope', { body: 'x' });
    assert.equal(verdict(async), '404 no_route frontend');
    const trace = await send('/function/cat', { method: 'PROPFIND' });
    assert.equal(verdict(trace), '405 method_not_allowed contract');
    assert.equal(verdict(await send('/system/made-up')), '404 no_route frontend');
    assert.equal(
      verdict(await send('/system/info', { method: 'PUT' })),
      '405 method_not_allowed tron',
    );
  });

  test('what cannot be deployed is 400 and says why', async () => {
    const bad: [Json, RegExp][] = [
      [{ ...cat, service: '' }, /name ""/],
      [{ ...cat, service: 'a b' }, /name "a b"/],
      [{ ...cat, service: '../x' }, /name "\.\.\/x"/],
      [{ ...cat, service: 'pets.list' }, /what follows a dot/],
      [{ ...cat, service: 'x'.repeat(64) }, /1 to 63/],
      [{ ...cat, service: 7 }, /service is 7: it must be a text/],
      [{ ...cat, service: 'ok', image: '' }, /image is missing/],
      [{ ...cat, service: 'ok', namespace: 'A_b' }, /namespace "A_b"/],
      [
        { ...cat, service: 'ok', labels: { a: 1 } },
        /labels is {"a":1}: it must be an object of texts/,
      ],
      [{ ...cat, service: 'ok', labels: ['a'] }, /labels/],
      [{ ...cat, service: 'ok', secrets: 'a' }, /a list of texts/],
      [{ ...cat, service: 'ok', readOnlyRootFilesystem: 'yes' }, /true or false/],
      [{ ...cat, service: 'ok', limits: { memory: 'much' } }, /limits\.memory/],
      [{ ...cat, service: 'ok', envVars: { exec_timeout: 'soon' } }, /exec_timeout/],
      [{ ...cat, service: 'ok', envVars: { mode: 'afterburn' } }, /mode/],
      [
        { service: 'ok', image: 'nowhere/to-be-found:1' },
        /not in the catalogue.*envProcess.*--images/,
      ],
      [{ service: 'ok', image: 'bare' }, /names no program.*envProcess/],
      [{ service: 'ok', image: '../../etc' }, /not in the catalogue/],
    ];
    for (const [deployment, why] of bad) {
      const refused = problemOf(await post(deployment));
      assert.deepEqual([refused.status, refused.code], [400, 'function_invalid'], refused.detail);
      assert.match(refused.detail, why);
    }
    for (const body of ['', '{', '[]', 'null', '7']) {
      const refused = await send('/system/functions', { method: 'POST', body });
      assert.equal(verdict(refused), '400 function_invalid tron', body);
    }
    const env = await post({ ...cat, service: 'ok', envVars: { 'not-a-name': 'x' } });
    assert.equal(env.status, 400);
    const away = await post({ ...cat, service: 'ok', namespace: 'away' });
    assert.equal(verdict(away), '404 function_namespace_unknown tron');
    assert.equal(verdict(await remove({})), '400 function_invalid tron');
    assert.equal(verdict(await remove({ functionName: 'nope' })), '404 function_unknown tron');
    assert.deepEqual(await names(), ['cat']);
  });

  test('two deploys of one name at once: one wins, both are answered', async () => {
    const race = (n: number): Json => ({ ...cat, service: 'race', envProcess: `echo ${n}` });
    const answers = await Promise.all([1, 2, 3, 4].map((n) => post(race(n))));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    assert.deepEqual(statuses, [202, 409, 409, 409]);
    const winner = answers.findIndex(({ status }) => status === 202) + 1;
    assert.equal((await send('/function/race', { body: '' })).text, `${winner}\n`);
    const updates = await Promise.all([5, 6].map((n) => put(race(n))));
    assert.deepEqual(
      updates.map(({ status }) => status),
      [202, 202],
    );
    const { envProcess } = await read('/system/function/race');
    assert.equal((await send('/function/race')).text, `${String(envProcess).slice(5)}\n`);
    const bundles = JSON.parse((await ask(`${server.tron}/api/v1/bundles`)).text) as Json[];
    const mine = bundles.filter(({ basePath }) => basePath === '/function/race');
    assert.equal(mine.length, 3, 'those that lost left nothing');
    assert.equal((await remove({ functionName: 'race' })).status, 202);
    const left = JSON.parse((await ask(`${server.tron}/api/v1/bundles`)).text) as Json[];
    assert.deepEqual(
      left.filter(({ basePath }) => basePath === '/function/race'),
      [],
    );
  });

  test('an image is looked up in the catalogue, which is a store, too', async () => {
    const { version, functions } = await read('/store.json');
    assert.equal(version, '0.2.0');
    const images = { x86_64: 'openfaas/hello', arm64: 'openfaas/hello', armhf: 'openfaas/hello' };
    const listed = { name: 'hello', title: 'Hello', description: '', images };
    const more = { fprocess: './hello.sh', environment: { GREETING: 'hi' } };
    const [hello] = functions as Json[];
    assert.deepEqual(hello, { ...listed, ...more });
    assert.deepEqual(
      functions.map(({ name }: Json) => name),
      ['hello', 'server'],
    );
    const image = 'ghcr.io/openfaas/hello:0.1@sha256:00';
    const made = await post({ service: 'hello', image });
    assert.equal(made.status, 202, made.text);
    const said = await send('/function/hello/x', { body: 'you' });
    assert.equal(said.text, 'hi you /x\n');
    assert.equal((await read('/system/function/hello')).image, image);
    const envVars = { GREETING: 'servus' };
    assert.equal((await put({ service: 'hello', image: 'openfaas/hello', envVars })).status, 202);
    assert.equal((await send('/function/hello', { body: 'du' })).text, 'servus du /\n');
    const note = { service: 'note', image: 'bare:2', envProcess: 'cat note.txt' };
    assert.equal((await post(note)).status, 202);
    assert.equal((await send('/function/note')).text, 'of the image');
    for (const functionName of ['hello', 'note']) await remove({ functionName });
  });

  test('a server is a function, too: its statuses, streams and WebSockets', async () => {
    assert.equal((await post({ service: 'server', image: 'server' })).status, 202);
    const plain = await send('/function/server/a?b=c');
    assert.deepEqual([plain.status, plain.text, plain.headers.location], [418, '/a?b=c', '/x']);
    const events = await send('/function/server/events?n=2', {
      headers: { accept: 'text/event-stream' },
    });
    assert.deepEqual([events.status, events.text], [200, 'data: 1\n\ndata: 2\n\n']);
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const asked = request(`${server.door}/function/server/socket`, { headers }).end();
    const [answer, socket] = (await once(asked, 'upgrade')) as [IncomingMessage, Socket];
    assert.equal(answer.statusCode, 101);
    socket.write('there and back');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    assert.equal(String(echo), 'there and back');
    socket.destroy();
    await remove({ functionName: 'server' });
  });

  test('namespaces keep functions of one name apart', async () => {
    const about = { name: 'dev', annotations: { openfaas: '1' }, labels: { openfaas: '1' } };
    assert.equal((await send('/system/namespace/', { json: about })).status, 202);
    assert.equal(
      verdict(await send('/system/namespace/', { json: about })),
      '409 function_namespace_conflict tron',
    );
    assert.deepEqual(await read('/system/namespaces'), ['openfaas-fn', 'dev']);
    assert.deepEqual(await read('/system/namespace/dev'), about);
    const update = { ...about, labels: { a: 'b' } };
    const changed = await send('/system/namespace/dev', { method: 'PUT', json: update });
    assert.equal(changed.status, 202);
    assert.deepEqual(await read('/system/namespace/dev'), update);
    const dev = { ...cat, namespace: 'dev', envProcess: 'echo dev' };
    assert.equal((await post(dev)).status, 202);
    assert.equal((await send('/function/cat.dev')).text, 'dev\n');
    assert.equal((await send('/function/cat', { body: 'fn' })).text, 'fn');
    assert.deepEqual(await names('?namespace=dev'), ['cat']);
    assert.equal((await read('/system/function/cat?namespace=dev')).envProcess, 'echo dev');
    const drop = (): Promise<Answer> =>
      send('/system/namespace/dev', { method: 'DELETE', json: about });
    assert.equal(verdict(await drop()), '409 function_namespace_conflict tron');
    // As older clients say it.
    const gone = await send('/system/functions?namespace=dev', {
      method: 'DELETE',
      json: { functionName: 'cat' },
    });
    assert.equal(gone.status, 202);
    assert.equal((await drop()).status, 202);
    assert.equal(verdict(await drop()), '404 function_namespace_unknown tron');
    assert.equal(
      verdict(await send('/system/namespace/dev')),
      '404 function_namespace_unknown tron',
    );
    const own = await send('/system/namespace/openfaas-fn', { method: 'DELETE' });
    assert.equal(own.status, 409);
    assert.equal((await send('/function/cat', { body: 'fn' })).text, 'fn');
  });

  test('logs: lines of JSON, as they were and as they come', async () => {
    const said = {
      service: 'said',
      image: 'x',
      envProcess: 'sh -c cat>&2',
      envVars: { combine_output: 'false' },
    };
    assert.equal((await post(said)).status, 202);
    const lines = async (query: string): Promise<Json[]> => {
      const answer = await send(`/system/logs?${query}`);
      assert.deepEqual(
        [answer.status, answer.headers['content-type']],
        [200, 'application/x-ndjson'],
      );
      return answer.text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Json);
    };
    await send('/function/said', { body: 'first' });
    await until(async () =>
      (await lines('name=said&tail=-1')).some(({ text }) => text === 'first'),
    );
    const [line] = (await lines('name=said')).filter(({ text }) => text === 'first');
    const { instance, timestamp, ...rest } = line!;
    assert.deepEqual(rest, { name: 'said', namespace: 'openfaas-fn', text: 'first' });
    assert.match(String(instance), /^said-[0-9a-f]{8}$/);
    assert.deepEqual((await lines('name=said&tail=1')).length, 1);
    assert.deepEqual(await lines('name=said&tail=0'), []);
    assert.deepEqual(
      await lines(`name=said&since=${new Date(Date.now() + 60_000).toISOString()}`),
      [],
    );
    assert.ok((await lines(`name=said.openfaas-fn&since=${String(timestamp)}`)).length > 0);
    assert.deepEqual(await lines('name=said&instance=said-00000000'), []);
    const asked = request(`${server.door}/system/logs?follow=true&name=said&tail=0`).end();
    const [stream] = (await once(asked, 'response')) as [IncomingMessage];
    let heard = '';
    stream.on('data', (chunk) => (heard += String(chunk)));
    await send('/function/said', { body: 'second' });
    await until(() => heard.includes('"text":"second"'));
    assert.doesNotMatch(heard, /first/);
    asked.destroy();
    for (const bad of ['', 'name=said&tail=x', 'name=said&follow=maybe', 'name=said&since=then'])
      assert.equal(verdict(await send(`/system/logs?${bad}`)), '422 function_invalid tron', bad);
    assert.equal(verdict(await send('/system/logs?name=nope')), '404 function_unknown tron');
    await remove({ functionName: 'said' });
  });

  test('asynchronously: 202, a call id, a result; and cancelled by its id', async () => {
    const accepted = await send('/async-function/cat.openfaas-fn/p?q=1', { body: 'later' });
    assert.equal(accepted.status, 202);
    const id = String(accepted.headers['x-call-id']);
    assert.match(id, callId);
    const result = (): Promise<Answer> => send(`/system/calls/${id}/result`);
    await until(async () => (await result()).status === 200);
    assert.equal((await result()).text, 'later');
    assert.equal(verdict(await send('/async-function/cat')), '405 method_not_allowed contract');
    const slow = { service: 'slow', image: 'x', envProcess: 'sleep 60' };
    assert.equal((await post(slow)).status, 202);
    const waiting = await send('/async-function/slow', { body: '', method: 'POST' });
    const other = String(waiting.headers['x-call-id']);
    const ended = await send(`/async-function/${other}`, { method: 'DELETE' });
    assert.equal(ended.status, 202);
    await until(async () => (await read(`/system/calls/${other}`)).status === 'cancelled');
    await remove({ functionName: 'slow' });
  });

  test('login, ready, version: what those look at', async () => {
    assert.equal((await send('/healthz')).status, 200);
    assert.equal((await send('/healthz', { method: 'HEAD' })).status, 200);
    assert.ok((await read('/system/function/cat')).availableReplicas > 0);
    const { provider, version, arch } = await read('/system/info');
    assert.equal(provider.provider, 'funcatron');
    assert.match(version.release, /^\d+\.\d+\.\d+/);
    assert.ok(provider.version && arch);
    const page = { headers: { host: 'rebound.example' } };
    assert.equal(verdict(await send('/system/functions', page)), '403 forbidden tron');
    const proxied = { headers: { 'x-forwarded-for': '203.0.113.9' } };
    assert.equal(verdict(await send('/system/functions', proxied)), '403 forbidden tron');
    const foreign = { headers: { origin: 'https://evil.example' }, json: { ...cat, service: 'e' } };
    assert.equal(verdict(await send('/system/functions', foreign)), '403 forbidden tron');
  });

  test('the root: X-Function, Alexa by the allow-list, and the page', async () => {
    const named = { headers: { 'x-function': 'cat' }, body: 'by header' };
    assert.equal((await send('/', named)).text, 'by header');
    const unknown = { ...named, headers: { 'x-function': 'nope' } };
    assert.equal(verdict(await send('/', unknown)), '404 no_route frontend');
    const intent = (name: string, applicationId: string): Json => ({
      version: '1.0',
      session: { sessionId: 's-1', application: { applicationId } },
      request: { type: 'IntentRequest', intent: { name } },
    });
    const alexa = (name: string, id = 'app-1'): Promise<Answer> =>
      send('/', { json: intent(name, id) });
    assert.equal(verdict(await alexa('CatIntent')), '404 no_route frontend');
    assert.equal((await post({ ...cat, service: 'CatIntent' })).status, 202);
    assert.deepEqual(JSON.parse((await alexa('CatIntent')).text), intent('CatIntent', 'app-1'));
    assert.equal(verdict(await alexa('CatIntent', 'app-2')), '401 unauthorized frontend');
    assert.equal(verdict(await alexa('cat')), '404 no_route frontend');
    assert.equal(verdict(await alexa('cat', 'app-2')), '401 unauthorized frontend');
    for (const body of ['', 'x', '{}', JSON.stringify(intent('', 'app-1'))]) {
      const refused = problemOf(await send('/', { method: 'POST', body }));
      assert.equal(refused.status, 400);
      assert.equal(refused.detail, 'Provide an x-function header or a valid Alexa SDK request.');
    }
    await remove({ functionName: 'CatIntent' });
    const moved = await send('/');
    assert.deepEqual([moved.status, moved.headers.location], [307, '/ui/']);
    const page = await send('/ui/');
    assert.match(
      String(page.headers['content-security-policy']),
      /default-src 'none'; script-src 'self'/,
    );
    assert.doesNotMatch(page.text, /<script>|style=|onclick/);
    for (const file of ['page.js', 'page.css'])
      assert.equal((await send(`/ui/${file}`)).status, 200);
    assert.equal((await send('/ui/none.js')).status, 404);
  });

  test('operations of bundles are functions, too', async () => {
    const code = `
      export const hello = (_, { params }) => ({ hello: params.path.name });
      export const add = ({ a, b }) => ({ sum: a + b });`;
    const operations = {
      'GET /hello/{name}': {
        operationId: 'hello',
        parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
      },
      'POST /add': 'add',
    };
    const { sha } = await deploy(server, nodeBundle('calc', code, { operations }));
    assert.deepEqual(await names(), ['calc.add', 'calc.hello', 'cat']);
    const { image, annotations } = await read('/system/function/calc.hello.openfaas-fn');
    assert.equal(image, 'calc:1.0.0');
    assert.deepEqual(annotations, { 'funcatron.operation': 'GET /calc/hello/{name}' });
    const added = await send('/function/calc.add', { json: { a: 1, b: 2 } });
    assert.deepEqual([added.status, added.text], [200, '{"sum":3}']);
    assert.match(String(added.headers['x-call-id']), callId);
    const greeted = await send('/function/calc.hello.openfaas-fn?name=Ada');
    assert.deepEqual(JSON.parse(greeted.text), { hello: 'Ada' });
    assert.equal((await send('/async-function/calc.add', { json: { a: 1, b: 2 } })).status, 202);
    assert.equal(verdict(await send('/function/calc.none')), '404 no_route frontend');
    const removed = problemOf(await remove({ functionName: 'calc.add' }));
    assert.deepEqual([removed.status, removed.code], [400, 'function_invalid']);
    assert.match(removed.detail, /bundle "calc"; disable that/);
    const disabled = await ask(`${server.tron}/api/v1/disable`, { method: 'POST', json: { sha } });
    assert.equal(disabled.status, 200, disabled.text);
  });

  test("a bundle of one's own keeps its paths, and its place", async () => {
    const code = `
      export const main = (_, { path }) => ({ path });
      export const page = main;`;
    const over = { basePath: '/function/kept' };
    await deploy(server, nodeBundle('kept', code, over));
    assert.equal((await send('/function/kept')).text, '{"path":"/function/kept"}');
    const refused = problemOf(await post({ ...cat, service: 'kept' }));
    assert.deepEqual([refused.status, refused.code], [409, 'function_exists']);
    assert.match(refused.detail, /bundle "kept" is enabled at \/function\/kept/);
    const root = {
      basePath: '/',
      operations: { 'GET /function/mine': 'main', 'GET /ui/': 'page' },
    };
    await deploy(server, nodeBundle('root', code, root));
    assert.equal((await send('/function/mine')).text, '{"path":"/function/mine"}');
    assert.equal((await send('/ui/')).text, '{"path":"/ui/"}');
    assert.equal((await send('/function/cat', { body: 'still' })).text, 'still');
  });
});

test('who follows logs and leaves is let go of, and a server that ends does not wait', async (t) => {
  const stage = new Stage();
  t.after(() => stage.close());
  const server = await stage.serve();
  const json = { service: 'quiet', image: 'x', envProcess: 'cat' };
  assert.equal((await ask(`${server.door}/system/functions`, { json })).status, 202);
  const url = `${server.door}/system/logs?name=quiet&follow=true`;
  const follow = async (): Promise<[ClientRequest, IncomingMessage]> => {
    const asked = request(url, { agent: false }).end();
    asked.on('error', () => undefined);
    const [stream] = (await once(asked, 'response')) as [IncomingMessage];
    stream.on('error', () => undefined);
    return [asked, stream.resume()];
  };
  // More than may follow at a time.
  for (let turn = 0; turn < 130; turn++) (await follow())[0].destroy();
  const all: [ClientRequest, IncomingMessage][] = [];
  await until(async () => {
    const [asked, stream] = await follow();
    if (stream.statusCode === 200) all.push([asked, stream]);
    return all.length === 3;
  });
  const ends = all.map(([, stream]) => once(stream, 'end'));
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  await Promise.all(ends);
});

test('with a user and password, or a token, /system/ asks for either', async (t) => {
  const stage = new Stage();
  t.after(() => stage.close());
  const secrets = join(stage.dir, 'secrets');
  mkdirSync(secrets);
  writeFileSync(join(secrets, 'basic-auth-user'), 'admin\n');
  const started = await stage.run('serve', '--port', '0', '--basic-auth', secrets);
  assert.match(started.err, /option_invalid: --basic-auth .*basic-auth-password/);
  writeFileSync(join(secrets, 'basic-auth-password'), 's3cret:with colon\n');
  const token = (
    await stage.run('token', 'create', 'ci', '--data', join(stage.dir, 'd'))
  ).out.trim();
  const server = await stage.serve({ flags: ['--basic-auth', secrets] });
  const system = (authorization?: string): Promise<Answer> =>
    ask(`${server.door}/system/functions`, authorization ? { headers: { authorization } } : {});
  const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
  assert.equal((await system(basic('admin:s3cret:with colon'))).status, 200);
  const text = token.split(/\s+/).find((word) => word.startsWith('ft_'))!;
  assert.equal((await system(basic(`anybody:${text}`))).status, 200);
  assert.equal((await system(`Bearer ${text}`)).status, 200);
  for (const bad of [
    undefined,
    basic('admin:no'),
    basic(`admin`),
    'Bearer x',
    'Basic',
    basic('admin:'),
  ]) {
    const refused = await system(bad);
    assert.deepEqual([refused.status, refused.text], [401, 'invalid credentials']);
    assert.equal(refused.headers['www-authenticate'], 'Basic realm="Restricted"');
  }
  assert.equal((await ask(`${server.door}/ui/`)).status, 401);
  assert.equal((await ask(`${server.door}/store.json`)).status, 200);
  assert.equal((await ask(`${server.door}/healthz`)).status, 200);
  assert.equal((await ask(`${server.door}/function/nope`)).status, 404);
});

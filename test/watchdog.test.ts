/** Functions that are programs, through the whole platform: frontend, queue, runner, watchdog. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ExamplePlace } from './example/place.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const limits = { timeout: 60_000 };

let place: ExamplePlace;
before(async () => {
  place = await ExamplePlace.open();
});
after(() => place.close());

/** Deploys a bundle of a contract alone, and of files beside it. */
async function deploy(
  name: string,
  env: Record<string, string>,
  files: string[] = [],
  direct = false,
): Promise<void> {
  const dir = join(place.dir, name);
  await mkdir(dir);
  const responses = { '200': { description: 'What it says' } };
  const contract = {
    openapi: '3.1.0',
    info: { title: name, version: '1' },
    servers: [{ url: `/function/${name}` }],
    'x-funcatron': { runtime: 'watchdog', fallback: 'call', env },
    paths: { '/': { post: { operationId: 'call', responses, 'x-funcatron': { direct } } } },
  };
  await writeFile(join(dir, 'funcatron.json'), JSON.stringify(contract));
  for (const file of files) await copyFile(join(root, file), join(dir, file.split('/').at(-1)!));
  await place.must('deploy', dir);
}

test('a program is a function named by its URL, whatever is asked for', limits, async () => {
  process.env['FUNCATRON_TEST_SECRET'] = 'leak';
  await deploy('env', { fprocess: 'env', OWN: 'yes' });
  const headers = { 'x-github-event': 'push' };
  const {
    status,
    text,
    headers: got,
  } = await place.ask('PUT', '/function/env/a/b?c=d', { headers });
  assert.equal(status, 200);
  assert.match(String(got['x-duration-seconds']), /^\d+\.\d{6}$/);
  const lines = text.split('\n');
  for (const line of ['Http_Method=PUT', 'Http_Path=/a/b', 'Http_Query=c=d', 'OWN=yes'])
    assert.ok(lines.includes(line), line);
  assert.ok(lines.includes('Http_X_Github_Event=push'));
  assert.ok(!text.includes('leak') && !text.includes('NODE_'), text);
  assert.ok((await place.get('/function/env')).text.includes('Http_Path=/\n'));
  assert.equal((await place.ask('OPTIONS', '/function/env')).status, 405);
  assert.equal((await place.ask('HEAD', '/function/env/x')).status, 405);
  delete process.env['FUNCATRON_TEST_SECRET'];
});

test('what a program is to its caller: statuses and texts of OpenFaaS', limits, async () => {
  await deploy('missing', { fprocess: 'no-such-program' });
  const missing = await place.post('/function/missing', 'x');
  assert.equal(missing.status, 500);
  assert.equal(missing.text, 'exec: "no-such-program": executable file not found in $PATH\n');
  await deploy('late', { fprocess: 'sleep 20', exec_timeout: '100ms' });
  const late = await place.post('/function/late', 'x');
  assert.deepEqual([late.status, late.text], [408, 'Killed process.\n']);
  await deploy('false', { fprocess: 'false' });
  assert.equal((await place.post('/function/false', '')).text, 'exit status 1\n');
});

test('large bodies pass both ways', limits, async () => {
  await deploy('cat', { fprocess: 'cat' });
  const body = Buffer.alloc(5_000_000, 'large ');
  const { status, bytes } = await place.ask('POST', '/function/cat', { body });
  assert.equal(status, 200);
  assert.ok(bytes.equals(body));
});

test('a bad variable is why a bundle cannot be enabled', limits, async () => {
  await assert.rejects(deploy('bad', { fprocess: 'cat', exec_timeout: 'soon' }), {
    message: /the variable exec_timeout is \\?"soon\\?"/,
  });
});

test('mode http: events, lines and WebSockets', limits, async () => {
  const server = 'src/runtime/watchdog/fixture/server.mjs';
  await deploy('web', { fprocess: 'node server.mjs', mode: 'http' }, [server], true);
  const events = await place.get('/function/web/events');
  assert.equal(events.text, 'data: 0\n\ndata: 1\n\ndata: 2\n\n');
  const lines = await fetch(place.url('/function/web/lines'));
  assert.equal(await lines.text(), '{"n":0}\n{"n":1}\n{"n":2}\n');
  const { json } = await place.ask('PATCH', '/function/web/x?y=1', { body: 'z' });
  assert.deepEqual([json.method, json.url], ['PATCH', '/x?y=1']);
  const { hostname, port } = new URL(place.url('/'));
  const socket = connect(Number(port), hostname);
  const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13';
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\n${key}`;
  socket.write(`GET /function/web/socket HTTP/1.1\r\nHost: ${hostname}\r\n${upgrade}\r\n\r\n`);
  let got = '';
  socket.on('data', (chunk) => (got += String(chunk)));
  while (!got.includes('\r\n\r\n')) await once(socket, 'data');
  assert.match(got, /^HTTP\/1\.1 101 /);
  socket.write('raw');
  while (!got.endsWith('raw')) await once(socket, 'data');
  socket.destroy();
});

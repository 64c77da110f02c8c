/** What the control plane and the command line refuse: names nobody knows, doors that are taken. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deploy, enable, makeBundle, nodeBundle, upload } from './fixture/bundle.ts';
import type { Bundle } from './fixture/bundle.ts';
import { ask, talk } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const stage = new Stage();
let server: Server;
let bundle: Bundle;

before(async () => {
  server = await stage.serve();
  bundle = await deploy(server, nodeBundle('b', 'export const main = () => 1;'));
});
after(() => stage.close());

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/** Every way to ask the Tron for a bundle. */
function waysToAsk(sha: string): Promise<Answer[]> {
  const { tron } = server;
  const inPath = encodeURIComponent(sha);
  return Promise.all([
    ask(`${tron}/api/v1/enable`, { json: { sha } }),
    ask(`${tron}/api/v1/disable`, { json: { sha } }),
    ask(`${tron}/api/v1/bundle/${inPath}`),
    ask(`${tron}/api/v1/bundles/${inPath}`),
    ask(`${tron}/api/v1/bundles/${inPath}`, { method: 'DELETE' }),
  ]);
}

test('a SHA nobody uploaded is a 404 in all its forms', async () => {
  const unknown = 'f'.repeat(64);
  const url = base64(unknown).replaceAll('/', '_').replaceAll('+', '-');
  const prefix = bundle.sha.slice(0, 7);
  const forms = [unknown, unknown.toUpperCase(), base64(unknown), url, unknown.slice(0, 12)];
  for (const form of [
    ...forms,
    prefix,
    'nonsense',
    `${bundle.sha}0`,
    '../../funcatron.db',
    '%00',
  ]) {
    const answers = await waysToAsk(form);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 404, 404, 404],
      form,
    );
  }
  const { code, err } = await stage.run('enable', unknown, '--tron', server.tron);
  assert.equal(code, 1);
  assert.match(err, new RegExp(`bundle_unknown.*${unknown}`));
});

test('a SHA is known in all its forms', async () => {
  const url = base64(bundle.sha).replaceAll('/', '_').replaceAll('+', '-').replace('=', '');
  for (const form of [
    bundle.sha,
    bundle.sha.toUpperCase(),
    base64(bundle.sha),
    url,
    bundle.sha.slice(0, 8),
  ]) {
    const answer = await enable(server, { sha: form });
    assert.equal(answer.status, 200, form);
    const described = await ask(`${server.tron}/api/v1/bundles/${encodeURIComponent(form)}`);
    assert.equal(described.status, 200, form);
  }
});

test('what the Tron is sent that is no request is refused, and changes nothing', async () => {
  const { tron } = server;
  const before = (await ask(`${tron}/api/v1/routes`)).text;
  const type = { 'content-type': 'application/json' };
  for (const action of ['enable', 'disable', 'rollback', 'stats', 'tokens'])
    for (const body of [
      '{',
      '[]',
      '7',
      'null',
      '{}',
      '{"sha":7}',
      `{"sha":"${bundle.sha}","props":7}`,
      '{"basePath":7}',
    ]) {
      const answer = await ask(`${tron}/api/v1/${action}`, { method: 'POST', headers: type, body });
      assert.ok(
        (answer.status >= 400 && answer.status < 500) || action === 'disable',
        `${action} ${body}: ${answer.status}`,
      );
    }
  const places = [{ basePath: '/../x' }, { host: 'a/b' }, { basePath: '/a b' }];
  for (const place of places) {
    const answer = await enable(server, { sha: bundle.sha, ...place });
    assert.equal(answer.status, 400, JSON.stringify(place));
  }
  await enable(server, { sha: bundle.sha });
  assert.equal((await ask(`${tron}/api/v1/routes`)).text, before);
});

test('no path of the Tron leads to a file that is not its own', async () => {
  const tricks = [
    ...[
      '/docs/../../package.json',
      '/docs/%2e%2e/%2e%2e/package.json',
      '/docs/..%2f..%2fpackage.json',
    ],
    ...['/docs/%00', '/docs/index.html/../..', '/api/v1/bundle/..%2ffuncatron.db', '/%'],
  ];
  const { host } = new URL(server.tron);
  for (const path of tricks) {
    const sent = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
    assert.match(await talk(server.tron, sent), /^HTTP\/1\.1 40[04] /, path);
  }
});

test('from the first token on, whoever has none is refused everywhere', async () => {
  const guarded = await stage.serve({ data: 'guarded' });
  const { tron } = guarded;
  const made = await stage.run('token', 'create', 'ci', '--data', guarded.data);
  const token = made.out.trim();
  const { bytes } = await makeBundle(nodeBundle('b', 'export const main = () => 1;'));
  const paths = [
    'known_funcs',
    'routes',
    'stats',
    'bundles',
    'nodes',
    'tokens',
    'logs',
    'openapi.json',
  ];
  const wrong = [undefined, 'wrong', `${token}x`, token.slice(1), token.toUpperCase(), ''];
  for (const given of wrong) {
    const headers: Record<string, string> =
      given === undefined ? {} : { authorization: `Bearer ${given}` };
    const answers = await Promise.all([
      ...paths.map((path) => ask(`${tron}/api/v1/${path}`, { headers })),
      ask(`${tron}/metrics`, { headers }),
      ask(`${tron}/api/v1/add_func`, { method: 'POST', body: bytes, headers }),
      ask(`${tron}/api/v1/enable`, { json: { sha: bundle.sha }, headers }),
    ]);
    for (const answer of answers) {
      assert.equal(answer.status, 401, answer.text);
      assert.equal(JSON.parse(answer.text).code, 'token_invalid');
    }
  }
  const headers = { authorization: `Bearer ${token}` };
  const kept = await ask(`${tron}/api/v1/add_func`, { method: 'POST', body: bytes, headers });
  assert.equal(kept.status, 200, kept.text);
  const list = await stage.run('list', '--tron', tron, '--token', 'wrong');
  assert.deepEqual([list.code, list.out], [1, '']);
  assert.match(list.err, /funcatron token create/);
  await stage.run('token', 'revoke', 'ci', '--data', guarded.data);
  assert.doesNotMatch(guarded.output, new RegExp(token));
});

test('a port in use, of either door, is said, and ends with exit code 1', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const port = String((taken.address() as AddressInfo).port);
  for (const flags of [
    ['--port', port, '--tron-port', '0'],
    ['--port', '0', '--tron-port', port],
  ]) {
    const data = ['--host', '127.0.0.1', '--data', join(stage.dir, 'ports')];
    const { code, err } = await stage.run('serve', ...flags, ...data);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`${port} is in use.*--(tron-)?port`));
  }
  taken.close();
});

test('a start that fails ends, whatever it was talking to', async (t) => {
  // It takes connections, and says nothing.
  const sockets: Socket[] = [];
  const silent = createTcpServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  t.after(() => {
    silent.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const flags = ['--data', join(stage.dir, 'alone'), '--runner-port', '0'];
  const broker = ['--broker', `nats://127.0.0.1:${port}`];
  const { code, err } = await stage.run('runner', ...flags, ...broker);
  assert.equal(code, 1);
  assert.match(err, /broker_unavailable/);
});

test('a data folder in use is said, and harms neither server', async () => {
  const flags = ['--host', '127.0.0.1', '--port', '0', '--tron-port', '0'];
  const { code, err } = await stage.run('serve', ...flags, '--data', server.data);
  assert.ok(code === 1 || code === 2, err);
  assert.match(err, /in use/);
  assert.equal((await ask(`${server.door}/b`)).text, '1');
});

test('a bundle that is enabled is not deleted, and one that is not leaves nothing', async () => {
  const { tron } = server;
  const kept = await ask(`${tron}/api/v1/bundles/${bundle.sha}`, { method: 'DELETE' });
  assert.equal(kept.status, 409);
  const spare = await makeBundle(nodeBundle('spare', 'export const main = () => 2;'));
  await upload(server, spare.bytes);
  const gone = await ask(`${tron}/api/v1/bundles/${spare.sha}`, { method: 'DELETE' });
  assert.equal(gone.status, 204);
  assert.equal((await enable(server, { sha: spare.sha })).status, 404);
});

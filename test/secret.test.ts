/** Secrets in props go to the Func, and nowhere else: no answer, no log line, no file of others. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { enable, makeBundle, nodeBundle, upload } from './fixture/bundle.ts';
import type { Bundle } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const canary = (): string => `canary${randomBytes(8).toString('hex')}`;
const secrets = {
  password: canary(),
  listed: canary(),
  apiKey: canary(),
  user: canary(),
  signing: `${canary()}${canary()}`,
  number: 987_654_321_012,
};
const props = {
  table: 'orders',
  db: { type: 'store', password: secrets.password, pin: secrets.number },
  list: [secrets.listed],
  security: {
    key: { keys: { ci: secrets.apiKey } },
    basic: { users: { alice: secrets.user } },
    jwt: { secret: secrets.signing },
  },
};
const code = `
export const services = {
  store: { open: (name, props) => { if (props.password.startsWith('wrong')) throw new Error('no entry for ' + props.password); return { size: props.password.length }; } },
};
export const main = (_, { props, services }) => [props.db.password.length, props.list.length, services.db.size];
export const open = main;
export const tells = (_, { props, log }) => {
  console.log('password', props.db.password);
  log.warn('table orders', { nested: [props.db] });
  throw new Error('orders: no entry for ' + props.db.password);
};
export const fails = () => { throw new Error('of the Func'); };
export const dies = () => process.exit(9);
`;
const schemes = {
  key: { type: 'apiKey', in: 'header', name: 'x-key' },
  basic: { type: 'http', scheme: 'basic' },
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
};
const bundleSpec = nodeBundle('b', code, {
  operations: {
    'GET /': { operationId: 'main', security: [{ key: [] }, { basic: [] }, { jwt: [] }] },
    'GET /open': 'open',
    'GET /fails': 'fails',
    'GET /tells': 'tells',
    'GET /dies': 'dies',
  },
  document: { components: { securitySchemes: schemes } },
});

const stage = new Stage();
let server: Server;
let bundle: Bundle;
const answers: string[] = [];

/** Asks, and keeps the whole answer for the search at the end. */
async function note(url: string, request: Parameters<typeof ask>[1] = {}) {
  const answer = await ask(url, request);
  answers.push(`${url} ${JSON.stringify(answer.headers)} ${answer.text}`);
  return answer;
}

before(async () => {
  server = await stage.serve({ flags: ['--log-level', 'trace', '--access-log'] });
  bundle = await makeBundle(bundleSpec);
  await upload(server, bundle.bytes);
});
after(() => stage.close());

function assertSilent(where: string, text: string): void {
  for (const [name, secret] of Object.entries(secrets)) {
    const at = text.indexOf(String(secret));
    assert.equal(at, -1, `${name} in ${where}: ${text.slice(Math.max(0, at - 200), at + 100)}`);
  }
}

test('a Func has its secrets, and callers get in with theirs', async () => {
  const enabled = await enable(server, { sha: bundle.sha, props });
  answers.push(enabled.text);
  assert.equal(enabled.status, 200, enabled.text);
  assert.equal((await note(`${server.door}/b/open`)).text, '[22,1,22]');
  const basic = Buffer.from(`alice:${secrets.user}`).toString('base64');
  const good: Record<string, string>[] = [
    { 'x-key': secrets.apiKey },
    { authorization: `Basic ${basic}` },
  ];
  for (const headers of good)
    assert.equal((await note(`${server.door}/b`, { headers })).status, 200);
  const bad = [{}, { 'x-key': 'nope' }, { authorization: 'Bearer x.y.z' }];
  for (const headers of bad)
    assert.equal(
      (await note(`${server.door}/b`, { headers: headers as Record<string, string> })).status,
      401,
    );
});

test('no answer of either door shows them', async () => {
  for (const path of ['fails', 'dies', 'nowhere']) await note(`${server.door}/b/${path}`);
  for (const path of ['/__routes', '/healthz', '/']) await note(server.door + path);
  const api = [
    'known_funcs',
    'routes',
    'stats',
    'bundles',
    'nodes',
    'tokens',
    'logs',
    'openapi.json',
    `bundles/${bundle.sha}`,
  ];
  for (const path of api) {
    const { status } = await note(`${server.tron}/api/v1/${path}`);
    assert.equal(status, 200, path);
  }
  for (const path of ['/metrics', '/healthz', '/docs/']) await note(server.tron + path);
  const other = { ...props, db: { ...props.db, more: 1 } };
  const place = { basePath: '/b' };
  await note(`${server.tron}/api/v1/enable`, { json: { sha: bundle.sha, props: other } });
  const rolled = await note(`${server.tron}/api/v1/rollback`, { json: place });
  assert.equal(rolled.status, 200, rolled.text);
  for (const text of answers) assertSilent('an answer', text);
});

test('a Func that says one is understood, but not quoted', async () => {
  const { text } = await note(`${server.door}/b/tells`, { headers: { 'x-request-id': 'telling' } });
  assert.match(text, /orders: no entry for \*\*\*/);
  const line = await server.line(({ msg }) => msg === 'table orders');
  assert.deepEqual(line.nested, [{ type: 'store', password: '***', pin: '***' }]);
  const logs = `${server.tron}/api/v1/logs?requestId=telling`;
  await until(async () => /password \*\*\*/.test((await note(logs)).text));
});

test('no command shows them', async () => {
  const tron = ['--tron', server.tron];
  for (const command of [
    ['routes'],
    ['list'],
    ['describe', bundle.sha],
    ['logs'],
    ['rollback', '/b'],
    ['disable', bundle.sha],
  ])
    for (const json of [[], ['--json']]) {
      const { out, err } = await stage.run(...command, ...tron, ...json);
      assertSilent(command.join(' '), out + err);
    }
});

test('no refusal shows them', async () => {
  const unfit: Record<string, unknown>[] = [
    { ...props, security: { key: { keys: { ci: 7, other: secrets.apiKey } } } },
    { ...props, security: { key: secrets.apiKey } },
    { ...props, security: { jwt: { secret: secrets.signing, algorithms: [secrets.signing] } } },
    { ...props, security: { unknown: { keys: [secrets.apiKey] } } },
    { ...props, db: { ...props.db, password: `wrong${secrets.password}` } },
    { ...props, db: { ...props.db, type: 'nobody' } },
  ];
  for (const given of unfit) {
    const { text } = await note(`${server.tron}/api/v1/enable`, {
      json: { sha: bundle.sha, props: given },
    });
    assertSilent(JSON.stringify(given), text);
  }
  const malformed = `{"sha":"${bundle.sha}","props":{"a":"${secrets.password}"`;
  const headers = { 'content-type': 'application/json' };
  assertSilent(
    'half a request',
    (await note(`${server.tron}/api/v1/enable`, { method: 'POST', headers, body: malformed })).text,
  );
});

test('no line of the log shows them, at any level', async () => {
  await server.stop();
  assert.ok(server.lines.some(({ level }) => level === 'debug'));
  for (const { msg, ...fields } of server.lines)
    assertSilent('the log', `${msg} ${JSON.stringify(fields)}`);
});

test('what is on disk is for the server alone', () => {
  for (const name of ['.', 'funcatron.db']) {
    const { mode } = statSync(join(server.data, name));
    assert.equal(mode & 0o077, 0, name);
  }
});

/** Secrets of functions on a real server: made, seen, changed and refused; told to functions alone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, verdict } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import type { TestServer } from './server/server.ts';
import { startTestServer, whyNoServer } from './server/start.ts';

const place = '/var/openfaas/secrets';
/** Whether this machine lets a mount namespace be made. */
const mounts = spawnSync('unshare', ['-m', 'true']).status === 0 && process.getuid?.() === 0;
/** Every byte there is: what trims or decodes on its way shows. */
const exact = Buffer.from([...Array(256).keys(), 10, 32, 10]);
const value = 'opensesame-1001';

describe('secrets of functions', () => {
  const stage = new Stage();
  let server: Server;

  const secret = (method: string, json: unknown): Promise<Answer> =>
    ask(`${server.door}/system/secrets`, { method, json });
  const deploy = (json: object): Promise<Answer> =>
    ask(`${server.door}/system/functions`, { json: { image: 'none', ...json } });
  const call = async (name: string, body = ''): Promise<string> =>
    (await ask(`${server.door}/function/${name}`, { body })).text;

  before(async () => (server = await stage.serve()));
  after(() => stage.close());

  test('are made, listed without their values, changed and removed as clients do it', async () => {
    assert.equal((await secret('POST', { name: 'one', value })).status, 202);
    assert.equal(verdict(await secret('POST', { name: 'one', value })), '409 secret_exists tron');
    const listed = await ask(`${server.door}/system/secrets?namespace=openfaas-fn`);
    assert.deepEqual(JSON.parse(listed.text), [{ name: 'one', namespace: 'openfaas-fn' }]);
    assert.equal((await secret('PUT', { name: 'one', value: 'another' })).status, 202);
    assert.equal(verdict(await secret('PUT', { name: 'two', value })), '404 secret_unknown tron');
    const removed = await secret('DELETE', { name: 'one', namespace: 'openfaas-fn' });
    assert.equal(removed.status, 202);
    assert.equal(verdict(await secret('DELETE', { name: 'one' })), '404 secret_unknown tron');
  });

  test('what cannot be one is refused, and not quoted', async () => {
    for (const name of ['..', 'a/b', '', 'x'.repeat(254), 'a b'])
      assert.equal(verdict(await secret('POST', { name, value })), '400 secret_invalid tron', name);
    assert.equal(
      verdict(await secret('POST', { name: 'e', value: '' })),
      '400 secret_invalid tron',
    );
    const bad = await secret('POST', { name: 'e', rawValue: `${value}!` });
    assert.equal(verdict(bad), '400 secret_invalid tron');
    assert.ok(!bad.text.includes(value));
    const body = `{"name":"e","value":"${value}`;
    const broken = await ask(`${server.door}/system/secrets`, { method: 'POST', body });
    assert.equal(verdict(broken), '400 secret_invalid tron');
    assert.ok(!broken.text.includes(value));
    const elsewhere = await secret('POST', { name: 'e', namespace: 'nowhere', value });
    assert.equal(verdict(elsewhere), '404 function_namespace_unknown tron');
  });

  test('a function sees them as files, exact, and has new values without a deploy', async () => {
    const rawValue = exact.toString('base64');
    assert.equal((await secret('POST', { name: 'raw', value: 'x', rawValue })).status, 202);
    // A shell is told by each request what to do.
    const placed = await deploy({ service: 'sum', envProcess: 'sh', secrets: ['raw'] });
    assert.equal(placed.status, 202, placed.text);
    const read = 'base64 -w0 $FUNCATRON_SECRETS/raw';
    assert.equal(await call('sum', read), rawValue);
    assert.equal(await call('sum', 'stat -c %a $FUNCATRON_SECRETS/raw'), '400\n');
    assert.equal(await call('sum', 'ls -A $FUNCATRON_SECRETS'), 'raw\n');
    await secret('PUT', { name: 'raw', value: 'new' });
    await until(async () => (await call('sum', 'cat $FUNCATRON_SECRETS/raw')) === 'new');
  });

  test('where a mount namespace may be made, they are where OpenFaaS has them', async (t) => {
    if (!mounts) return t.skip('no mount namespace here');
    assert.equal(await call('sum', `cat ${place}/raw`), 'new');
    await secret('PUT', { name: 'raw', value: 'newer' });
    await until(async () => (await call('sum', `cat ${place}/raw`)) === 'newer');
    assert.deepEqual(readdirSync(place), [], 'in the function alone');
    await deploy({ service: 'other', envProcess: 'sh' });
    assert.equal(await call('other', `ls -A ${place}`), '');
  });

  test('a function sees those of its own namespace', async () => {
    const made = await ask(`${server.door}/system/namespace/`, { json: { name: 'dev' } });
    assert.equal(made.status, 202, made.text);
    await secret('POST', { name: 'raw', namespace: 'dev', value: 'of dev' });
    const placed = { service: 'near', namespace: 'dev', envProcess: 'sh', secrets: ['raw'] };
    assert.equal((await deploy(placed)).status, 202);
    assert.equal(await call('near.dev', 'cat $FUNCATRON_SECRETS/raw'), 'of dev');
  });

  test('files go with the function', async () => {
    const dir = await call('near.dev', 'printf %s "$FUNCATRON_SECRETS"');
    assert.ok(existsSync(join(dir, 'raw')));
    const json = { functionName: 'near', namespace: 'dev' };
    await ask(`${server.door}/system/functions`, { method: 'DELETE', json });
    await until(() => !existsSync(dir));
  });

  test('one that does not exist is refused when a function is deployed', async () => {
    const refused = await deploy({ service: 'lacks', envProcess: 'cat', secrets: ['nowhere'] });
    assert.equal(verdict(refused), '400 secret_missing tron');
    assert.match(refused.text, /nowhere/);
    assert.equal(verdict(await ask(`${server.door}/function/lacks`)), '404 no_route frontend');
  });

  test('a bundle names them, too; what it prints of them is blotted out', async () => {
    const dir = join(stage.dir, 'teller');
    mkdirSync(dir);
    const contract = {
      openapi: '3.1.0',
      info: { title: 'Teller', version: '1' },
      servers: [{ url: '/teller' }],
      'x-funcatron': { handler: 'handler.mjs', secrets: ['word'] },
      paths: { '/': { get: { operationId: 'tell', responses: { 200: { description: 'it' } } } } },
    };
    writeFileSync(join(dir, 'funcatron.json'), JSON.stringify(contract));
    const code = `
      import { readFileSync } from 'node:fs';
      export const tell = (_, { log }) => {
        const word = readFileSync(process.env.FUNCATRON_SECRETS + '/word', 'utf8');
        log.info('the word is ' + word);
        return word;
      };`;
    writeFileSync(join(dir, 'handler.mjs'), code);
    const deployBundle = () => stage.run('deploy', dir, '--tron', server.tron);
    const refused = await deployBundle();
    assert.match(refused.err, /no secret "word"/);
    assert.equal((await secret('POST', { name: 'word', value })).status, 202);
    const placed = await deployBundle();
    assert.equal(placed.code, 0, placed.err);
    assert.equal((await ask(`${server.door}/teller`)).text, JSON.stringify(value));
    await until(() => server.output.includes('the word is'));
    assert.ok(!server.output.includes(value));
  });

  test('they are encrypted in the data folder, and of nobody without the fetch key', async () => {
    for (const file of readdirSync(server.data).filter((name) => name.startsWith('funcatron.db')))
      assert.ok(!readFileSync(join(server.data, file)).includes(value), file);
    assert.equal(statSync(join(server.data, 'secrets.key')).mode & 0o777, 0o600);
    const path = '/api/v1/secret?name=openfaas-fn/word';
    assert.equal((await ask(server.tron + path)).status, 404);
    const headers = { 'x-funcatron-fetch-key': 'guess' };
    assert.equal(verdict0(await ask(server.tron + path, { headers })), '401 token_invalid');
  });

  test('they are there after a restart', async () => {
    await stage.stopAll();
    server = await stage.serve();
    assert.equal((await ask(`${server.door}/teller`)).text, JSON.stringify(value));
  });
});

const scheme = 'nats';

describe(`secrets over ${scheme}`, { skip: whyNoServer(scheme) }, () => {
  const stage = new Stage();
  let broker: TestServer;
  let door: string;

  before(async () => {
    broker = await startTestServer(scheme);
    const flags = ['--broker', broker.url, '--direct-host', '127.0.0.1'];
    const tron = await stage.role('tron', flags);
    const [frontend] = await Promise.all([
      stage.role('frontend', flags, 'f1'),
      stage.role('runner', flags, 'r1'),
    ]);
    ({ door } = frontend!);
    await until(async () => {
      const { text } = await ask(`${tron.tron}/api/v1/nodes`);
      return (JSON.parse(text) as unknown[]).length === 3;
    });
  });
  after(async () => {
    await stage.close();
    await broker?.stop();
  });

  test('a runner of its own fetches them, and hears of new ones', async () => {
    const secret = { name: 'far', value: 'away' };
    assert.equal((await ask(`${door}/system/secrets`, { json: secret })).status, 202);
    const json = { service: 'far', image: 'none', envProcess: 'sh', secrets: ['far'] };
    const placed = await ask(`${door}/system/functions`, { json });
    assert.equal(placed.status, 202, placed.text);
    const read = async () => {
      const body = 'cat $FUNCATRON_SECRETS/far';
      return (await ask(`${door}/function/far`, { body })).text;
    };
    assert.equal(await read(), 'away');
    const changed = { method: 'PUT', json: { name: 'far', value: 'here' } };
    assert.equal((await ask(`${door}/system/secrets`, changed)).status, 202);
    await until(async () => (await read()) === 'here');
  });
});

/** The Tron's problems have no request id. */
function verdict0({ status, text }: Answer): string {
  return `${status} ${(JSON.parse(text) as { code: string }).code}`;
}

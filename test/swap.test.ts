/** Another version in place of the one that is called: nobody is refused, nobody goes back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deploy, enable, makeBundle, nodeBundle, upload } from './fixture/bundle.ts';
import type { BundleSpec } from './fixture/bundle.ts';
import { ask, hammer, verdict } from './fixture/client.ts';
import { until, workersOf } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const clients = 16;
const stage = new Stage();
let server: Server;

before(async () => {
  server = await stage.serve();
});
after(() => stage.close());

function version(n: number): BundleSpec {
  const code = `export const main = async () => { await new Promise(setImmediate); return ${n}; };`;
  return nodeBundle('v', code, { document: { info: { title: 'v', version: `1.0.${n}` } } });
}

/** Sees that no call that begins after a version was said to be enabled gets an older one. */
class Versions {
  readonly #asked: number[] = [];
  /** What every call that begins now gets at least, and at most. */
  least = 1;
  most = 1;

  begin(client: number): void {
    this.#asked[client] = this.least;
  }

  isRight(client: number, n: number): boolean {
    const right = n >= this.#asked[client]! && n <= this.most;
    this.begin(client);
    return right;
  }
}

test(`10 deploys under ${clients} clients: every call is answered, no version comes back`, async () => {
  const shas = [(await deploy(server, version(1))).sha];
  const versions = new Versions();
  for (let client = 0; client < clients; client++) versions.begin(client);
  const load = hammer(`${server.door}/v`, clients, ({ status, text }, client) => {
    return status === 200 && versions.isRight(client, Number(text));
  });
  for (let n = 2; n <= 11; n++) {
    versions.most = n;
    shas.push((await deploy(server, version(n))).sha);
    versions.least = n;
    const seen = load.count;
    await until(() => load.count > seen + clients);
  }
  await load.stop();
  await until(() => workersOf(server.pid, 'workers/node').length <= 3);
  const again = await ask(`${server.door}/v`);
  assert.equal(again.text, '11');
});

test('rollback under load: every call is answered, from one version to the one before', async () => {
  const before = Number((await ask(`${server.door}/v`)).text);
  let wanted = [before];
  const load = hammer(`${server.door}/v`, clients, ({ status, text }) => {
    return status === 200 && wanted.includes(Number(text));
  });
  for (let step = 1; step <= 3; step++) {
    wanted = [before - step + 1, before - step];
    const rolled = await ask(`${server.tron}/api/v1/rollback`, { json: { basePath: '/v' } });
    assert.equal(rolled.status, 200, rolled.text);
    assert.equal((await ask(`${server.door}/v`)).text, String(before - step));
    const seen = load.count;
    await until(() => load.count > seen + clients);
  }
  await load.stop();
});

test('a deploy that is refused changes nothing for those who call', async () => {
  const { text } = await ask(`${server.door}/v`);
  const load = hammer(`${server.door}/v`, clients, (answer) => answer.text === text);
  const bad: [BundleSpec, RegExp][] = [
    [nodeBundle('v', 'export const other = () => 1;'), /handlers_missing[^]*main/],
    [nodeBundle('v', 'throw new Error("not today");'), /enable_failed[^]*not today/],
    [nodeBundle('v', 'process.exit(1);'), /enable_failed[^]*exit/],
    [nodeBundle('v', 'export const main = ('), /enable_failed[^]*handler/],
  ];
  for (const [spec, reason] of bad) await assert.rejects(deploy(server, spec), { message: reason });
  await load.stop();
});

test('calls in hand end in the version they began in', async () => {
  const wait = (n: number): BundleSpec =>
    nodeBundle(
      'slow',
      `export const main = () => new Promise((done) => setTimeout(done, 700, ${n}));`,
    );
  await deploy(server, wait(1));
  const calls = Array.from({ length: 5 }, () => ask(`${server.door}/slow`));
  const inHand = async (): Promise<boolean> =>
    /^funcatron_calls_in_hand\{bundle="slow"\} 5$/m.test(
      (await ask(`${server.tron}/metrics`)).text,
    );
  await until(inHand);
  await deploy(server, wait(2));
  for (const { status, text } of await Promise.all(calls))
    assert.deepEqual([status, text], [200, '1']);
  assert.equal((await ask(`${server.door}/slow`)).text, '2');
});

test('a disabled bundle is a 404, and no worker of it is left', async () => {
  const { sha } = await deploy(
    server,
    nodeBundle('gone', 'export const main = () => process.pid;'),
  );
  const pid = Number((await ask(`${server.door}/gone`)).text);
  const disabled = await ask(`${server.tron}/api/v1/disable`, { json: { sha } });
  assert.equal(disabled.status, 200, disabled.text);
  assert.equal(verdict(await ask(`${server.door}/gone`)), '404 no_route frontend');
  await until(() => !workersOf(server.pid, 'workers/node').includes(pid));
  assert.equal((await enable(server, { sha })).status, 200);
  assert.equal((await ask(`${server.door}/gone`)).status, 200);
});

test('many enables of one place at once leave the last one told, everywhere', async () => {
  const shas = await Promise.all(
    [1, 2, 3, 4, 5].map(
      async (n) => (await deploy(server, { ...version(n), basePath: `/n${n}` })).sha,
    ),
  );
  const answers = await Promise.all(shas.map((sha) => enable(server, { sha, basePath: '/race' })));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  const routes = JSON.parse((await ask(`${server.tron}/api/v1/routes`)).text) as {
    path: string;
    sha: string;
  }[];
  const { sha } = routes.find(({ path }) => path === '/race')!;
  const n = shas.indexOf(Buffer.from(sha, 'base64').toString('hex')) + 1;
  for (let call = 0; call < 10; call++)
    assert.equal((await ask(`${server.door}/race`)).text, String(n));
});

test('whatever is done to bundles and places at once, what is said to be enabled is served', async () => {
  const versions = [1, 2, 3];
  const bundles = await Promise.all(versions.map((n) => makeBundle(version(n))));
  const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
  const places = ['/x1', '/x2'];
  const post = (action: string, json: object) => ask(`${server.tron}/api/v1/${action}`, { json });
  const deeds = [
    () => upload(server, pick(bundles).bytes),
    () => enable(server, { sha: pick(bundles).sha, basePath: pick(places) }),
    () => post('disable', { sha: pick(bundles).sha, basePath: pick(places) }),
    () => post('rollback', { basePath: pick(places) }),
    () => ask(`${server.tron}/api/v1/bundles/${pick(bundles).sha}`, { method: 'DELETE' }),
    () => ask(server.door + pick(places)),
  ];
  const busy = Array.from({ length: 6 }, async () => {
    for (let deed = 0; deed < 25; deed++) {
      const { status, text } = await pick(deeds)();
      assert.ok(status < 500, text);
    }
  });
  await Promise.all(busy);
  const { text } = await ask(`${server.tron}/api/v1/routes`);
  for (const { path, sha } of JSON.parse(text) as { path: string; sha: string }[]) {
    if (!places.includes(path)) continue;
    const n =
      bundles.findIndex((one) => one.sha === Buffer.from(sha, 'base64').toString('hex')) + 1;
    assert.equal((await ask(server.door + path)).text, String(n), path);
  }
});

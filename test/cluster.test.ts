/** Roles as processes, over a real broker: who may die, and what goes on without them. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deploy, enable, makeBundle, nodeBundle, upload } from './fixture/bundle.ts';
import type { BundleSpec } from './fixture/bundle.ts';
import { ask, hammer } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import type { TestServer } from './server/server.ts';
import { startTestServer, whyNoServer } from './server/start.ts';
import type { BrokerScheme } from './server/start.ts';

const clients = 12;

interface Node {
  id: string;
  type: string;
  leads?: boolean;
}

function version(n: number, name = 'v'): BundleSpec {
  const code = `
    const wait = () => new Promise((done) => setTimeout(done, 5));
    export const main = async () => { await wait(); return { n: ${n}, pid: process.ppid }; };`;
  return nodeBundle(name, code, { document: { info: { title: name, version: `1.0.${n}` } } });
}

/** Another broker for once: `CLUSTER_BROKER=amqp node --test test/cluster.test.ts`. */
const scheme = (process.env.CLUSTER_BROKER ?? 'nats') as BrokerScheme;

describe(`a cluster over ${scheme}`, { skip: whyNoServer(scheme) }, () => {
  const stage = new Stage();
  let broker: TestServer;
  let flags: string[];
  let tron: Server;
  const doors: Server[] = [];
  const runners: Server[] = [];

  const nodes = async (): Promise<Node[]> =>
    JSON.parse((await ask(`${tron.tron}/api/v1/nodes`)).text) as Node[];
  const countOf = async (type: string): Promise<number> =>
    (await nodes()).filter((node) => node.type === type).length;

  before(async () => {
    broker = await startTestServer(scheme);
    flags = ['--broker', broker.url];
    tron = await stage.role('tron', flags);
    const started = await Promise.all([
      stage.role('frontend', flags, 'f1'),
      stage.role('frontend', flags, 'f2'),
      stage.role('runner', flags, 'r1'),
      stage.role('runner', flags, 'r2'),
    ]);
    doors.push(...started.slice(0, 2));
    runners.push(...started.slice(2));
    await until(async () => (await nodes()).length === 5);
  });
  after(async () => {
    await stage.close();
    await broker?.stop();
  });

  test('the embedded broker is refused, and a data folder that is taken', async () => {
    const refused = await stage.run('runner');
    assert.match(refused.err, /option_invalid: --broker memory: .*inside one process/);
    assert.equal(refused.code, 2);
    const taken = await stage.run('runner', ...flags, '--data', runners[0]!.data);
    assert.match(taken.err, /option_invalid: .*in use by another process/);
  });

  test('what is enabled is served by every runner through every frontend', async () => {
    await deploy(tron, version(1));
    const pids = new Set<number>();
    while (pids.size < 2)
      for (const { door } of doors) {
        const answers = await Promise.all(Array.from({ length: 8 }, () => ask(`${door}/v`)));
        for (const { status, text } of answers) {
          assert.equal(status, 200, text);
          pids.add((JSON.parse(text) as { pid: number }).pid);
        }
      }
    assert.deepEqual(pids, new Set(runners.map(({ pid }) => pid)));
  });

  test('every role says its health, and its counts', async () => {
    for (const url of [tron.tron, runners[0]!.status, doors[0]!.door])
      assert.equal((await ask(`${url}/healthz`)).status, 200);
    const { text } = await ask(`${runners[0]!.status}/metrics`);
    assert.match(text, /^funcatron_workers\{bundle="v"\} \d/m);
  });

  test('bundles are open to the fetch key alone, and props to their owner alone', async () => {
    const [, node] = await nodes();
    assert.equal(JSON.stringify(node).includes('fetchKey'), false);
    const headers = { 'x-funcatron-fetch-key': 'guess' };
    const bundle = await makeBundle(version(1));
    const guessed = await ask(`${tron.tron}/api/v1/bundle/${bundle.sha}`, { headers });
    assert.equal(guessed.status, 401);
    for (const [role, { data }] of [
      ['frontend', doors[0]!],
      ['runner', runners[0]!],
    ] as const) {
      const file = join(data, role, 'routes.json');
      await until(() => readFileSync(file, 'utf8').includes(bundle.sha));
      assert.equal(statSync(file).mode & 0o777, 0o600);
    }
  });

  test(`deploys under ${clients} clients: no call is lost, no version comes back`, async () => {
    const asked: number[] = Array.from({ length: clients }, () => 1);
    let [least, most] = [1, 1];
    const loads = doors.map(({ door }, index) =>
      hammer(`${door}/v`, clients / 2, ({ status, text }, client) => {
        const mine = index * (clients / 2) + client;
        const { n } = JSON.parse(text) as { n: number };
        const right = status === 200 && n >= asked[mine]! && n <= most;
        asked[mine] = least;
        return right;
      }),
    );
    for (let n = 2; n <= 5; n++) {
      most = n;
      await deploy(tron, version(n));
      least = n;
      const seen = loads.map(({ count }) => count);
      await until(() => loads.every(({ count }, index) => count > seen[index]! + clients));
    }
    for (const load of loads) await load.stop();
  });

  test('a runner that comes learns what to serve, and fetches it', async () => {
    await deploy(tron, nodeBundle('late', 'export const main = () => process.ppid;'));
    const runner = await stage.role('runner', flags, 'r3');
    runners.push(runner);
    const seen = new Set<string>();
    while (!seen.has(String(runner.pid)))
      for (const { text } of await Promise.all(doors.map(({ door }) => ask(`${door}/late`))))
        seen.add(text);
    assert.equal(await countOf('runner'), 3);
  });

  test('a runner that is killed costs no enable more than a moment', async () => {
    await runners.pop()!.kill();
    await deploy(tron, version(6));
    for (const { door } of doors) assert.match((await ask(`${door}/v`)).text, /"n":6/);
  });

  test('kill -9 of the Tron: calls go on, and what comes starts from what it kept', async () => {
    const loads = doors.map(({ door }) => hammer(`${door}/v`, 2, ({ status }) => status === 200));
    await tron.kill();
    const seen = loads.map(({ count }) => count);
    await until(() => loads.every(({ count }, index) => count > seen[index]! + 20));
    for (const load of loads) await load.stop();
    await doors[0]!.stop();
    await runners[0]!.stop();
    doors[0] = await stage.role('frontend', flags, 'f1');
    assert.match((await ask(`${doors[0].door}/v`)).text, /"n":6/);
    await runners[1]!.stop();
    runners[0] = await stage.role('runner', flags, 'r1');
    runners[1] = await stage.role('runner', flags, 'r2');
    assert.match((await ask(`${doors[0].door}/late`)).text, /^\d+$/);
  });

  test('a Tron that comes back finds all of them, and leads', async () => {
    tron = await stage.role('tron', flags);
    await until(async () => (await nodes()).length === 5);
    assert.equal((await nodes())[0]!.leads, true);
    await deploy(tron, version(7));
    for (const { door } of doors) assert.match((await ask(`${door}/v`)).text, /"n":7/);
  });

  test('the broker restarts: everybody finds together again', async () => {
    const { sha, bytes } = await makeBundle(version(8));
    assert.equal((await upload(tron, bytes)).status, 200);
    await broker.kill();
    const during = await enable(tron, { sha });
    assert.equal(during.status, 503, during.text);
    await broker.restart();
    await until(async () => (await enable(tron, { sha })).status === 200);
    for (const { door } of doors)
      await until(async () => (await ask(`${door}/v`)).text.includes('"n":8'));
  });

  test('a Tron with another store is refused', async () => {
    const data = join(stage.dir, 'other');
    const other = await stage.run('tron', ...flags, '--tron-port', '0', '--data', data);
    assert.match(other.err, /option_invalid: Tron TRON-\S+ on this broker has another store/);
    await tron.line(({ level, msg }) => level === 'error' && msg.includes('another store'));
  });

  test('each ends when it is asked to, and says so', async () => {
    for (const role of [...doors, ...runners])
      assert.equal((await role.stop()).code, 0, role.output);
    await until(async () => (await nodes()).length === 1);
    assert.equal((await tron.stop()).code, 0);
  });
});

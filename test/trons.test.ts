/** Several Trons on one PostgreSQL: one leads, none loses what another does, each may die. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deploy, enable, makeBundle, nodeBundle, upload } from './fixture/bundle.ts';
import type { Bundle, BundleSpec } from './fixture/bundle.ts';
import { ask, hammer, verdict } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import { startNats } from './server/nats.ts';
import { startPostgres, whyNoPostgres } from './server/postgres.ts';
import { whyMissing } from './server/server.ts';
import type { TestServer } from './server/server.ts';

interface Node {
  id: string;
  type: string;
  url: string;
  leads?: boolean;
}

function version(n: number, name = 'v'): BundleSpec {
  const code = `export const main = () => ${n};`;
  return nodeBundle(name, code, { document: { info: { title: name, version: `1.0.${n}` } } });
}

describe('Trons on PostgreSQL', { skip: whyMissing('nats-server') || whyNoPostgres() }, () => {
  const stage = new Stage();
  let nats: TestServer;
  let postgres: TestServer;
  let broker: string[];
  let flags: string[];
  let trons: Server[];
  let door: Server;

  const start = (data: string): Promise<Server> => stage.role('tron', flags, data);
  const nodes = async ({ tron }: Server): Promise<Node[]> =>
    JSON.parse((await ask(`${tron}/api/v1/nodes`)).text) as Node[];
  const leaders = async (server: Server): Promise<string[]> =>
    (await nodes(server)).filter(({ leads }) => leads).map(({ url }) => url);
  const served = async (path: string): Promise<string> => (await ask(door.door + path)).text;

  before(async () => {
    // One after the other: what fails must not leave the other one running.
    nats = await startNats();
    postgres = await startPostgres();
    broker = ['--broker', nats.url];
    flags = [...broker, '--store', postgres.url];
    trons = await Promise.all([start('t1'), start('t2')]);
    const nodesStarted = [stage.role('frontend', broker), stage.role('runner', broker)] as const;
    [door] = await Promise.all(nodesStarted);
    for (const tron of trons) await until(async () => (await nodes(tron)).length === 4);
  });
  after(async () => {
    await stage.close();
    await nats?.stop();
    await postgres?.stop();
  });

  test('one of them leads, and each says who', async () => {
    const [mine, other] = await Promise.all(trons.map(leaders));
    // The other says so with its next heartbeat.
    assert.ok(mine!.length <= 1 && other!.length <= 1);
    await until(async () => (await leaders(trons[0]!)).length === 1);
    await until(async () => (await leaders(trons[1]!)).length === 1);
    assert.deepEqual(await leaders(trons[0]!), await leaders(trons[1]!));
  });

  test('what one takes, the other enables, deletes and shows', async () => {
    const { sha, bytes } = await makeBundle(version(1));
    assert.equal((await upload(trons[0]!, bytes)).status, 200);
    const enabled = await enable(trons[1]!, { sha });
    assert.equal(enabled.status, 200, enabled.text);
    assert.equal(await served('/v'), '1');
    for (const { tron } of trons) {
      assert.match((await ask(`${tron}/api/v1/routes`)).text, /"path": "\/v"/);
      assert.equal((await ask(`${tron}/api/v1/bundle/${sha}`)).status, 200);
    }
  });

  test('both change one place at once, and others: nothing is lost, all agree', async () => {
    const bundles: Bundle[] = await Promise.all(
      [1, 2, 3, 4].map(async (n) => {
        const bundle = await makeBundle(version(n));
        assert.equal((await upload(trons[n % 2]!, bundle.bytes)).status, 200);
        return bundle;
      }),
    );
    const rounds = bundles.flatMap(({ sha }, index) =>
      trons.flatMap((tron) => [
        enable(tron, { sha, basePath: '/same' }),
        enable(tron, { sha, basePath: `/own${index}` }),
      ]),
    );
    for (const { status, text } of await Promise.all(rounds)) assert.equal(status, 200, text);
    const [one, other] = await Promise.all(
      trons.map(async ({ tron }) => JSON.parse((await ask(`${tron}/api/v1/routes`)).text)),
    );
    assert.deepEqual(one, other);
    const routes = one as { path: string; sha: string }[];
    for (let index = 0; index < 4; index++)
      assert.equal(await served(`/own${index}`), `${index + 1}`);
    const { sha } = routes.find(({ path }) => path === '/same')!;
    const hex = Buffer.from(sha, 'base64').toString('hex');
    assert.equal(await served('/same'), `${bundles.findIndex((one_) => one_.sha === hex) + 1}`);
  });

  test('the store is down: that is said clearly, calls go on, and all recovers', async () => {
    const { sha, bytes } = await makeBundle(version(5));
    assert.equal((await upload(trons[0]!, bytes)).status, 200);
    await postgres.kill();
    const load = hammer(`${door.door}/v`, 2, ({ text }) => text === '1' || text === '5');
    await until(() => load.count > 20);
    const refused = await enable(trons[0]!, { sha });
    assert.equal(refused.status, 503, refused.text);
    assert.match(refused.text, /store_failed/);
    for (const { tron } of trons) assert.equal((await ask(`${tron}/healthz`)).status, 200);
    await postgres.restart();
    for (const tron of trons) await until(async () => (await enable(tron, { sha })).status === 200);
    await until(async () => (await leaders(trons[0]!)).length === 1);
    await load.stop();
    assert.equal(await served('/v'), '5');
  });

  test('the leader is killed: the other leads, and a runner that comes is welcomed', async () => {
    const [url] = await leaders(trons[0]!);
    const leader = trons.find(({ tron }) => tron === url)!;
    const other = trons.find(({ tron }) => tron !== url)!;
    await leader.kill();
    await deploy(other, version(6));
    assert.equal(await served('/v'), '6');
    const runner = await stage.role('runner', broker, 'r2');
    await until(async () => (await leaders(other)).includes(other.tron));
    await until(async () => {
      const { text } = await ask(`${runner.status}/metrics`);
      return text.includes('funcatron_workers{bundle="v"}');
    });
    trons = [other, await start(basename(leader.data))];
    await until(async () => (await nodes(trons[1]!)).length === 5);
    await deploy(trons[1]!, version(7));
    assert.equal(await served('/v'), '7');
  });

  test('a leader that is asked to end hands over at once', async () => {
    const [leader, other] = trons as [Server, Server];
    await leader.stop();
    await until(async () => (await leaders(other)).includes(other.tron));
    await deploy(other, version(8));
    assert.equal(await served('/v'), '8');
    assert.match(verdict(await ask(`${door.door}/nowhere`)), /404 no_route/);
  });

  test('two whole platforms share a broker and a store as well', async () => {
    // One store is one cluster's.
    await trons[1]!.stop();
    const more = [...flags, '--namespace', 'whole'];
    const [one, two] = await Promise.all([
      stage.serve({ flags: more, data: 's1' }),
      stage.serve({ flags: more, data: 's2' }),
    ]);
    await until(async () => (await nodes(one)).length === 6);
    await until(async () => (await nodes(two)).length === 6);
    const { sha, bytes } = await makeBundle(
      nodeBundle('both', 'export const main = () => process.ppid;'),
    );
    assert.equal((await upload(one, bytes)).status, 200);
    assert.equal((await enable(two, { sha })).status, 200);
    const seen = new Set<string>();
    while (seen.size < 2)
      for (const { door: url } of [one, two]) {
        const answers = await Promise.all(Array.from({ length: 8 }, () => ask(`${url}/both`)));
        for (const { status, text } of answers) {
          assert.equal(status, 200, text);
          seen.add(text);
        }
      }
    assert.deepEqual(seen, new Set([String(one.pid), String(two.pid)]));
  });
});

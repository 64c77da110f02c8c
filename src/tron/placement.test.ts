import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { digestOf } from '../control/table.ts';
import { FuncatronError } from '../errors.ts';
import type { Route } from '../message.ts';
import { contractOf, TestPlace } from './fixture/place.ts';
import type { Judge } from './fixture/node.ts';

const props = { db: { type: 'database', password: 'hunter2-secret', port: 5432 }, debug: true };
const masked = { db: { type: 'database', password: '***', port: '***' }, debug: true };

const refuse =
  (error: FuncatronError): Judge =>
  () => ({ ok: false, error: error.toProblem() });

/** Until everything that was sent has been heard. */
const settle = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 10));

describe('enabling', () => {
  let place: TestPlace;
  let [a, b] = ['', ''];

  before(async () => {
    place = await TestPlace.open();
    a = await place.upload(contractOf('/a'));
    b = await place.upload(contractOf('/a', ['/other']));
  });
  after(() => place.close());
  beforeEach(async () => {
    for (const sha of [a, b]) await place.post('/api/v1/disable', { sha });
    await place.restart();
  });

  const paths = async (): Promise<string[]> =>
    (await place.get('/api/v1/routes')).json.map(({ path }: { path: string }) => path);

  test('runners make it ready, then frontends get the table, then the answer comes', async () => {
    const runner = await place.node('runner');
    const frontend = await place.node('frontend');
    await settle();
    const reply = await place.post('/api/v1/enable', { sha: a, props });
    assert.deepEqual(Object.keys(reply.json), ['success', 'msg']);
    const [order] = runner.orders('enable');
    const route = order!.route as Route;
    assert.equal(order!.prepare, true);
    assert.deepEqual(route.props, props, 'a runner gets what is secret');
    assert.equal(route.name, 'test-bundle');
    assert.equal(route.sha, Buffer.from(a, 'base64').toString('hex'));
    assert.deepEqual(frontend.routes, [route]);
    assert.ok(Number(frontend.orders('route').at(-1)!.revision) >= route.revision);
  });

  test('no answer gives a secret of the props back', async () => {
    await place.node('runner');
    await place.post('/api/v1/enable', { sha: a, props });
    const hex = Buffer.from(a, 'base64').toString('hex');
    for (const path of ['routes', 'stats', 'known_funcs', 'bundles', `bundles/${hex}`, 'nodes']) {
      const reply = await place.get(`/api/v1/${path}`);
      assert.equal(reply.status, 200, path);
      assert.doesNotMatch(reply.text, /hunter2|5432/, path);
    }
    assert.deepEqual((await place.get('/api/v1/routes')).json[0].props, masked);
    const { json } = await place.get(`/api/v1/bundles/${hex}`);
    assert.deepEqual(json.enabled[0].props, masked);
  });

  test('a runner that refuses changes nothing, and what it quotes is blotted out', async () => {
    const runner = await place.node('runner');
    const detail = 'cannot open db at hunter2-secret@host';
    runner.judge = refuse(new FuncatronError('worker_start_failed', detail));
    const reply = await place.post('/api/v1/enable', { sha: a, props });
    assert.equal(reply.status, 400);
    assert.equal(reply.json.success, false);
    assert.equal(reply.json.code, 'enable_failed');
    assert.equal(reply.json.error, 'cannot open db at ***@host');
    assert.doesNotMatch(reply.text, /hunter2/);
    assert.deepEqual(await paths(), []);
  });

  test('missing Funcs are listed', async () => {
    const runner = await place.node('runner');
    const errors = [{ in: 'handler', at: 'op0', message: 'no such Func', mend: 'export op0' }];
    const missing = new FuncatronError('handlers_missing', 'the code lacks op0', { errors });
    runner.judge = refuse(missing);
    const { json } = await place.post('/api/v1/enable', { sha: a });
    assert.equal(json.code, 'handlers_missing');
    assert.deepEqual(json.errors, errors);
    assert.deepEqual(await paths(), []);
  });

  test('one runner of two is enough, and the answer says so', async () => {
    const [good, bad] = [await place.node('runner'), await place.node('runner')];
    bad.judge = refuse(new FuncatronError('worker_start_failed', 'no python here'));
    const { status, json } = await place.post('/api/v1/enable', { sha: a });
    assert.equal(status, 200);
    assert.equal(json.warnings.length, 1);
    assert.match(json.warnings[0], /no python here/);
    assert.equal(good.orders('enable').length, 1);
  });

  test('without a runner it is enabled all the same, and the answer says so', async () => {
    const { status, json } = await place.post('/api/v1/enable', { sha: a });
    assert.equal(status, 200);
    assert.match(json.warnings[0], /no runner is alive/);
    const runner = await place.node('runner');
    await settle();
    assert.equal(runner.routes?.length, 1);
  });

  test('a runner that stays silent is told to go back', async () => {
    await place.post('/api/v1/enable', { sha: a });
    const runner = await place.node('runner');
    await settle();
    runner.judge = () => undefined;
    const reply = await place.post('/api/v1/enable', { sha: b });
    assert.equal(reply.status, 400);
    assert.match(reply.json.error, /did not answer within 0\.3 s/);
    const [asked, undo] = runner.orders('enable').map(({ route }) => route as Route);
    assert.equal(undo!.sha, Buffer.from(a, 'base64').toString('hex'));
    assert.ok(undo!.revision >= asked!.revision, 'or the runner would ignore it');
    const [route] = (await place.get('/api/v1/routes')).json;
    assert.equal(route.sha, a);
  });

  test('a runner that dies meanwhile is not waited for', async () => {
    const runner = await place.node('runner');
    await settle();
    runner.judge = () => void runner.say('died');
    const reply = await place.post('/api/v1/enable', { sha: a });
    assert.match(reply.json.error, /went away/);
  });

  test('another bundle at the same place replaces the first, under a newer revision', async () => {
    const runner = await place.node('runner');
    await place.post('/api/v1/enable', { sha: a });
    await place.post('/api/v1/enable', { sha: b });
    const routes = runner.orders('enable').map(({ route }) => route as Route);
    assert.ok(routes[1]!.revision > routes[0]!.revision);
    assert.equal(routes[0]!.queue, routes[1]!.queue);
    const { json } = await place.get('/api/v1/routes');
    assert.deepEqual(
      json.map(({ sha }: { sha: string }) => sha),
      [b],
    );
  });

  test('host and base path can be given, and are put in order', async () => {
    const body = { sha: a, host: 'API.Example.com', basePath: 'v2/' };
    const { json } = await place.post('/api/v1/enable', body);
    assert.match(json.msg, /host: api\.example\.com basePath \/v2 sha/);
    await place.post('/api/v1/enable', { sha: a, host: '*', basePath: '/' });
    assert.deepEqual(await paths(), ['/v2', '/']);
    for (const bad of [
      { host: 'http://x' },
      { host: 'x:80' },
      { host: 'a b' },
      { basePath: '/a?b' },
      { basePath: '/a/../b' },
      { basePath: '/a//b' },
    ]) {
      const reply = await place.post('/api/v1/enable', { sha: a, ...bad });
      assert.equal(reply.status, 400, JSON.stringify(bad));
      assert.equal(reply.json.code, 'option_invalid');
    }
    const one = await place.post('/api/v1/disable', { sha: a, host: 'api.example.com' });
    assert.equal(one.status, 200);
    assert.deepEqual(await paths(), ['/']);
  });

  test('props must be an object, an overlay must fit', async () => {
    for (const bad of [[], 'text', 7, null]) {
      const reply = await place.post('/api/v1/enable', { sha: a, props: bad });
      assert.equal(reply.status, 400);
      assert.equal(reply.json.success, false);
      assert.match(reply.json.errors[0].at, /props/);
    }
    const overlay = {
      overlay: '1.0.0',
      info: { title: 'staging', version: '1' },
      actions: [{ target: '$.servers[0]', update: { url: '/staging' } }],
    };
    const good = await place.post('/api/v1/enable', { sha: a, overlay });
    assert.equal(good.status, 200);
    assert.deepEqual(await paths(), ['/staging']);
    const hex = Buffer.from(a, 'base64').toString('hex');
    assert.equal((await place.get(`/api/v1/bundles/${hex}`)).json.enabled[0].overlay, true);
    const broken = { ...overlay, actions: [{ target: '$.paths', remove: true }] };
    for (const bad of [{}, { overlay: '9' }, { ...overlay, actions: 'x' }, broken]) {
      const reply = await place.post('/api/v1/enable', { sha: a, overlay: bad });
      assert.equal(reply.status, 400, JSON.stringify(bad));
      assert.equal(reply.json.code, 'overlay_invalid');
      assert.ok(reply.json.errors.length > 0);
    }
    assert.deepEqual(await paths(), ['/staging']);
  });

  test('many enables at once: none is lost, and one wins where they meet', async () => {
    await place.node('runner');
    const frontend = await place.node('frontend');
    const bodies = Array.from({ length: 12 }, (_, index) => {
      return { sha: index % 2 ? a : b, basePath: `/p${index % 6}`, props: { n: index } };
    });
    const replies = await Promise.all(bodies.map((body) => place.post('/api/v1/enable', body)));
    assert.ok(replies.every(({ status }) => status === 200));
    const found = await paths();
    assert.deepEqual(found.toSorted(), ['/p0', '/p1', '/p2', '/p3', '/p4', '/p5']);
    await settle();
    const last = frontend
      .orders('route')
      .reduce((newest, order) =>
        Number(order.revision) >= Number(newest.revision) ? order : newest,
      );
    const table = (last.routes as Route[]).map(({ basePath, sha }) => `${basePath} ${sha}`);
    const now = (await place.get('/api/v1/routes')).json.map(
      ({ path, sha }: { path: string; sha: string }) =>
        `${path} ${Buffer.from(sha, 'base64').toString('hex')}`,
    );
    assert.deepEqual(table, now);
  });

  test('rollback goes back a step at a time: bundle, props and overlay', async () => {
    const runner = await place.node('runner');
    await place.post('/api/v1/rollback', { basePath: '/a' });
    const at = { basePath: '/rolled' };
    const never = await place.post('/api/v1/rollback', at);
    assert.deepEqual([never.status, never.json.code], [404, 'route_unknown']);
    await place.post('/api/v1/enable', { sha: a, props: { n: 1 }, ...at });
    const first = await place.post('/api/v1/rollback', at);
    assert.deepEqual([first.status, first.json.code], [409, 'nothing_to_roll_back']);
    await place.post('/api/v1/enable', { sha: b, props: { n: 2 }, ...at });
    await place.post('/api/v1/enable', { sha: b, props: { n: 3 }, ...at });
    await place.post('/api/v1/enable', { sha: b, props: { n: 3 }, ...at });
    const back = await place.post('/api/v1/rollback', at);
    assert.deepEqual([back.status, back.json.sha, back.json.basePath], [200, b, '/rolled']);
    assert.deepEqual((runner.orders('enable').at(-1)!.route as Route).props, { n: 2 });
    await place.restart();
    const again = await place.post('/api/v1/rollback', at);
    assert.equal(again.json.sha, a);
    const end = await place.post('/api/v1/rollback', at);
    assert.equal(end.json.code, 'nothing_to_roll_back');
  });

  test('a rollback that no runner takes changes nothing', async () => {
    const runner = await place.node('runner');
    const at = { basePath: '/stays' };
    await place.post('/api/v1/enable', { sha: a, ...at });
    await place.post('/api/v1/enable', { sha: b, ...at });
    runner.judge = refuse(new FuncatronError('worker_start_failed', 'no'));
    assert.equal((await place.post('/api/v1/rollback', at)).status, 400);
    runner.judge = () => ({ ok: true });
    const back = await place.post('/api/v1/rollback', at);
    assert.equal(back.json.sha, a);
  });

  test('what is disabled can be rolled back to', async () => {
    const at = { basePath: '/gone' };
    await place.post('/api/v1/enable', { sha: a, ...at });
    await place.post('/api/v1/disable', { sha: a });
    assert.deepEqual(await paths(), []);
    await place.post('/api/v1/rollback', at);
    assert.deepEqual(await paths(), ['/gone']);
  });

  test('disabling tells frontends first, then runners', async () => {
    const runner = await place.node('runner');
    const frontend = await place.node('frontend');
    await place.post('/api/v1/enable', { sha: a });
    await place.post('/api/v1/disable', { sha: a });
    await settle();
    assert.deepEqual(frontend.routes, []);
    const enabled = runner.orders('enable')[0]!.route as Route;
    const [order] = runner.orders('disable');
    assert.equal(order!.queue, enabled.queue);
    assert.ok(Number(order!.revision) > enabled.revision);
  });

  test('an older bundle that is disabled leaves the newer one alone', async () => {
    await place.post('/api/v1/enable', { sha: a });
    await place.post('/api/v1/enable', { sha: b });
    await place.post('/api/v1/disable', { sha: a });
    assert.deepEqual(await paths(), ['/a']);
  });

  afterEach(async () => {
    const { json } = await place.get('/api/v1/stats');
    for (const { path, sha } of json['route-map'])
      await place.post('/api/v1/disable', { sha, basePath: path });
  });
});

describe('a restart', () => {
  let place: TestPlace;
  before(async () => {
    place = await TestPlace.open();
  });
  after(() => place.close());

  test('brings everything back, and nodes that come get all of it', async () => {
    const sha = await place.upload(contractOf('/kept'));
    await place.post('/api/v1/enable', { sha, props });
    const before = (await place.get('/api/v1/routes')).json;
    await place.restart();
    assert.deepEqual((await place.get('/api/v1/routes')).json, before);
    assert.equal((await place.get('/api/v1/known_funcs')).json['func-bundles'].length, 1);
    const [runner, frontend] = [await place.node('runner'), await place.node('frontend')];
    await settle();
    assert.deepEqual(runner.orders('enable'), [], 'an idle bundle costs no worker');
    assert.deepEqual(runner.routes![0]!.props, props);
    assert.deepEqual(frontend.routes, runner.routes);
  });

  test('finds nodes that were there before it', async () => {
    const runner = await place.node('runner');
    await settle();
    const told = runner.orders('route').length;
    await place.replaceTron();
    await settle();
    assert.ok(runner.orders('route').length > told);
    assert.equal((await place.get('/api/v1/nodes')).json[1].type, 'runner');
  });

  test('a node whose heartbeat shows that it serves something else is told', async () => {
    const sha = await place.upload(contractOf('/mended'));
    await place.post('/api/v1/enable', { sha });
    for (const type of ['runner', 'frontend'] as const) {
      const node = await place.node(type);
      await settle();
      const { routes } = node;
      const told = node.orders('route').length;
      await node.say('heartbeat', { digest: digestOf(routes!) });
      await settle();
      assert.equal(node.orders('route').length, told, 'it has all');
      await node.say('heartbeat', { digest: digestOf(routes!.slice(1)) });
      await settle();
      assert.equal(node.orders('route').length, told + 1);
    }
  });

  test('what a runner serves beyond the table goes back, or away', async () => {
    const runner = await place.node('runner');
    await settle();
    const [route] = runner.routes!;
    runner.ahead = [
      { queue: 'old', revision: 7 },
      { queue: route!.queue, revision: route!.revision + 1 },
    ];
    await runner.say('heartbeat', { digest: 'other' });
    while (runner.orders('enable').length === 0) await settle();
    const [disable] = runner.orders('disable');
    assert.deepEqual([disable!.queue, disable!.revision], ['old', 7]);
    const back = runner.orders('enable')[0]!.route as Route;
    assert.equal(back.sha, route!.sha);
    assert.ok(back.revision > route!.revision + 1, 'or the runner would ignore it');
  });

  test('an unknown node that sends a heartbeat is asked who it is', async () => {
    const runner = await place.node('runner');
    await runner.say('died');
    const asked = runner.orders('resend-awake').length;
    await runner.say('heartbeat', { digest: '' });
    await settle();
    assert.equal(runner.orders('resend-awake').length, asked + 1);
    const { json } = await place.get('/api/v1/nodes');
    assert.ok(json.some(({ id }: { id: string }) => id === runner.id));
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { countedName } from '../function-name.ts';
import { contractOf, TestPlace } from './fixture/place.ts';
import type { TestNode } from './fixture/node.ts';
import type { Route } from '../message.ts';

let place: TestPlace;
let runner: TestNode;
before(async () => {
  place = await TestPlace.open();
  runner = await place.node('runner');
  await settle();
  const sha = await place.upload(contractOf('/shop'));
  await place.post('/api/v1/enable', { sha });
});
after(() => place.close());

/** Until everything that was sent has been heard. */
const settle = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 10));
const scale = (name: string, replicas: unknown) => place.post('/api/v1/scale', { name, replicas });
const orders = (): Route[] => runner.orders('enable').map(({ route }) => route as Route);

test('a number of workers is durable, told to runners, and no other enabling', async () => {
  const [enabled] = orders();
  const { status, json } = await scale('/shop', 3);
  assert.equal(status, 200);
  assert.deepEqual([json.name, json.basePath, json.replicas], ['test-bundle', '/shop', 3]);
  assert.equal(json.decision.reason, 'asked for');
  await settle();
  const route = orders().at(-1)!;
  assert.deepEqual([route.replicas, route.enabledIn], [3, enabled!.revision]);
  assert.ok(route.revision > enabled!.revision);
  assert.equal('asked' in route, false);
  const count = orders().length;
  await scale('test-bundle', 3);
  assert.equal(orders().length, count, 'what is so already is not told again');
  await scale('*/shop', 0);
  assert.equal((await place.get('/api/v1/routes')).json[0].replicas, 0);
  await scale('/shop', null);
  await settle();
  assert.equal('replicas' in orders().at(-1)!, false);
  assert.equal(orders().at(-1)!.enabledIn, enabled!.revision);
});

test('what is enabled in its place has as many', async () => {
  await scale('/shop', 2);
  const sha = await place.upload(contractOf('/shop', ['/other']));
  await place.post('/api/v1/enable', { sha });
  const newest = orders().at(-1)!;
  assert.deepEqual([newest.replicas, newest.enabledIn], [2, undefined]);
  await place.post('/api/v1/rollback', { basePath: '/shop' });
  assert.deepEqual([orders().at(-1)!.replicas, orders().at(-1)!.enabledIn], [2, undefined]);
  await scale('/shop', null);
});

test('more than it may have, and what is not there, is refused', async () => {
  const { status, json } = await scale('/shop', 5);
  assert.deepEqual([status, json.code], [400, 'scale_invalid']);
  assert.match(json.detail, /4 workers at most \(x-funcatron\.instances\.max/);
  assert.equal((await scale('/nowhere', 1)).json.code, 'route_unknown');
  for (const replicas of [-1, 1.5, 'two', 10_001])
    assert.equal((await scale('/shop', replicas)).status, 400, String(replicas));
});

test('load and decisions are shown where routes and bundles are', async () => {
  const queue = (await place.get('/api/v1/routes')).json[0].queue as string;
  const queues = [
    {
      ...{ queue, enabledIn: 1, instances: 2, starting: 0, concurrency: 1, waiting: 0 },
      ...{ inHand: 0, calls: 0, waitMs: 0, serviceMs: 0, cpuMs: 0 },
    },
  ];
  await runner.say('load', { load: { cpus: 2, queues } });
  await settle();
  const [route] = (await place.get('/api/v1/routes')).json;
  assert.deepEqual([route.instances, route.decision.reason], [2, 'asked for']);
  const [bundle] = (await place.get('/api/v1/bundles')).json.filter(
    (one: { enabled: unknown[] }) => one.enabled.length > 0,
  );
  assert.equal(bundle.enabled[0].instances, 2);
  await runner.say('died', { type: 'runner' });
  await settle();
  assert.equal((await place.get('/api/v1/routes')).json[0].instances, 0);
});

test('runners are told who they share with', async () => {
  const others = [await place.node('runner'), await place.node('runner')];
  await settle();
  const told = others[0]!.orders('tron-info').at(-1)!.runners as string[];
  assert.deepEqual(told, told.toSorted());
  for (const { id } of others) assert.ok(told.includes(id));
});

test('functions and operations are counted by names that outlive them', () => {
  assert.equal(countedName({ name: 'f', basePath: '/function/f' }, 'call'), 'f.openfaas-fn');
  assert.equal(countedName({ name: 'f.dev', basePath: '/function/f.dev' }, 'call'), 'f.dev');
  const bundle = { name: 'shop', basePath: '/shop' };
  assert.equal(countedName(bundle, 'list'), 'shop.list.openfaas-fn');
});

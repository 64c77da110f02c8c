import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openBroker } from '../broker/broker.ts';
import type { Broker } from '../broker/broker.ts';
import { FuncatronError } from '../errors.ts';
import type { Call, ControlMessage, Route } from '../message.ts';
import { Metrics } from '../metrics.ts';
import type { Contract } from '../openapi/contract.ts';
import { ask, problemOf } from './fixture/client.ts';
import { answer, captureLog, contractOf, createRoute } from './fixture/door.ts';
import { createFrontend } from './frontend.ts';
import type { FrontendOptions } from './option.ts';

/** A door whose contracts come when the test says. */
async function open(t: TestContext, options: Partial<FrontendOptions> = {}) {
  const log = captureLog([]);
  const broker = await openBroker('memory:', { log });
  const asked: string[] = [];
  const pending = new Map<string, PromiseWithResolvers<Contract>>();
  const get = ({ sha }: Route): Promise<Contract> => {
    asked.push(sha);
    const waiting = pending.get(sha) ?? Promise.withResolvers<Contract>();
    pending.set(sha, waiting);
    return waiting.promise;
  };
  const give = async (sha: string): Promise<void> => {
    while (!pending.has(sha)) await new Promise((resolve) => setImmediate(resolve));
    pending.get(sha)!.resolve(await contractOf({}, sha));
  };
  const frontend = createFrontend({
    broker,
    log,
    metrics: new Metrics(),
    contracts: { get },
    options: { control: false, routesWaitMs: 0, ...options },
  });
  await frontend.listen({ port: 0, host: '127.0.0.1' });
  t.after(async () => {
    await frontend.close();
    await broker.close();
  });
  const echo = async ({ head }: Call) => answer(head.checked);
  await broker.consume('q', echo, { prefetch: 10 });
  return { frontend, broker, asked, pending, give, port: Number(new URL(frontend.url).port) };
}

test('a contract is loaded at the first call, once for all that wait', async (t) => {
  const { frontend, asked, give, port } = await open(t);
  await frontend.setRoutes([createRoute({ sha: 'one' })], 1);
  assert.deepEqual(asked, []);
  const both = [ask(port, '/'), ask(port, '/')];
  await give('one');
  assert.deepEqual(
    (await Promise.all(both)).map(({ text }) => text),
    ['one', 'one'],
  );
  assert.deepEqual(asked, ['one']);
});

test('a contract that could not be loaded is asked for again', async (t) => {
  const { frontend, pending, asked, give, port } = await open(t);
  await frontend.setRoutes([createRoute({ sha: 'one' })], 1);
  const first = ask(port, '/');
  while (!pending.has('one')) await new Promise((resolve) => setImmediate(resolve));
  pending.get('one')!.reject(new FuncatronError('bundle_unavailable', 'gone'));
  assert.equal(problemOf(await first).code, 'bundle_unavailable');
  pending.clear();
  const second = ask(port, '/');
  await give('one');
  assert.equal((await second).status, 200);
  assert.deepEqual(asked, ['one', 'one']);
});

test('a contract nobody uses for a while is let go of', async (t) => {
  const { frontend, asked, give, port } = await open(t, { contractIdleMs: 10 });
  await frontend.setRoutes([createRoute({ sha: 'one' })], 1);
  const first = ask(port, '/');
  await give('one');
  await first;
  while (asked.length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal((await ask(port, '/')).text, 'one');
  }
});

test('where a path is in use, no call waits for the contract that replaces another', async (t) => {
  const { frontend, give, port } = await open(t);
  await frontend.setRoutes([createRoute({ sha: 'one' })], 1);
  const first = ask(port, '/');
  await give('one');
  await first;
  const swapped = frontend.setRoutes([createRoute({ sha: 'two', revision: 2 })], 2);
  assert.equal((await ask(port, '/')).text, 'one');
  await give('two');
  await swapped;
  assert.equal((await ask(port, '/')).text, 'two');
});

test('a route that did not change keeps what is loaded', async (t) => {
  const { frontend, asked, give, port } = await open(t);
  const kept = createRoute({ sha: 'one' });
  await frontend.setRoutes([kept], 1);
  const first = ask(port, '/');
  await give('one');
  await first;
  await frontend.setRoutes([{ ...kept }, createRoute({ basePath: '/new', sha: 'two' })], 2);
  assert.equal((await ask(port, '/')).status, 200);
  assert.deepEqual(asked, ['one']);
});

test('a contract that cannot replace another leaves it, and other routes are swapped', async (t) => {
  const { frontend, pending, give, port } = await open(t);
  await frontend.setRoutes([createRoute({ sha: 'one' })], 1);
  const first = ask(port, '/');
  await give('one');
  await first;
  const bad = createRoute({ sha: 'bad', revision: 2 });
  const swapped = frontend.setRoutes([bad, createRoute({ basePath: '/new', sha: 'new' })], 2);
  pending.get('bad')!.reject(new FuncatronError('contract_invalid', 'line 3'));
  await assert.rejects(swapped, { code: 'contract_invalid' });
  assert.equal((await ask(port, '/')).text, 'one');
  const other = ask(port, '/new');
  await give('new');
  assert.equal((await other).text, 'new');
});

test('an older table never undoes a newer one', async (t) => {
  const { frontend, give, port } = await open(t);
  await frontend.setRoutes([createRoute({ sha: 'one', revision: 5 })], 5);
  await frontend.setRoutes([], 4);
  const first = ask(port, '/');
  await give('one');
  assert.equal((await first).text, 'one');
  const slow = frontend.setRoutes([createRoute({ sha: 'six', revision: 6 })], 6);
  await frontend.setRoutes([], 7);
  await give('six');
  await slow;
  assert.equal((await ask(port, '/any')).status, 404);
});

test('calls before the first table wait for it, health does not', async (t) => {
  const { frontend, give, port } = await open(t, { routesWaitMs: 60_000 });
  const early = ask(port, '/');
  assert.equal((await ask(port, '/healthz')).status, 200);
  await frontend.setRoutes([createRoute({ sha: 'one' })], 1);
  await give('one');
  assert.equal((await early).text, 'one');
});

test('calls do not wait for a first table for ever', async (t) => {
  const { port } = await open(t, { routesWaitMs: 10 });
  assert.equal((await ask(port, '/any')).status, 404);
});

test('a Tron hears from the frontend, and tells it the routes', async () => {
  const heard: ControlMessage[] = [];
  const log = captureLog([]);
  const broker = await openBroker('memory:', { log });
  await broker.subscribe('for_tron', (message) => void heard.push(message));
  const contract = await contractOf({});
  const contracts = {
    get: ({ sha }: Route) => {
      if (sha === 'bad') throw new FuncatronError('contract_invalid', 'line 3');
      return contract;
    },
  };
  const frontend = createFrontend({ broker, log, metrics: new Metrics(), contracts });
  await frontend.listen({ port: 0, host: '127.0.0.1' });
  const port = Number(new URL(frontend.url).port);
  const [awake] = heard;
  assert.deepEqual([awake!.action, awake!.type, awake!.url], ['awake', 'frontend', frontend.url]);

  const tell = teller(broker);
  const replied = async (): Promise<ControlMessage> => {
    const count = heard.length;
    while (heard.length === count) await new Promise((resolve) => setImmediate(resolve));
    return heard.at(-1)!;
  };
  const acknowledged = async (msgId: string, fields: object, to?: string) => {
    const ack = replied();
    await tell('route', { ...fields, ...(to && { to }) }, msgId);
    const { action, of, from, ok, error } = await ack;
    assert.deepEqual([action, of, from], ['ack', msgId, awake!.from]);
    return { ok, error };
  };
  const table = { routes: [createRoute()], revision: 1 };
  await tell('route', { ...table, to: 'somebody else' }, 'm0');
  assert.deepEqual(await acknowledged('m1', table, awake!.from), { ok: true, error: undefined });
  await broker.consume('q', async () => answer('served'), { prefetch: 1 });
  assert.equal((await ask(port, '/')).text, 'served');
  const bad = { routes: [createRoute({ sha: 'bad', revision: 2 })], revision: 2 };
  const refused = await acknowledged('m2', bad);
  assert.deepEqual(
    [refused.ok, (refused.error as { code: string }).code],
    [false, 'contract_invalid'],
  );
  for (const rubbish of [{}, { routes: [{}], revision: 3 }, { routes: [], revision: 'x' }])
    assert.equal((await acknowledged('m3', rubbish)).ok, false);
  assert.equal((await ask(port, '/')).text, 'served');

  const again = replied();
  await tell('resend-awake', {}, 'm4');
  assert.equal((await again).action, 'awake');
  await frontend.close();
  const last = heard.slice(-2).map(({ action, from }) => [action, from]);
  // Calls may end after it said so, and are counted yet.
  assert.deepEqual(last, [
    ['died', awake!.from],
    ['counts', awake!.from],
  ]);
  await broker.close();
});

function teller(broker: Broker) {
  return (action: string, fields: object, msgId: string): Promise<void> =>
    broker.broadcast('control', { v: 1, action, msgId, from: 'TRON', at: Date.now(), ...fields });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from '../metrics.ts';
import { StatusServer } from './status-server.ts';

test('tells health and counts, and nothing else', async (t) => {
  const metrics = new Metrics();
  metrics.counter('things_total', 'Things', {}).add(3);
  const server = new StatusServer(metrics);
  await server.listen('127.0.0.1', 0, '--runner-port');
  t.after(() => server.close());
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const health = await fetch(`${server.url}/healthz`);
  assert.deepEqual([health.status, await health.json()], [200, { status: 'ok' }]);
  for (let round = 0; round < 2; round++)
    assert.match(await (await fetch(`${server.url}/metrics?x=1`)).text(), /^things_total 3$/m);
  assert.equal((await fetch(`${server.url}/metrics`, { method: 'HEAD' })).status, 200);
  assert.equal((await fetch(`${server.url}/healthz`, { method: 'POST' })).status, 405);
  assert.equal((await fetch(`${server.url}/other`)).status, 404);
});

test('a port that is taken is named with its option', async (t) => {
  const [first, second] = [new StatusServer(new Metrics()), new StatusServer(new Metrics())];
  await first.listen('127.0.0.1', 0, '--runner-port');
  t.after(() => first.close());
  const port = Number(new URL(first.url).port);
  await assert.rejects(second.listen('127.0.0.1', port, '--runner-port'), {
    code: 'address_in_use',
    message: /--runner-port/,
  });
  await second.close();
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

export async function orders(place: ExamplePlace): Promise<void> {
  const refused = await place.cli('deploy', 'orders', '--props', '{"db":{"type":"sqlite"}}');
  assert.equal(refused.code, 1, 'a service that does not open');
  assert.match(refused.said, /props\.db\.file is missing/);

  await place.deploy('orders', { db: { type: 'sqlite', file: join(place.dir, 'orders.db') } });
  const order = { customer: 'Ada', lines: [{ sku: 'tea', quantity: 2 }] };
  const placed = await place.post('/orders', order);
  assertJson(placed, { id: 1, ...order }, 201);
  assert.equal(placed.headers.location, '/orders/1');
  assertJson(await place.get('/orders/1'), placed.json);
  assertJson(await place.get('/orders/stock'), { tea: 48, cup: 10, pot: 3 });

  const impossible = [
    { sku: 'tea', quantity: 5 },
    { sku: 'pot', quantity: 9 },
  ];
  const halfway = await place.post('/orders', { customer: 'Bo', lines: impossible });
  assertRefused(halfway, 409, 'func_failed');
  assert.equal(halfway.json.detail, 'no 9 pot left');
  assertJson(await place.get('/orders/stock'), { tea: 48, cup: 10, pot: 3 });
  assertJson(await place.get('/orders?limit=5'), [placed.json]);
  const { json: audit } = await place.get('/orders/audit');
  assert.equal(audit.length, 1, 'the entry of the middleware went with the order');
  assert.equal(audit[0].requestId, placed.headers['x-request-id']);

  const many = Array.from({ length: 8 }, () => place.post('/orders', order));
  for (const one of await Promise.all(many)) assert.equal(one.status, 201, one.text);
  assertJson(await place.get('/orders/stock'), { tea: 32, cup: 10, pot: 3 });

  assertRefused(await place.get('/orders/99'), 404, 'func_failed');
  for (const bad of [
    { customer: 'Ada', lines: [] },
    { lines: order.lines },
    { ...order, coupon: 'x' },
  ])
    assertRefused(await place.post('/orders', bad), 400, 'bad_body');
  await assertTimed(place, String(placed.headers['x-request-id']));
}

/** What the middleware wrote reaches `funcatron logs`, with the request it belongs to. */
async function assertTimed(place: ExamplePlace, requestId: string): Promise<void> {
  let lines = '';
  while (lines === '') lines = await place.must('logs', '--request', requestId, '--json');
  const line = JSON.parse(lines) as Record<string, unknown>;
  assert.equal(line.text, 'timing');
  assert.equal(line.bundle, 'orders');
  assert.deepEqual(Object.keys(line.fields as object), ['ms']);
}

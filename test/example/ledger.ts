import assert from 'node:assert/strict';
import { join } from 'node:path';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

export async function ledger(place: ExamplePlace): Promise<void> {
  await place.deploy('ledger', { db: { type: 'sqlite', file: join(place.dir, 'ledger.db') } });
  const open = (name: string, body?: object) =>
    place.ask('PUT', `/ledger/accounts/${name}`, body ? { body } : {});
  assertJson(await open('ada', { cents: 500 }), { name: 'ada', cents: 500 });
  assertJson(await open('bob'), { name: 'bob', cents: 0 });
  assertRefused(await open('Ada!'), 400, 'bad_parameter');
  assertRefused(await open('eve', { cents: -1 }), 400, 'bad_body');

  const move = (from: string, to: string, cents: number) =>
    place.post('/ledger/transfers', { from, to, cents });
  const moved = { from: 'ada', to: 'bob', cents: 250 };
  assertJson(await move('ada', 'bob', 250), moved, 201);
  const halfway = await move('ada', 'nobody', 100);
  assertRefused(halfway, 404, 'func_failed');
  assert.equal(halfway.json.detail, 'there is no account nobody');
  assertRefused(await move('ada', 'bob', 251), 409, 'func_failed');
  assertRefused(await move('ada', 'bob', 0), 400, 'bad_body');
  const rest = [
    { name: 'ada', cents: 250 },
    { name: 'bob', cents: 250 },
  ];
  assertJson(await place.get('/ledger/accounts'), rest);
  assertJson(await place.get('/ledger/transfers'), [moved]);

  const many = Array.from({ length: 8 }, () => move('ada', 'bob', 10));
  for (const one of await Promise.all(many)) assert.equal(one.status, 201, one.text);
  assertJson(await place.get('/ledger/accounts/ada'), { name: 'ada', cents: 170 });
  await assertLogged(place, String(halfway.headers['x-request-id']));
}

/** The middleware says how a call ended, also when it failed. */
async function assertLogged(place: ExamplePlace, requestId: string): Promise<void> {
  let lines = '';
  while (lines === '') lines = await place.must('logs', '--request', requestId, '--json');
  const told = lines.split('\n').map((line) => (JSON.parse(line) as { text: string }).text);
  assert.ok(told.includes('transfer failed'), lines);
}

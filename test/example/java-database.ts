import assert from 'node:assert/strict';
import { join } from 'node:path';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

export async function javaDatabase(place: ExamplePlace): Promise<void> {
  const file = join(place.dir, 'bank');
  const url = `jdbc:h2:file:${file};INIT=RUNSCRIPT FROM 'classpath:schema.sql'`;
  await place.deploy('java-database', {
    db: { type: 'database', url, classname: 'org.h2.Driver' },
  });
  const base = '/sample/java-database';
  const open = (name: string) => place.ask('PUT', `${base}/accounts/${name}`);
  const deposit = (name: string, cents: number | string) =>
    place.ask('POST', `${base}/accounts/${name}/deposit/${cents}`);
  const move = (from: string, to: string, cents: number) =>
    place.post(`${base}/transfers`, { from, to, cents });
  const assertAccounts = async (cents: Record<string, number>) => {
    const accounts = Object.entries(cents).map(([name, held]) => ({ name, cents: held }));
    assertJson(await place.get(`${base}/accounts`), accounts);
  };

  assertJson(await open('ada'), { name: 'ada', cents: 0 });
  assertJson(await open('bob'), { name: 'bob', cents: 0 });
  assertRefused(await open('ada'), 409, 'func_failed');
  assertRefused(await open('Ada!'), 400, 'bad_parameter');
  assertJson(await deposit('ada', 50_000), { name: 'ada', cents: 50_000 });
  assertRefused(await deposit('ada', 'much'), 400, 'bad_parameter');
  assertRefused(await deposit('ada', 0), 400, 'bad_parameter');
  assertRefused(await deposit('eve', 1), 404, 'func_failed');

  assertJson(await move('ada', 'bob', 20_000), { from: 'ada', to: 'bob', cents: 20_000 });
  await assertAccounts({ ada: 30_000, bob: 20_000 });

  // Each takes the money, then fails: by the Func's own refusal, and by the database's.
  const halfway = await move('ada', 'nobody', 100);
  assertRefused(halfway, 404, 'func_failed');
  assert.equal(halfway.json.detail, 'there is no account nobody');
  assertRefused(await move('ada', 'bob', 30_001), 409, 'func_failed');
  await assertAccounts({ ada: 30_000, bob: 20_000 });
  assertJson(await deposit('bob', 975_000), { name: 'bob', cents: 995_000 });
  assertRefused(await move('ada', 'bob', 10_000), 500, 'func_failed');
  await assertAccounts({ ada: 30_000, bob: 995_000 });
  assertRefused(await move('ada', 'bob', -1), 400, 'bad_body');

  const many = Array.from({ length: 8 }, () => move('bob', 'ada', 1000));
  for (const one of await Promise.all(many)) assert.equal(one.status, 200, one.text);
  assertJson(await place.ask('DELETE', `${base}/accounts/ada`), { name: 'ada', cents: 38_000 });
  assertRefused(await place.ask('DELETE', `${base}/accounts/ada`), 404, 'func_failed');
  await assertAccounts({ bob: 987_000 });
}

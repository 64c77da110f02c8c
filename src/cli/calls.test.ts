import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPlace } from './fixture/place.ts';
import type { Place } from './fixture/place.ts';
import { createProject } from './fixture/project.ts';
import type { Project } from './fixture/project.ts';

const contract = `
openapi: 3.1.0
info: { title: shop, version: 1.0.0 }
servers: [{ url: /shop }]
x-funcatron: { handler: main.mjs, retry: { tries: 2, wait: 10ms } }
paths:
  /pay:
    post:
      operationId: pay
      requestBody:
        required: true
        content:
          application/json:
            schema: { type: object, properties: { sum: { type: integer } }, required: [sum] }
      responses: { '200': { description: fine }, '400': { description: bad } }
`;
const code = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export const pay = async ({ sum }, { props, signal }) => {
  if (sum === 99) await sleep(60_000, undefined, { signal });
  if (sum < 0) return { status: 400, body: { refused: sum } };
  if (!existsSync(props.bank)) throw new Error('the bank is closed');
  return { paid: sum };
};
`;

let place: Place;
let shop: Project;
before(async () => {
  shop = createProject({ 'funcatron.yaml': contract, 'main.mjs': code });
  place = await openPlace();
  await must('deploy', '.', '--props', JSON.stringify({ bank: join(shop.dir, 'bank') }));
});
after(async () => {
  shop.close();
  await place.close();
});

async function must(...argv: string[]): Promise<string> {
  const { code: exit, output, said } = await place.run(argv, { cwd: shop.dir });
  assert.equal(exit, 0, `${argv.join(' ')}: ${said}`);
  return output.trimEnd();
}

async function fail(...argv: string[]): Promise<string> {
  const { code: exit, said } = await place.run(argv, { cwd: shop.dir });
  assert.notEqual(exit, 0, argv.join(' '));
  return said;
}

async function pay(sum: number): Promise<string> {
  const headers = { 'content-type': 'application/json', prefer: 'respond-async' };
  const body = JSON.stringify({ sum });
  const answer = await fetch(`${place.url}/shop/pay`, { method: 'POST', headers, body });
  assert.equal(answer.status, 202, await answer.clone().text());
  return ((await answer.json()) as { id: string }).id;
}

async function becomes(id: string, status: string): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    const call = JSON.parse(await must('calls', 'show', id, '--json'));
    if (call.status === status) return;
    assert.ok(Date.now() < end, `${call.status}, not ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('nothing yet: says so, and prints no data', async () => {
  for (const room of ['calls', 'dead']) {
    const { code: exit, output, said } = await place.run([room, 'list']);
    assert.deepEqual([exit, output], [0, '']);
    assert.match(said, /there are no/);
    assert.equal(await must(room, 'list', '--json'), '[]');
  }
});

test('a dead letter is listed, shown, mended, redriven, and its result printed', async () => {
  const id = await pay(5);
  await becomes(id, 'dead');
  assert.match(await must('dead', 'list'), new RegExp(`^${id}\\t.*the bank is closed`));
  const shown = await must('dead', 'show', id);
  assert.match(shown, /request +POST \/shop\/pay/);
  assert.match(shown, /\{"sum":5\}$/);
  assert.match(await fail('calls', 'result', id), /func_failed/);
  assert.match(await fail('calls', 'cancel', id), /call_ended/);
  writeFileSync(join(shop.dir, 'bank'), '');
  assert.match(await fail('dead', 'edit', id), /option_invalid: nothing to change/);
  await must('dead', 'edit', id, '--data', '{"sum":"x"}');
  await must('dead', 'redrive', id);
  await becomes(id, 'dead');
  assert.match(await must('dead', 'list'), /bad_body/, 'it was checked again');
  const headers = ['--header', 'content-type: application/json', '--header', 'x-by: hand'];
  await must('dead', 'edit', id, '--data', '{"sum":7}', ...headers);
  assert.match(await must('dead', 'show', id), /x-by +hand/);
  const redriven = JSON.parse(await must('dead', 'redrive', id, '--json'));
  assert.deepEqual(redriven, { redriven: 1, failed: 0 });
  await becomes(id, 'done');
  assert.equal(await must('calls', 'result', id), '{"paid":7}');
  const whole = JSON.parse(await must('calls', 'result', id, '--json'));
  assert.deepEqual([whole.status, whole.body], [200, '{"paid":7}']);
  const facts = await must('calls', 'show', id);
  assert.match(facts, /status +done/);
  assert.match(
    await must('calls', 'list', '--status', 'done'),
    new RegExp(`^${id}\\tdone\\tshop\\t`),
  );
  assert.equal(await must('calls', 'list', '--queue', 'other'), '');
});

test('a reply of 400 ends a call, and shows in the exit code', async () => {
  const id = await pay(-1);
  await becomes(id, 'done');
  const { code: exit, output, said } = await place.run(['calls', 'result', id]);
  assert.deepEqual([exit, output], [1, '{"refused":-1}']);
  assert.match(said, /answered 400/);
});

test('a call that runs is cancelled', async () => {
  const id = await pay(99);
  assert.match(await fail('calls', 'result', id), /has not ended/);
  await must('calls', 'cancel', id);
  await becomes(id, 'cancelled');
  assert.match(await fail('calls', 'result', id), /cancelled/);
});

test('many dead letters are deleted, or redriven', async () => {
  const bank = join(shop.dir, 'bank');
  rmSync(bank, { force: true });
  const ids = await Promise.all([1, 2, 3].map(pay));
  for (const id of ids) await becomes(id, 'dead');
  const [{ queue }] = JSON.parse(await must('dead', 'list', '--json', '--limit', '1'));
  assert.match(await fail('dead', 'redrive'), /option_invalid/);
  assert.match(await fail('dead', 'delete', ids[0]!, '--all'), /option_invalid/);
  await must('dead', 'delete', ids[0]!);
  const none = JSON.parse(await must('dead', 'redrive', '--all', '--queue', 'other', '--json'));
  assert.equal(none.redriven, 0);
  writeFileSync(bank, '');
  const some = JSON.parse(await must('dead', 'redrive', '--all', '--queue', queue, '--json'));
  assert.deepEqual(some, { redriven: 2, failed: 0 });
  for (const id of ids.slice(1)) await becomes(id, 'done');
  rmSync(bank);
  await becomes(await pay(1), 'dead');
  assert.deepEqual(JSON.parse(await must('dead', 'delete', '--all', '--json')), { deleted: 1 });
  assert.match(await fail('dead', 'show', ids[0]!), /dead_letter_unknown/);
});

test('the secret of callbacks is printed', async () => {
  const secret = await must('calls', 'secret');
  assert.ok(secret.length >= 43);
  assert.deepEqual(JSON.parse(await must('calls', 'secret', '--json')), { secret });
});

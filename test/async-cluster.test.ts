/** Asynchronous calls while roles come and go, over each broker that is a server. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask, verdict } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import { startKafka, whyNoKafka } from './server/kafka.ts';
import { startNats } from './server/nats.ts';
import { startRabbit, whyNoRabbit } from './server/rabbitmq.ts';
import { startRedis } from './server/redis.ts';
import { whyMissing } from './server/server.ts';
import type { TestServer } from './server/server.ts';

interface Brand {
  skip: string | false;
  start(): Promise<TestServer>;
}

const brands: Record<string, Brand> = {
  nats: { skip: whyMissing('nats-server'), start: () => startNats() },
  redis: { skip: whyMissing('redis-server'), start: () => startRedis() },
  rabbitmq: { skip: whyNoRabbit(), start: () => startRabbit() },
  kafka: { skip: whyNoKafka(), start: () => startKafka() },
};

const code = `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export const work = async ({ word, ms, fail }, { props, requestId, signal }) => {
  appendFileSync(props.file, requestId + '\\n');
  if (ms) await sleep(ms, undefined, { signal });
  if (fail && !existsSync(props.file + '.healed')) throw new Error('not today');
  return { said: word };
};
`;
const settings = { retry: { tries: 2, wait: '20ms' } };
const bundle = nodeBundle('w', code, { operations: { 'POST /work': 'work' }, settings });

interface Accepted {
  id: string;
  url: string;
}

function read(answer: Answer): Accepted {
  assert.equal(answer.status, 202, answer.text);
  return JSON.parse(answer.text) as Accepted;
}

for (const [name, { skip, start }] of Object.entries(brands))
  void describe(`asynchronous calls over ${name}`, { skip }, () => {
    test('are accepted, run and known, whoever is down meanwhile', async (t) => {
      const stage = new Stage();
      const server = await start();
      t.after(async () => {
        await stage.close();
        await server.stop();
      });
      await play(stage, ['--broker', server.url]);
    });
  });

async function play(stage: Stage, flags: string[]): Promise<void> {
  const file = join(stage.dir, 'runs.txt');
  const runs = (): string[] =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  let tron = await stage.role('tron', flags, 't');
  const frontend = await stage.role('frontend', flags, 'f');
  const { door } = frontend;
  let runner = await stage.role('runner', flags, 'r');
  await deploy(tron, bundle, { props: { file } });
  const send = (json: unknown, headers: Record<string, string> = {}) =>
    ask(`${door}/w/work`, { json, headers: { prefer: 'respond-async', ...headers } });
  const statusOf = async ({ url }: Accepted): Promise<string> => {
    const answer = await ask(door + url);
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text).status as string;
  };
  const become = async (calls: Accepted[], status: string): Promise<void> => {
    for (const call of calls) await until(async () => (await statusOf(call)) === status);
  };

  // A call from its door to its result, at the first go.
  const first = read(await send({ word: 'first' }));
  await become([first], 'done');
  const result = await ask(`${door}${first.url}/result`);
  assert.deepEqual([result.status, JSON.parse(result.text)], [200, { said: 'first' }]);

  // With every runner down calls are accepted, one call a key, and known at once.
  await runner.stop();
  const key = { 'idempotency-key': 'k' };
  const twins = await Promise.all(Array.from({ length: 10 }, () => send({ word: 'twin' }, key)));
  assert.equal(new Set(twins.map((twin) => read(twin).id)).size, 1);
  const early = await Promise.all([1, 2, 3, 4, 5].map((n) => send({ word: `early ${n}` })));
  const waiting = [twins[0]!, ...early].map(read);
  for (const call of waiting) assert.equal(await statusOf(call), 'accepted');
  const never = read(await send({ word: 'never' }));
  assert.equal((await ask(door + never.url, { method: 'DELETE' })).status, 202);

  // With the Tron down, too: what needs it says so, the rest goes on.
  await tron.kill();
  const late = (await Promise.all([1, 2, 3].map((n) => send({ word: `late ${n}` })))).map(read);
  const refused = await Promise.all([ask(door + waiting[0]!.url), send({}, key)]);
  for (const answer of refused) assert.equal(verdict(answer), '503 tron_unavailable tron');

  // Everything runs, and is told when the Tron is there again.
  tron = await stage.role('tron', flags, 't');
  runner = await stage.role('runner', flags, 'r');
  await become([...waiting, ...late], 'done');
  await become([never], 'cancelled');
  const ids = runs();
  for (const { id } of [...waiting, ...late])
    assert.equal(ids.filter((one) => one === id).length, 1, 'each ran once');
  assert.ok(!ids.includes(never.id));
  await becomeDead(tron, send, become, file);

  // A runner that dies takes no call with it.
  const held = read(await send({ word: 'held', ms: 1_000 }));
  await until(() => runs().includes(held.id));
  await runner.kill();
  runner = await stage.role('runner', flags, 'r');
  await become([held], 'done');
  for (const role of [frontend, runner, tron]) await role.stop();
}

async function becomeDead(
  { tron }: Server,
  send: (json: unknown) => Promise<Answer>,
  become: (calls: Accepted[], status: string) => Promise<void>,
  file: string,
): Promise<void> {
  const dead = read(await send({ word: 'dead', fail: true }));
  await become([dead], 'dead');
  const letter = await ask(`${tron}/api/v1/dead-letters/${dead.id}`);
  assert.equal(JSON.parse(letter.text).tries, 2);
  appendFileSync(`${file}.healed`, '');
  const redriven = await ask(`${tron}/api/v1/dead-letters/${dead.id}/redrive`, { method: 'POST' });
  assert.equal(redriven.status, 200, redriven.text);
  await become([dead], 'done');
}

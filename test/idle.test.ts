/** Bundles nobody calls cost no process, and answer when somebody does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import { descendantsOf, isRunning, until, workersOf } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const count = 30;
const stage = new Stage();
let server: Server;

before(async () => {
  server = await stage.serve();
});
after(() => stage.close());

const places = Array.from({ length: count }, (_, at) => `/idle${at}`);

/** Workers by bundle, as the metrics tell. */
async function workers(): Promise<Record<string, number>> {
  const { text } = await ask(`${server.tron}/metrics`);
  const all = text.matchAll(/^funcatron_workers\{bundle="([^"]+)"\} (\d+)$/gm);
  return Object.fromEntries([...all].map(([, bundle, n]) => [bundle, Number(n)]));
}

async function allIdle(): Promise<boolean> {
  // What is left is waiting for whoever comes first, one per runtime.
  const left = [
    ...workersOf(server.pid, 'workers/node'),
    ...workersOf(server.pid, 'workers/python'),
  ];
  return Object.values(await workers()).every((n) => n === 0) && left.length <= 2;
}

test(`${count} enabled bundles, none called: no worker of theirs is left`, async () => {
  const instances = { idle: '200ms' };
  for (const place of places) {
    const at = Number(place.slice(5));
    const isPython = at % 10 === 0;
    const settings = { instances, ...(isPython && { handler: 'app.py' }) };
    const files: Record<string, string> = isPython ? { 'app.py': `def main(): return ${at}` } : {};
    const spec = nodeBundle(place.slice(1), `export const main = () => ${at};`, {
      settings,
      files,
    });
    await deploy(server, spec);
  }
  await until(allIdle);
  assert.equal(Object.keys(await workers()).length, count);
});

test('each answers when it is called, also all of them at once', async () => {
  for (const place of places.slice(0, 5))
    assert.equal((await ask(server.door + place)).text, place.slice(5));
  const answers = await Promise.all(places.map((place) => ask(server.door + place)));
  assert.deepEqual(
    answers.map(({ text }) => text),
    places.map((place) => place.slice(5)),
  );
  await until(allIdle);
});

test('after a restart none of them has a worker before it is called', async () => {
  await server.stop();
  assert.deepEqual(descendantsOf(server.pid), []);
  server = await stage.serve();
  assert.ok(await allIdle());
  assert.equal((await ask(`${server.door}/idle7`)).text, '7');
  await until(allIdle);
});

test('instances.min keeps so many, brings back those that die, and has them after a start', async () => {
  const settings = { instances: { min: 2, max: 3, idle: '100ms' } };
  const code = 'export const main = () => process.pid;';
  await deploy(server, nodeBundle('kept', code, { settings }));
  await until(async () => (await workers()).kept === 2);
  const pid = Number((await ask(`${server.door}/kept`)).text);
  process.kill(pid, 'SIGKILL');
  await until(() => !isRunning(pid));
  await until(async () => (await workers()).kept === 2);
  await server.stop();
  server = await stage.serve();
  await until(async () => (await workers()).kept === 2);
  await deploy(server, nodeBundle('kept', code, { settings: { instances: { idle: '100ms' } } }));
  await until(async () => (await workers()).kept === 0);
  await server.kill();
  server = await stage.serve();
  assert.equal((await workers()).kept, 0);
});

/** Functions on a real server: up with what calls, down again, to zero and from there, and counted. */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { readExposition } from './fixture/prometheus.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const stage = new Stage();
let server: Server;

before(async () => {
  server = await stage.serve();
});
after(() => stage.close());

const system = (path: string, json?: unknown, method?: string): Promise<Answer> =>
  ask(`${server.door}/system/${path}`, { json, ...(method && { method }) });

async function deployFunction(
  service: string,
  labels: Record<string, string>,
  { env = {}, command = 'cat' } = {},
) {
  const scale = Object.entries(labels).map(([name, text]) => [`com.openfaas.scale.${name}`, text]);
  const sent = {
    service,
    image: 'any',
    envProcess: command,
    envVars: { mode: 'streaming', ...env },
    labels: Object.fromEntries(scale),
  };
  const { status, text } = await system('functions', sent);
  assert.equal(status, 202, text);
}

async function replicasOf(name: string): Promise<[wanted: number, ready: number]> {
  const { replicas, availableReplicas } = JSON.parse((await system(`function/${name}`)).text);
  return [replicas, availableReplicas];
}

const has = (name: string, count: number): Promise<unknown> =>
  until(async () => (await replicasOf(name)).every((one) => one === count));
const call = (name: string, body = 'x'): Promise<Answer> =>
  ask(`${server.door}/function/${name}`, { method: 'POST', body });

async function scrape(url = server.door) {
  const { status, headers, text } = await ask(`${url}/metrics`);
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  return readExposition(text);
}

async function metric(name: string, labels: Record<string, string>, url?: string): Promise<number> {
  const found = (await scrape(url)).get(name)?.find((sample) => {
    return Object.entries(labels).every(([key, value]) => sample.labels[key] === value);
  });
  return found?.value ?? 0;
}

test('scale-function: up, down, to zero, and the next call is held until one has started', async () => {
  await deployFunction('steps', { max: '4' });
  await has('steps', 1);
  const scale = (replicas: unknown) =>
    system('scale-function/steps', { serviceName: 'steps', replicas });
  assert.equal((await scale(3)).status, 202);
  await has('steps', 3);
  assert.equal((await scale(9)).status, 202);
  await has('steps', 4);
  assert.equal((await scale(0)).status, 202);
  await has('steps', 0);
  assert.equal((await call('steps', 'held')).text, 'held');
  await until(async () => (await replicasOf('steps'))[1] === 1);
  for (const wrong of [-1, 1.5, '2', null]) assert.equal((await scale(wrong)).status, 400);
  assert.equal((await system('scale-function/nobody', { replicas: 1 })).status, 404);
  const garbage = { method: 'POST', body: '{"replicas":' };
  assert.equal((await ask(`${server.door}/system/scale-function/steps`, garbage)).status, 400);
});

test('funcatron scale says it for bundles, too, and routes shows what is so', async () => {
  await deploy(server, nodeBundle('shop', 'export const main = () => 1;'));
  const run = (...argv: string[]) => stage.run(...argv, '--tron', server.tron);
  assert.equal((await run('scale', 'shop', '2')).code, 0);
  const line = async (): Promise<string> =>
    (await run('routes')).out.split('\n').find((one) => one.includes('/shop')) ?? '';
  await until(async () => /\t2 of 2\t/.test(await line()));
  assert.match(await line(), /asked for/);
  const refused = await run('scale', 'shop', '99');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /scale_invalid/);
  assert.equal((await run('scale', 'shop', 'auto')).code, 0);
  await until(async () => !/ of /.test(await line()));
  assert.equal((await run('scale', 'shop', 'many')).code, 2);
  assert.equal((await run('scale', 'nowhere', '1')).code, 1);
});

test('load scales up by itself, and the log says why', async () => {
  const code = `export const main = () => new Promise((end) => setTimeout(end, 7_000, 1));`;
  const settings = { concurrency: 5, instances: { max: 2 } };
  await deploy(server, nodeBundle('slow', code, { settings }));
  const calls = Array.from({ length: 8 }, () => ask(`${server.door}/slow`));
  const line = await server.line(({ msg, bundle }) => msg === 'scaled' && bundle === 'slow');
  assert.deepEqual([line.to, line.why], [2, '8 calls in hand, 4 a worker']);
  for (const { status } of await Promise.all(calls)) assert.equal(status, 200);
});

test('CPU time scales up: of programs that end with each call, and of workers that stay', async () => {
  const scale = { type: 'cpu', target: '20', max: '3' };
  await deployFunction('burns', scale, { command: 'perl -e for(1..9e5){}' });
  const code = `export const main = () => {
    for (const end = process.cpuUsage().user + 50_000; process.cpuUsage().user < end; );
    return 1;
  };`;
  const labels = Object.fromEntries(
    Object.entries(scale).map(([name, text]) => [`com.openfaas.scale.${name}`, text]),
  );
  await deploy(server, nodeBundle('counts', code, { settings: { function: { labels } } }));
  const isScaled = (name: string) =>
    server.line(({ msg, bundle, to, why }) => {
      return msg === 'scaled' && bundle === name && to !== 1 && /of a CPU, 18/.test(String(why));
    });
  let scaled = false;
  const both = Promise.all([isScaled('burns'), isScaled('counts')]).then(() => (scaled = true));
  while (!scaled)
    for (const answer of [await call('burns'), await ask(`${server.door}/counts`)])
      assert.equal(answer.status, 200);
  await both;
});

test('alerts scale up by their part of the most, and back when they are resolved', async () => {
  await deployFunction('alarmed', { min: '1', max: '10', factor: '20' });
  const alert = (status: string, name = 'alarmed') =>
    system('alert', {
      receiver: 'scale-up',
      alerts: [{ status, labels: { alertname: 'APIHighInvocationRate', function_name: name } }],
    });
  assert.equal((await alert('firing', 'alarmed.openfaas-fn')).status, 200);
  await has('alarmed', 3);
  await alert('firing');
  await has('alarmed', 5);
  assert.equal((await alert('resolved')).status, 200);
  await has('alarmed', 1);
  await server.line(({ msg, why }) => msg === 'scaled' && /RateHigh|is resolved/.test(String(why)));
});

test('alerts of no use are refused: 400 for garbage, 500 with a line for each that failed', async () => {
  const post = (body: string) => ask(`${server.door}/system/alert`, { method: 'POST', body });
  for (const body of [
    '',
    'garbage',
    '[]',
    '{}',
    '{"alerts":1}',
    '{"alerts":[1]}',
    '{"alerts":[null]}',
  ])
    assert.equal((await post(body)).status, 400, body);
  const { status, text } = await post(
    JSON.stringify({
      alerts: [
        { status: 'firing', labels: { function_name: 'nobody' } },
        { status: 'firing', labels: {} },
        { status: 'firing' },
        { status: 'resolved', labels: { function_name: '../../etc' } },
      ],
    }),
  );
  assert.equal(status, 500);
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, 4, text);
  for (const [at, line] of lines.entries()) assert.ok(line.startsWith(`[${at}] `), line);
  assert.equal((await post('{"alerts":[]}')).status, 200);
});

test('1,000 requests at once to a function at zero: all are answered', async () => {
  await deployFunction('crowd', { max: '3' }, { env: { mode: 'serializing', max_inflight: '0' } });
  await system('scale-function/crowd', { replicas: 0 });
  await has('crowd', 0);
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, at) =>
      ask(`${server.door}/function/crowd`, { method: 'POST', body: `${at}`, agent }),
    ),
  );
  agent.destroy();
  const wrong = answers.filter(({ status, text }, at) => status !== 200 || text !== `${at}`);
  assert.deepEqual(wrong.slice(0, 3), []);
});

test('metrics have the names that OpenFaaS gave them, where its users look for them', async () => {
  await deployFunction('counted', { max: '2' });
  for (let at = 0; at < 3; at++) await call('counted');
  const function_name = 'counted.openfaas-fn';
  for (const url of [server.door, server.tron]) {
    const of = (name: string, more = {}) => metric(name, { function_name, ...more }, url);
    assert.equal(await of('gateway_function_invocation_total', { code: '200' }), 3, url);
    assert.equal(await of('gateway_function_invocation_started'), 3);
    assert.equal(await of('gateway_functions_seconds_count', { code: '200' }), 3);
    await until(async () => (await of('gateway_service_count')) === 1);
  }
  await deploy(server, nodeBundle('plain', 'export const main = () => 1;'));
  await ask(`${server.door}/plain`);
  const labels = { function_name: 'plain.main.openfaas-fn', code: '200' };
  assert.equal(await metric('gateway_function_invocation_total', labels), 1);
});

test('counts survive the end of everything, with what failed last', async () => {
  await deployFunction('lasting', {}, { env: { mode: 'serializing' } });
  const failing = {
    service: 'failing',
    image: 'any',
    envProcess: 'false',
    envVars: { mode: 'serializing' },
  };
  assert.equal((await system('functions', failing)).status, 202);
  const count = async (name: string): Promise<number> => {
    const listed = JSON.parse((await system('functions')).text) as { name: string }[];
    const found = listed.find((one) => one.name === name) as { invocationCount?: number };
    return found.invocationCount ?? 0;
  };
  const { sha } = await deploy(
    server,
    nodeBundle('known', 'export const main = () => { throw new Error("no"); };'),
  );
  for (let at = 0; at < 3; at++) await call('lasting');
  assert.equal((await call('failing')).status, 500);
  await ask(`${server.door}/known`);
  await server.stop();
  server = await stage.serve();
  assert.equal(await count('lasting'), 3);
  await call('lasting');
  await until(async () => (await count('lasting')) === 4);
  await server.kill();
  server = await stage.serve();
  assert.equal(await count('lasting'), 4);
  assert.equal(await count('failing'), 1);

  const { out } = await stage.run('describe', sha, '--tron', server.tron, '--json');
  const [{ usage }] = JSON.parse(out).operations;
  assert.deepEqual([usage.calls, usage.statuses], [1, { 500: 1 }]);
  assert.equal(usage.lastError.code, 'func_failed');
  assert.ok(usage.latencyMs.p50 > 0 && usage.latencyMs.p95 >= usage.latencyMs.p50);
  const shown = await stage.run('describe', sha, '--tron', server.tron);
  assert.match(shown.out, /500 func_failed/);
});

test('labels of no use are refused when the function is deployed', async () => {
  const labels = { 'com.openfaas.scale.max': 'lots' };
  const sent = { service: 'badly', image: 'any', envProcess: 'cat', labels };
  const { status, text } = await system('functions', sent);
  assert.equal(status, 400);
  assert.match(JSON.parse(text).detail, /com\.openfaas\.scale\.max is "lots": it must be/);
});

/** Scaling where frontend, runners and Tron are processes of their own: workers are shared, counts kept. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { readExposition } from './fixture/prometheus.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import type { TestServer } from './server/server.ts';
import { startTestServer, whyNoServer } from './server/start.ts';

interface Node {
  id: string;
  type: string;
  load?: { queues: { instances: number }[] };
}

describe('scaling over nats', { skip: whyNoServer('nats') }, () => {
  const stage = new Stage();
  let broker: TestServer;
  let tron: Server;
  let runners: Server[];
  let door: string;
  let flags: string[];

  const nodes = async (): Promise<Node[]> =>
    JSON.parse((await ask(`${tron.tron}/api/v1/nodes`)).text);
  /** Workers of each runner, the fewest first. */
  const workers = async (): Promise<number[]> => {
    const all = (await nodes()).filter(({ type }) => type === 'runner');
    return all.map(({ load }) => load?.queues[0]?.instances ?? 0).toSorted((a, b) => a - b);
  };
  const have = (...counts: number[]): Promise<unknown> =>
    until(async () => JSON.stringify(await workers()) === JSON.stringify(counts));
  const scale = async (replicas: number): Promise<void> => {
    const json = { serviceName: 'cat', replicas };
    const { status, text } = await ask(`${door}/system/scale-function/cat`, { json });
    assert.equal(status, 202, text);
  };
  const call = (body: string) => ask(`${door}/function/cat`, { method: 'POST', body });

  before(async () => {
    broker = await startTestServer('nats');
    flags = ['--broker', broker.url, '--direct-host', '127.0.0.1'];
    tron = await stage.role('tron', flags);
    const [frontend, ...others] = await Promise.all([
      stage.role('frontend', flags, 'f1'),
      stage.role('runner', flags, 'r1'),
      stage.role('runner', flags, 'r2'),
    ]);
    runners = others;
    ({ door } = frontend);
    await until(async () => (await nodes()).length === 4);
    const sent = { service: 'cat', image: 'none', envProcess: 'cat' };
    assert.equal((await ask(`${door}/system/functions`, { json: sent })).status, 202);
  });
  after(async () => {
    await stage.close();
    await broker?.stop();
  });

  test('runners share what is wanted, and take over what a lost one had', async () => {
    await scale(5);
    await have(2, 3);
    await scale(0);
    await have(0, 0);
    assert.equal((await call('held')).text, 'held');
    await scale(3);
    await have(1, 2);
    await runners[1]!.stop();
    await have(3);
    runners[1] = await stage.role('runner', flags, 'r2');
    // Who comes takes its share; who had it all ends what is idle for long.
    await until(async () => (await workers()).length === 2 && (await workers())[0]! >= 1);
  });

  test('what is wanted and what was counted survives the Tron', async () => {
    await scale(2);
    for (let at = 0; at < 4; at++) assert.equal((await call('x')).status, 200);
    const count = async (): Promise<number> => {
      const { text } = await ask(`${door}/system/functions`);
      return (JSON.parse(text) as { invocationCount?: number }[])[0]?.invocationCount ?? 0;
    };
    await until(async () => (await count()) >= 5);
    const before = await count();
    await tron.kill();
    assert.equal((await call('x')).status, 200, 'nobody is needed for that');
    tron = await stage.role('tron', flags);
    await until(async () => (await nodes()).length === 4);
    await until(async () => (await count()) === before + 1);
    const [route] = JSON.parse((await ask(`${tron.tron}/api/v1/routes`)).text) as {
      replicas: number;
    }[];
    assert.equal(route!.replicas, 2);
  });

  test('the door has metrics of functions, and how many workers they have', async () => {
    await until(async () => {
      const { text } = await ask(`${door}/metrics`);
      const [sample] = readExposition(text).get('gateway_service_count') ?? [];
      return sample?.labels.function_name === 'cat.openfaas-fn' && sample.value >= 2;
    });
  });
});

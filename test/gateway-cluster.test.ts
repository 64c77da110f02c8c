/** Functions by name where frontend, runner and Trons are processes of their own, over a real broker. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ask, verdict } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import type { TestServer } from './server/server.ts';
import { startTestServer, whyNoServer } from './server/start.ts';
import type { BrokerScheme } from './server/start.ts';

/** Another broker for once: `CLUSTER_BROKER=amqp node --test test/gateway-cluster.test.ts`. */
const scheme = (process.env.CLUSTER_BROKER ?? 'nats') as BrokerScheme;

describe(`functions by name over ${scheme}`, { skip: whyNoServer(scheme) }, () => {
  const stage = new Stage();
  let broker: TestServer;
  let tron: Server;
  let door: string;

  const system = (path: string, method = 'GET', json?: unknown): Promise<Answer> =>
    ask(`${door}/system/${path}`, { method, ...(json !== undefined && { json }) });
  const deploy = (service: string, envProcess: string, more = {}): Promise<Answer> =>
    system('functions', 'POST', { service, image: 'none', envProcess, ...more });

  before(async () => {
    broker = await startTestServer(scheme);
    const flags = ['--broker', broker.url, '--direct-host', '127.0.0.1'];
    tron = await stage.role('tron', flags);
    const [frontend] = await Promise.all([
      stage.role('frontend', flags, 'f1'),
      stage.role('runner', flags, 'r1'),
      stage.role('runner', flags, 'r2'),
    ]);
    ({ door } = frontend!);
    await until(async () => {
      const { text } = await ask(`${tron.tron}/api/v1/nodes`);
      return (JSON.parse(text) as unknown[]).length === 4;
    });
  });
  after(async () => {
    await stage.close();
    await broker?.stop();
  });

  test('deployed at a frontend, a function is listed and called there', async () => {
    const missing = await system('functions', 'PUT', { service: 'cat', image: 'none' });
    assert.equal(verdict(missing), '404 function_unknown tron');
    assert.equal((await deploy('cat', 'cat')).status, 202);
    assert.equal((await ask(`${door}/function/cat`, { body: 'meow' })).text, 'meow');
    const { text } = await system('functions');
    const [shown] = JSON.parse(text) as { name: string; availableReplicas: number }[];
    assert.deepEqual([shown!.name, shown!.availableReplicas > 0], ['cat', true]);
    assert.equal(verdict(await ask(`${door}/function/dog`)), '404 no_route frontend');
    const accepted = await ask(`${door}/async-function/cat`, { body: 'later' });
    assert.equal(accepted.status, 202);
    const url = `${door}/system/calls/${String(accepted.headers['x-call-id'])}/result`;
    await until(async () => (await ask(url)).text === 'later');
  });

  test('an answer and a request may be larger than a message of the broker', async () => {
    const note = 'x'.repeat(500_000);
    for (const service of ['big-1', 'big-2', 'big-3'])
      assert.equal((await deploy(service, 'cat', { annotations: { note } })).status, 202);
    const { status, text } = await system('functions');
    assert.equal(status, 200);
    assert.ok(text.length > 1_500_000);
    assert.equal((JSON.parse(text) as unknown[]).length, 4);
    const removed = ['big-1', 'big-2', 'big-3'].map((functionName) =>
      system('functions', 'DELETE', { functionName }),
    );
    for (const { status: gone } of await Promise.all(removed)) assert.equal(gone, 202);
  });

  test('logs are followed until their reader goes', async () => {
    const asked = request(`${door}/system/logs?name=cat&follow=true&tail=0`).end();
    const [stream] = (await once(asked, 'response')) as [IncomingMessage];
    let heard = '';
    stream.on('data', (chunk) => (heard += String(chunk)));
    stream.on('error', () => undefined);
    await ask(`${door}/function/cat`, { body: '12345' });
    await until(() => heard.includes('Wrote 5 Bytes'));
    asked.destroy();
    // More than may follow at a time, of a log that says nothing: who leaves is let go of.
    const follow = async (): Promise<number> => {
      const quiet = request(`${door}/system/logs?name=cat&follow=true&tail=0`, { agent: false });
      quiet.on('error', () => undefined).end();
      const [{ statusCode = 0 }] = (await once(quiet, 'response')) as [IncomingMessage];
      quiet.destroy();
      return statusCode;
    };
    for (let turn = 0; turn < 110; turn++) await follow();
    await until(async () => (await follow()) === 200);
    const { text } = await system('logs?name=cat');
    assert.ok(text.includes('Forking fprocess.'));
  });

  test('without a Tron functions are called, and whoever would change them is told', async () => {
    await tron.stop();
    assert.equal((await ask(`${door}/function/cat`, { body: 'still' })).text, 'still');
    assert.equal(verdict(await system('functions')), '503 tron_unavailable tron');
    const flags = ['--broker', broker.url, '--direct-host', '127.0.0.1'];
    tron = await stage.role('tron', flags);
    await until(async () => (await system('functions')).status === 200);
    assert.equal((await system('functions', 'DELETE', { functionName: 'cat' })).status, 202);
    assert.equal(verdict(await ask(`${door}/function/cat`)), '404 no_route frontend');
  });
});

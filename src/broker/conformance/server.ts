/** Conformance of adapters with a server behind them: processes that are lost, and restarts. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ControlMessage } from '../../message.ts';
import type { Bench, Cases } from '../conformance.ts';
import { callOf, controlOf, echo, Gate, rejectsWith, replyTo, textOf, until } from './message.ts';

const longMs = 40_000;

export const serverCases: Cases = {
  'a call over two connections gets its reply': async ({ broker, open, name }) => {
    const other = await open();
    await other.consume(name, echo, { prefetch: 4 });
    const texts = Array.from({ length: 20 }, (_, index) => `call ${index}`);
    const replies = await Promise.all(texts.map((text) => broker.call(name, callOf(text))));
    assert.deepEqual(await Promise.all(replies.map(textOf)), texts);
  },

  'consumers of several connections compete': async ({ broker, open, name }) => {
    const gates = [new Gate(), new Gate()];
    for (const gate of gates) await (await open()).consume(name, gate.handle, { prefetch: 3 });
    const answers = Array.from({ length: 6 }, (_, i) => broker.call(name, callOf(`${i}`)));
    await until('both have work', () => gates.every(({ held }) => held > 0));
    const done = Promise.all(answers);
    while (!(await settled(done))) for (const gate of gates) gate.release();
    assert.equal(new Set(gates.flatMap(({ texts }) => texts)).size, 6);
  },

  'a broadcast reaches subscribers of other connections': async ({ broker, open, name }) => {
    const heard: ControlMessage[] = [];
    await (await open()).subscribe(name, (message) => void heard.push(message));
    for (const action of ['one', 'two', 'three']) await broker.broadcast(name, controlOf(action));
    await until('all were heard', () => heard.length === 3);
    assert.deepEqual(
      heard.map(({ action }) => action),
      ['one', 'two', 'three'],
    );
  },

  'depth counts what other connections have': async ({ broker, open, name }) => {
    const gate = new Gate();
    const other = await open();
    await other.consume(name, gate.handle, { prefetch: 2 });
    const answers = Array.from({ length: 5 }, (_, i) => broker.call(name, callOf(`${i}`)));
    const watcher = await open();
    await until('it is seen', async () => {
      const { waiting, inFlight, consumers } = await watcher.depth(name);
      return waiting === 3 && inFlight === 2 && consumers === 1;
    });
    const done = Promise.all(answers);
    while (!(await settled(done))) gate.release();
  },

  'depth counts asynchronous calls that other connections have': async (bench) => {
    const { broker, open, name } = bench;
    const gate = new Gate();
    await (await open()).consume(name, gate.handle, { prefetch: 2 });
    for (let index = 0; index < 5; index++) await broker.publish(name, callOf(`${index}`));
    const watcher = await open();
    await until('it is seen', async () => {
      const { waiting, inFlight } = await watcher.depth(name);
      return gate.held === 2 && waiting === 3 && inFlight === 2;
    });
    await until('all are done', async () => {
      gate.release();
      const { waiting, inFlight } = await watcher.depth(name);
      return waiting + inFlight === 0;
    });
  },

  'the caller of a call that may not run twice hears at once that its taker died': async (
    bench,
  ) => {
    const { broker, name } = bench;
    const victim = await startConsumer(bench);
    const answer = broker.call(name, callOf('once', { deadline: Date.now() + longMs }));
    await victim.said('took once');
    victim.kill();
    const lost = rejectsWith(answer, 'runner_lost');
    const seen: string[] = [];
    await broker.consume(name, keep(seen), { prefetch: 1 });
    await lost;
    await broker.call(name, callOf('next'));
    assert.deepEqual(seen, ['next']);
  },

  'a call that may run twice goes to another when its taker dies': async (bench) => {
    const { broker, name } = bench;
    const victim = await startConsumer(bench);
    const call = callOf('again', { method: 'GET', deadline: Date.now() + longMs });
    const answer = broker.call(name, call);
    await victim.said('took again');
    victim.kill();
    await broker.consume(name, echo, { prefetch: 1 });
    assert.equal(await textOf(await answer), 'again');
  },

  'an asynchronous call goes to another when its taker dies': async (bench) => {
    const { broker, name } = bench;
    const victim = await startConsumer(bench);
    await broker.publish(name, callOf('job'));
    await victim.said('took job');
    victim.kill();
    const seen: string[] = [];
    await broker.consume(name, keep(seen), { prefetch: 1 });
    await until('the other has it', () => seen.includes('job'), longMs);
  },

  'after a restart of the server everything goes on': async (bench) => {
    const { broker, open, name, harness } = bench;
    const heard: string[] = [];
    const other = await open();
    await other.subscribe(name, ({ action }) => void heard.push(action));
    const seen: string[] = [];
    await other.consume(name, keep(seen), { prefetch: 4 });
    await broker.publish(`${name}-later`, callOf('kept'));
    await harness.server!.restart();
    const call = (): Promise<unknown> =>
      broker.call(name, callOf('after', { method: 'GET' })).catch(() => undefined);
    await until('calls go on', async () => (await call()) !== undefined, longMs);
    await until('jobs go on', () => publishes(broker.publish(name, callOf('job after'))), longMs);
    await until('the job is done', () => seen.includes('job after'), longMs);
    await broker.consume(`${name}-later`, keep(seen), { prefetch: 1 });
    await until('what was accepted before is done', () => seen.includes('kept'), longMs);
    await until('broadcasts go on', async () => {
      await broker.broadcast(name, controlOf('hello')).catch(() => undefined);
      return heard.includes('hello');
    });
  },

  'nothing is left in the server of queues that are not used': async (bench) => {
    const { broker, open, name, harness, options } = bench;
    const other = await open();
    const consumer = await other.consume(name, echo, { prefetch: 2 });
    await broker.call(name, callOf('x'));
    await broker.publish(name, callOf('y'));
    await until('all is done', async () => (await broker.depth(name)).waiting === 0);
    await consumer.stop();
    await other.close();
    await broker.close();
    await until('nothing is left', async () => {
      return (await harness.server!.leftovers(options.namespace!)).length === 0;
    });
  },
};

function keep(seen: string[]) {
  return async (call: Parameters<typeof echo>[0]) => {
    seen.push(await textOf(call));
    return replyTo(call, call.body);
  };
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  const soon = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 10));
  return Promise.race([promise.then(() => true), soon]);
}

function publishes(publishing: Promise<void>): Promise<boolean> {
  return publishing.then(
    () => true,
    () => false,
  );
}

/** A consumer in a process of its own; it never answers. */
async function startConsumer({ harness, options, name, onEnd }: Bench) {
  const extension = import.meta.url.slice(-3);
  const program = fileURLToPath(new URL(`consumer${extension}`, import.meta.url));
  const args = [program, harness.server!.url(), options.namespace!, name];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onEnd(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  const said = (line: string): Promise<void> => until(line, () => lines.includes(line), longMs);
  await said('ready');
  return { said, kill: () => child.kill('SIGKILL') };
}

/** SIGTERM: what is in flight ends, then everything does, with nothing left. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { describe } from 'node:test';
import { deploy, enable, makeBundle, nodeBundle, upload } from './fixture/bundle.ts';
import { ask, verdict } from './fixture/client.ts';
import { descendantsOf, startedIn, until } from './fixture/process.ts';
import { staged } from './fixture/server.ts';
import type { Server, Stage } from './fixture/server.ts';

const code = `
import { setTimeout as sleep } from 'node:timers/promises';
export const main = async () => { console.log('began'); await sleep(800); return 'whole'; };
export const never = () => { console.log('began'); return new Promise(() => {}); };
export async function* pours() { console.log('began'); for (let at = 0; at < 8; at++) { yield 'part '; await sleep(100); } }
`;
const operations = { 'GET /': 'main', 'GET /never': 'never', 'GET /pours': 'pours' };
const python =
  'import time\ndef main():\n    print("began")\n    time.sleep(0.8)\n    return "whole"\n';

/** Nothing that the server started runs, and its folder for sockets is gone. */
async function assertGone(stage: Stage, server: Server): Promise<void> {
  assert.deepEqual(descendantsOf(server.pid), []);
  await until(() => startedIn(stage.temporary).length === 0);
  assert.deepEqual(readdirSync(stage.temporary), []);
}

async function deployAll(server: Server): Promise<void> {
  await deploy(server, nodeBundle('node', code, { operations }));
  await deploy(server, {
    name: 'python',
    operations: { 'GET /': 'main' },
    settings: { handler: 'app.py' },
    files: { 'app.py': python },
  });
  const process = ['sh', '-c', 'echo began >&2; sleep 0.8; printf whole'];
  await deploy(server, {
    name: 'program',
    operations: { 'GET /': { operationId: 'main', 'x-funcatron': { process } } },
  });
  const web = `require('node:http').createServer((_, r) => { console.log('began'); setTimeout(() => r.end('whole'), 800); }).listen(process.env.PORT);`;
  await deploy(server, {
    name: 'web',
    operations: { 'GET /': 'main' },
    settings: { runtime: 'http', process: [globalThis.process.execPath, 'web.cjs'] },
    files: { 'web.cjs': web },
  });
}

const began = (server: Server): number => server.lines.filter(({ msg }) => msg === 'began').length;

describe('shutdown', { concurrency: 3 }, () => {
  staged(
    'calls in flight of every runtime end, then the server does, and all it started',
    async (stage) => {
      const server = await stage.serve();
      await deployAll(server);
      const places = ['node', 'python', 'program', 'web'];
      const calls = places.map((place) => ask(`${server.door}/${place}`));
      const stream = ask(`${server.door}/node/pours`);
      await until(() => began(server) === places.length + 1);
      const ended = server.stop();
      for (const answer of await Promise.all(calls)) {
        assert.equal(answer.status, 200, answer.text);
        assert.match(answer.text, /^"?whole"?$/);
      }
      assert.equal((await stream).text, 'part '.repeat(8));
      assert.deepEqual(await ended, { code: 0, signal: null });
      await assertGone(stage, server);
    },
  );

  staged(
    'a client that keeps its connection, or says nothing on it, holds nobody up',
    async (stage) => {
      const server = await stage.serve();
      const silent = get(`${server.door}/`, { agent: false, headers: { expect: '100-continue' } });
      silent.on('error', () => undefined);
      const [answer] = (await once(get(`${server.tron}/api/v1/logs?follow=1`), 'response')) as [
        IncomingMessage,
      ];
      answer.on('error', () => undefined).resume();
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      await assertGone(stage, server);
    },
  );

  staged('a call that does not end is cut off when --drain is over', async (stage) => {
    const server = await stage.serve({ flags: ['--drain', '500ms'] });
    await deploy(server, nodeBundle('node', code, { operations }));
    const call = ask(`${server.door}/node/never`);
    const cut = assert.rejects(call, { code: 'ECONNRESET' });
    await until(() => began(server) === 1);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    await cut;
    await assertGone(stage, server);
  });

  staged('calls that still wait for a worker when --drain is over start none', async (stage) => {
    const server = await stage.serve({ flags: ['--drain', '300ms'] });
    const settings = { concurrency: 1, instances: { max: 1 } };
    await deploy(server, nodeBundle('node', code, { operations, settings }));
    const calls = [1, 2, 3].map(() =>
      ask(`${server.door}/node/never`).then(verdict, () => 'broken'),
    );
    await until(() => began(server) === 1);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    await Promise.all(calls);
    assert.equal(began(server), 1);
    await assertGone(stage, server);
  });

  staged(
    'calls of versions that were replaced or disabled are cut off then, too',
    async (stage) => {
      const server = await stage.serve({ flags: ['--drain', '300ms'] });
      const old = await deploy(server, nodeBundle('node', code, { operations }));
      const calls = [ask(`${server.door}/node/never`).catch(() => undefined)];
      await until(() => began(server) === 1);
      await deploy(server, nodeBundle('node', `${code}// another`, { operations }));
      await enable(server, { sha: old.sha, basePath: '/gone' });
      calls.push(ask(`${server.door}/gone/never`).catch(() => undefined));
      await until(() => began(server) === 2);
      await ask(`${server.tron}/api/v1/disable`, { json: { sha: old.sha } });
      // It does not wait for the calls that the disabled one still has.
      assert.equal((await enable(server, { sha: old.sha, basePath: '/gone' })).status, 200);
      assert.equal((await ask(`${server.door}/gone`)).status, 200);
      assert.equal(began(server), 3);
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      await Promise.all(calls);
      await assertGone(stage, server);
    },
  );

  staged('SIGTERM in the middle of an enable, at any moment of it', async (stage) => {
    const slow =
      'await new Promise((done) => setTimeout(done, 20_000)); export const main = () => 1;';
    for (let round = 0; round < 3; round++) {
      const server = await stage.serve({ data: `enable-${round}` });
      const { sha, bytes } = await makeBundle(nodeBundle('node', slow));
      await upload(server, bytes);
      const enabling = enable(server, { sha }).catch(() => undefined);
      await new Promise((done) => setTimeout(done, round * 80));
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      await enabling;
      await assertGone(stage, server);
    }
  });

  staged('asynchronous calls in hand at the end are run to theirs, or again', async (stage) => {
    let server = await stage.serve({ data: 'async' });
    await deploy(server, nodeBundle('node', code, { operations }));
    const headers = { prefer: 'respond-async' };
    const taken = await ask(`${server.door}/node`, { headers });
    assert.equal(taken.status, 202);
    const { id, url } = JSON.parse(taken.text);
    await server.line(({ msg, requestId }) => msg === 'began' && requestId === id);
    assert.equal((await server.stop()).code, 0);
    server = await stage.serve({ data: 'async' });
    const isDone = async (): Promise<boolean> =>
      JSON.parse((await ask(server.door + url)).text).status === 'done';
    await until(isDone);
    assert.equal((await server.stop()).code, 0);
  });

  staged('who asks again, later, does not wait', async (stage) => {
    const server = await stage.serve();
    await deploy(server, nodeBundle('node', code, { operations }));
    const cut = assert.rejects(ask(`${server.door}/node/never`));
    await until(() => began(server) === 1);
    void server.stop();
    await server.line(({ msg }) => msg.startsWith('shutting down'));
    const again = setInterval(() => void server.stop(), 200);
    assert.equal((await server.ended).code, 1);
    clearInterval(again);
    await cut;
    await until(() => startedIn(stage.temporary).length === 0);
  });
});

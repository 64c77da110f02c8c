/** Node Funcs that do what they should not: their callers are told, others notice nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask, hammer, verdict } from './fixture/client.ts';
import type { Hammer } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const bad = `
import { writeSync } from 'node:fs';
const never = () => new Promise(() => {});
export const fine = () => true;
export const throws = () => { throw new Error('secret of the Func'); };
export const throwsNothing = () => { throw undefined; };
export const rejectsText = () => Promise.reject('a text');
export const exits = () => { process.exit(0); };
export const tells = () => { console.log('called once more'); setTimeout(() => process.exit(1), 20); return never(); };
export const aborts = () => { process.abort(); };
export const segfaults = () => { process.kill(process.pid, 'SIGSEGV'); return never(); };
export const throwsLater = () => { setTimeout(() => { throw new Error('nobody catches'); }, 5); return never(); };
export const rejectsLater = () => { Promise.reject(new Error('nobody catches')); return never(); };
export const loops = () => { for (;;); };
export const waits = () => never();
const kept = [];
export const leaks = () => { for (;;) kept.push(Buffer.alloc(1e6, 1)); };
export const grows = () => { for (;;) kept.push({ at: kept.length }); };
export const floods = () => {
  const block = Buffer.alloc(2 ** 20, 'a line of sixty-three characters and the end of it, so to sa\\n');
  for (let at = 0; at < 1024; at++) writeSync(1, block);
  return 'flooded';
};
export const chatters = () => {
  for (let at = 0; at < 200_000; at++) console.log('chatter', at);
  return 'chattered';
};
export const functions = () => () => {};
export const cycles = () => { const o = {}; o.o = o; return o; };
export const bigints = () => ({ n: 1n });
export const badStatus = () => ({ status: 99, headers: {}, body: 'x' });
export const badHeader = () => ({ status: 200, headers: { 'x-a': 'b\\r\\nset-cookie: c' }, body: 'x' });
export const splitsLength = () => ({ status: 200, headers: { 'content-length': '3', 'transfer-encoding': 'chunked' }, body: 'abcdef' });
export const breaksOff = async function* () { yield 'a'.repeat(70000); throw new Error('in the middle'); };
export const endless = async function* () { yield 'a'; await never(); };
export const takesDown = () => { globalThis.JSON.stringify = () => { throw new Error('no JSON'); }; return { a: 1 }; };
export const closesSockets = () => { for (const h of process._getActiveHandles()) h.destroy?.(); return never(); };
`;
const names = [...bad.matchAll(/export const (\w+)/g)].map((match) => match[1]!);
const spinning: Record<string, string> = {
  loops: '300ms',
  waits: '300ms',
  endless: '1s',
  floods: '2s',
};
const gets = names.map((operationId) => {
  const timeout = spinning[operationId] ?? '30s';
  return [`GET /${operationId}`, { operationId, 'x-funcatron': { timeout } }] as const;
});
const post = ['POST /tells', 'tellsPost'] as const;
const more = 'export { tells as tellsPost };';

const stage = new Stage();
let server: Server;
let bystander: Hammer | undefined;

before(async () => {
  server = await stage.serve();
  await deploy(server, nodeBundle('good', 'export const main = () => ({ fine: true });'));
  await deploy(
    server,
    nodeBundle('bad', bad + more, {
      operations: Object.fromEntries([...gets, post]),
      settings: { memory: '192Mi' },
    }),
  );
  bystander = hammer(`${server.door}/good`, 4, ({ status, text }) => {
    return status === 200 && text === '{"fine":true}';
  });
});
after(() => Promise.resolve(bystander?.stop()).finally(() => stage.close()));

const verdicts: Record<string, string> = {
  throws: '500 func_failed func',
  throwsNothing: '500 func_failed func',
  rejectsText: '500 func_failed func',
  exits: '502 func_exited func',
  aborts: '502 func_exited func',
  segfaults: '502 func_exited func',
  throwsLater: '502 func_exited func',
  rejectsLater: '502 func_exited func',
  loops: '504 func_timeout func',
  waits: '504 func_timeout func',
  leaks: '502 func_memory func',
  grows: '502 func_memory func',
  functions: '502 func_bad_result func',
  cycles: '502 func_bad_result func',
  bigints: '502 func_bad_result func',
  badStatus: '502 func_bad_result func',
  badHeader: '502 func_bad_result func',
  takesDown: '502 func_exited func',
  closesSockets: '502 func_exited func',
};

for (const [name, expected] of Object.entries(verdicts))
  test(`a Func that ${name}`, async () => {
    await ask(`${server.door}/bad/fine`);
    const answer = await ask(`${server.door}/bad/${name}`);
    assert.equal(verdict(answer), expected, answer.text);
    assert.doesNotMatch(answer.text, /handler\.mjs/);
  });

test('a Func that ends the worker is not called twice for one POST', async () => {
  const runs = (): number => server.lines.filter(({ msg }) => msg === 'called once more').length;
  const before = runs();
  for (const method of ['POST', 'GET']) {
    const answer = await ask(`${server.door}/bad/tells`, { method });
    assert.equal(verdict(answer), '502 func_exited func', answer.text);
  }
  await until(() => runs() === before + 3);
});

test('a Func that floods standard output with 1 GB waits until its deadline', async () => {
  const answer = await ask(`${server.door}/bad/floods`);
  assert.equal(verdict(answer), '504 func_timeout func');
  const { msg } = await server.line((line) => line.bundle === 'bad' && /dropped/.test(line.msg));
  assert.match(msg, /dropped \d+ lines/);
});

test('a Func that says 200,000 lines is heard in part', async () => {
  const answer = await ask(`${server.door}/bad/chatters`);
  assert.deepEqual([answer.status, answer.text], [200, '"chattered"']);
  assert.ok(server.lines.filter(({ msg }) => msg.startsWith('chatter ')).length <= 10_000);
});

test('an answer that breaks off is broken for its caller, too', async () => {
  for (const name of ['breaksOff', 'endless'])
    await assert.rejects(ask(`${server.door}/bad/${name}`), { code: 'ECONNRESET' }, name);
});

test('after all that the bundle still answers', async () => {
  const answer = await ask(`${server.door}/bad/throws`);
  assert.equal(verdict(answer), '500 func_failed func', answer.text + server.output.slice(-3000));
});

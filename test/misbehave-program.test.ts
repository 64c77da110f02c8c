/** Programs that do what they should not, one per call and long-running ones that speak HTTP. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deploy } from './fixture/bundle.ts';
import { ask, hammer, verdict } from './fixture/client.ts';
import type { Hammer } from './fixture/client.ts';
import { descendantsOf, until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

/** By operationId: a program of a bundle of its kind, and what its caller is told. */
const programs: Record<string, [program: string[], verdict: string]> = {
  fails: [['sh', '-c', 'echo half; exit 3'], '500 func_failed func'],
  aborts: [['sh', '-c', 'kill -ABRT $$'], '502 func_exited func'],
  segfaults: [['sh', '-c', 'kill -SEGV $$'], '502 func_exited func'],
  sleeps: [['sleep', '100'], '504 func_timeout func'],
  loops: [['sh', '-c', 'while :; do :; done'], '504 func_timeout func'],
  deaf: [['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], '504 func_timeout func'],
  family: [['sh', '-c', 'setsid sleep 100 & sleep 100 & wait'], '504 func_timeout func'],
  leaks: [['perl', '-e', 'my @a; push @a, "x" x 1e6 while 1'], '502 func_memory func'],
};

/** By path: what a program that speaks HTTP does with a request; `c` is the connection. */
const server = `
const { createServer } = require('node:net');
const kept = [];
const deeds = {
  '/fine': (c) => c.end('HTTP/1.1 200 OK\\r\\ncontent-length: 4\\r\\n\\r\\ntrue'),
  '/rubbish': (c) => c.end('this is no HTTP\\r\\n\\r\\n'),
  '/binary': (c) => c.end(Buffer.alloc(5000, 0xff)),
  '/hangs-up': (c) => c.destroy(),
  '/half-a-head': (c) => c.end('HTTP/1.1 200 OK\\r\\ncontent-le'),
  '/lies': (c) => c.end('HTTP/1.1 200 OK\\r\\ncontent-length: 9\\r\\n\\r\\nabc'),
  '/twice': (c) => c.end('HTTP/1.1 200 OK\\r\\ncontent-length: 1\\r\\n\\r\\naHTTP/1.1 200 OK\\r\\ncontent-length: 1\\r\\n\\r\\nb'),
  '/endless-head': (c) => { c.write('HTTP/1.1 200 OK\\r\\n'); const more = () => { while (c.write('x-a: ' + 'b'.repeat(1000) + '\\r\\n')); }; c.on('drain', more); more(); },
  '/two-lengths': (c) => c.end('HTTP/1.1 200 OK\\r\\ncontent-length: 1\\r\\ncontent-length: 3\\r\\n\\r\\nabc'),
  '/bad-chunk': (c) => c.end('HTTP/1.1 200 OK\\r\\ntransfer-encoding: chunked\\r\\n\\r\\nzz\\r\\nabc'),
  '/status-99': (c) => c.end('HTTP/1.1 099 Odd\\r\\ncontent-length: 0\\r\\n\\r\\n'),
  '/upgrades': (c) => c.end('HTTP/1.1 101 Switching\\r\\nupgrade: x\\r\\nconnection: upgrade\\r\\n\\r\\n'),
  '/waits': () => {},
  '/loops': () => { for (;;); },
  '/exits': () => process.exit(0),
  '/aborts': () => process.abort(),
  '/leaks': () => { for (;;) kept.push(Buffer.alloc(1e6, 1)); },
};
createServer((c) => {
  c.on('error', () => {});
  c.once('data', (text) => deeds[/ \\/web(\\S+) /.exec(text)[1]](c));
}).listen(process.env.PORT, '127.0.0.1');
`;
const answers: Record<string, string> = {
  rubbish: '502 func_bad_result func',
  binary: '502 func_bad_result func',
  'hangs-up': '500 func_failed func',
  lies: '500 func_failed func',
  'half-a-head': '500 func_failed func',
  'endless-head': '502 func_bad_result func',
  'two-lengths': '502 func_bad_result func',
  'status-99': '502 func_bad_result func',
  upgrades: '502 func_bad_result func',
  waits: '504 func_timeout func',
  loops: '504 func_timeout func',
  exits: '502 func_exited func',
  aborts: '502 func_exited func',
  leaks: '502 func_memory func',
};

const stage = new Stage();
let host: Server;
let bystanders: Hammer[] = [];
const timeout = (name: string): string =>
  ['sleeps', 'loops', 'deaf', 'family', 'waits'].includes(name) ? '500ms' : '30s';

before(async () => {
  host = await stage.serve({ flags: ['--reply-max', '1Mi'] });
  const fine = { operationId: 'fine', 'x-funcatron': { process: ['echo', 'fine'] } };
  const more: typeof programs = {
    floodsErrors: [['perl', '-e', 'print STDERR "x" x 63, "\\n" for 1..1.7e7'], ''],
    floods: [['perl', '-e', 'print "x" x 1e6 for 1..1000'], ''],
  };
  const operations = Object.entries({ ...programs, ...more }).map(([operationId, [process]]) => {
    const own = { process, timeout: operationId === 'floodsErrors' ? '2s' : timeout(operationId) };
    return [`GET /${operationId}`, { operationId, 'x-funcatron': own }] as const;
  });
  const settings = { memory: '96Mi' };
  await deploy(host, { name: 'good', operations: { 'GET /fine': fine } });
  await deploy(host, { name: 'bad', operations: Object.fromEntries(operations), settings });
  const paths = [...server.matchAll(/^ {2}'\/(\S+)'/gm)].map(([, path]) => path!);
  const web = paths.map((path) => {
    const operationId = path.replaceAll('-', '_');
    return [`GET /${path}`, { operationId, 'x-funcatron': { timeout: timeout(path) } }] as const;
  });
  await deploy(host, {
    name: 'web',
    operations: Object.fromEntries(web),
    settings: { runtime: 'http', process: [process.execPath, 'server.cjs'], memory: '192Mi' },
    files: { 'server.cjs': server },
  });
  bystanders = [hammer(`${host.door}/good/fine`, 2, ({ text }) => text === 'fine\n')];
});
after(async () => {
  const stopped = await Promise.allSettled(bystanders.map((one) => one.stop()));
  await stage.close();
  for (const one of stopped) if (one.status === 'rejected') throw one.reason;
});

for (const [name, [, expected]] of Object.entries(programs))
  test(`a program that ${name}`, async () => {
    const answer = await ask(`${host.door}/bad/${name}`);
    assert.equal(verdict(answer), expected, answer.text);
  });

test('a program that floods standard output is cut off at --reply-max', async () => {
  await assert.rejects(ask(`${host.door}/bad/floods`), { code: 'ECONNRESET' });
  const { err } = await host.line(({ msg }) => msg === 'the response broke off');
  assert.match((err as Error).message, /--reply-max/);
});

test('a program that floods standard error with 1 GB waits until its deadline', async () => {
  const answer = await ask(`${host.door}/bad/floodsErrors`);
  assert.equal(verdict(answer), '504 func_timeout func');
});

for (const [name, expected] of Object.entries(answers))
  test(`a program that speaks HTTP: ${name}`, async () => {
    await until(async () => (await ask(`${host.door}/web/fine`)).status === 200);
    const answer = await ask(`${host.door}/web/${name}`);
    assert.equal(verdict(answer), expected, answer.text);
  });

test('an answer that breaks off is broken for its caller, too', async () => {
  await until(async () => (await ask(`${host.door}/web/fine`)).status === 200);
  await assert.rejects(ask(`${host.door}/web/bad-chunk`), { code: 'ECONNRESET' });
});

test('of two answers to one request the second is nobody else’s', async () => {
  for (let round = 0; round < 5; round++) {
    const [twice, fine] = await Promise.all(
      ['twice', 'fine'].map((name) => ask(`${host.door}/web/${name}`)),
    );
    assert.deepEqual([twice!.text, fine!.text], ['a', 'true']);
  }
});

test('nothing that the calls started goes on', async () => {
  await Promise.all(bystanders.splice(0).map((one) => one.stop()));
  assert.equal((await host.stop()).code, 0);
  await until(() => descendantsOf(host.pid).length === 0);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnProgram } from './direct.ts';
import { checkVariables, cleanEnv } from './environment.ts';
import { allGone, uniqueSleep } from './fixture/leftover.ts';
import { killGroup, signalGroup } from './group.ts';
import { LastWords } from './last-words.ts';
import type { Program } from './program.ts';
import { findPort, ownsPort, reachPort } from './port.ts';
import { childrenOf, killTree, readCpuMs, readRss, treeOf, variableOf } from './tree.ts';

const limits = { timeout: 30_000 };
const linux = { ...limits, skip: process.platform !== 'linux' };

async function shell(script: string): Promise<Program> {
  const command = ['sh', '-c', script];
  const program = spawnProgram({ command, env: cleanEnv({ MARK: 'here' }) });
  await once(program.stdout, 'data');
  return program;
}

test('a tree is a process and all below it, whatever their groups', linux, async () => {
  const token = uniqueSleep();
  const program = await shell(`setsid sh -c 'sleep ${token} & echo up; wait' & wait`);
  while (treeOf(program.pid).length < 3);
  assert.equal(childrenOf(program.pid).length, 1);
  assert.ok(readRss(program.pid) > readRss(treeOf(program.pid).at(-1)!));
  assert.equal(variableOf(program.pid, 'MARK'), 'here');
  assert.equal(variableOf(program.pid, 'MAR'), undefined);
  killTree(program.pid);
  assert.equal((await program.exited).signal, 'SIGKILL');
  await allGone(token);
});

test(
  'CPU time is that of a process, of what has ended below it and of what runs',
  linux,
  async () => {
    const count = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
    const program = await shell(`(${count}); (while :; do :; done) & echo up; wait`);
    const before = readCpuMs(program.pid);
    assert.ok(before >= 20, `${before} ms`);
    const [child] = childrenOf(program.pid);
    while (readCpuMs(child!) < 50) await sleep(10);
    assert.ok(readCpuMs(program.pid) >= before + 50);
    killTree(program.pid);
    await program.exited;
  },
);

test('of what is gone there is nothing to tell', limits, async () => {
  const program = await shell('echo up');
  await program.exited;
  assert.equal(readRss(program.pid), 0);
  assert.equal(readCpuMs(program.pid), 0);
  assert.deepEqual(childrenOf(program.pid), []);
  assert.equal(variableOf(program.pid, 'MARK'), undefined);
  killTree(program.pid);
  assert.equal(signalGroup(program.pid, 'SIGKILL'), false);
  await killGroup(program.pid, 10);
});

test('a group is ended, those in it that ignore SIGTERM too', limits, async () => {
  const token = uniqueSleep();
  const program = await shell(`trap '' TERM; sleep ${token} & sleep ${token} & echo up; wait`);
  await Promise.all([killGroup(program.pid, 20), program.exited]);
  await allGone(token);
});

test('our own group is never meant', () => {
  for (const pid of [0, 1, -1, Number.NaN, 1.5]) assert.equal(signalGroup(pid, 0), false);
});

test('a port belongs to who listens on it', linux, async () => {
  const port = await findPort();
  assert.equal(await reachPort(port), undefined);
  assert.equal(ownsPort(process.pid, port), undefined);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const taken = (server.address() as AddressInfo).port;
  assert.equal(await reachPort(taken), '127.0.0.1');
  assert.equal(ownsPort(process.pid, taken), true);
  const stranger = await shell('echo up; sleep 1000');
  assert.equal(ownsPort(stranger.pid, taken), false);
  signalGroup(stranger.pid, 'SIGKILL');
  await stranger.exited;
  server.close();
});

test('an environment has five variables of ours and those that are given', () => {
  const ours = { PATH: '/bin', HOME: '/h', LANG: 'C', TMPDIR: '/t', TZ: 'UTC' };
  const all = { ...ours, SECRET: 's', FUNCATRON_DATA: 'd', NODE_OPTIONS: '-r x' };
  assert.deepEqual(cleanEnv({ OWN: '1', PATH: '/own' }, all), { ...ours, PATH: '/own', OWN: '1' });
  assert.deepEqual(cleanEnv({}, { HOME: undefined }), {});
});

test('a variable that cannot be is refused by name', () => {
  const code = 'worker_start_failed';
  checkVariables({ GOOD: 'x'.repeat(100_000) });
  assert.throws(() => checkVariables({ BIG: 'ü'.repeat(70_000) }), {
    code,
    message: /BIG.*140005/,
  });
  assert.throws(() => checkVariables({ NUL: 'a\0b' }), { code, message: /"NUL"/ });
  assert.throws(() => checkVariables({ 'A=B': '' }), { code, message: /"A=B"/ });
});

test('last words are the end of many', () => {
  const words = new LastWords();
  assert.equal(words.toString(), '');
  for (let line = 0; line < 5_000; line++) words.add(`line ${line}`);
  assert.ok(words.toString().endsWith('line 4998\nline 4999'));
  assert.equal(words.toString().length, 4096);
});

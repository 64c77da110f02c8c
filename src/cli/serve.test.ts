import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startProgram } from './fixture/program.ts';
import type { Program } from './fixture/program.ts';
import { takePort } from './fixture/port.ts';
import { jsProject } from './fixture/project.ts';
import { runCommand } from './fixture/terminal.ts';

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'serve-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

const anyPorts = ['--host', '127.0.0.1', '--port', '0', '--tron-port', '0'];
const serve = (data: string, ...more: string[]): Program =>
  startProgram(['serve', ...anyPorts, '--data', data, ...more], { cwd: dir });

async function urlsOf(program: Program): Promise<{ url: string; tron: string }> {
  const [, url] = await program.find(/frontend at (http:\/\/[\w.:]+)/);
  const [, tron] = await program.find(/Tron at (http:\/\/[\w.:]+)/);
  return { url: url!, tron: tron! };
}

async function stop(program: Program, signal: NodeJS.Signals = 'SIGTERM') {
  program.child.kill(signal);
  return program.ended;
}

test('a signal ends it in order, with nothing left but its data', async () => {
  const data = join(dir, 'orderly');
  const program = serve(data);
  const { url } = await urlsOf(program);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  const sockets = readFileSync(join(data, 'sockets'), 'utf8');
  assert.ok(existsSync(sockets));
  assert.deepEqual(await stop(program, 'SIGINT'), { code: 0, signal: null });
  assert.ok(!existsSync(sockets), 'the folder for sockets is gone');
  await assert.rejects(fetch(url));
  for (const line of program.said.trim().split('\n')) JSON.parse(line);
});

test('the same Ctrl-C seen twice, by the terminal and by npm, ends it in order', async () => {
  const data = join(dir, 'twice');
  const program = serve(data);
  await urlsOf(program);
  program.child.kill('SIGINT');
  assert.deepEqual(await stop(program, 'SIGINT'), { code: 0, signal: null });
  assert.match(program.said, /shutting down/);
});

test('what was enabled is enabled again, also after kill -9', async () => {
  const data = join(dir, 'durable');
  const shop = jsProject();
  try {
    const first = serve(data);
    const { tron } = await urlsOf(first);
    const { code, said } = await runCommand(['deploy', shop.dir, '--tron', tron]);
    assert.equal(code, 0, said);
    const sockets = readFileSync(join(data, 'sockets'), 'utf8');
    assert.deepEqual(await stop(first, 'SIGKILL'), { code: null, signal: 'SIGKILL' });
    const second = serve(data);
    const { url } = await urlsOf(second);
    assert.deepEqual(await (await fetch(`${url}/shop/hello`)).json(), { said: 'Hello' });
    assert.ok(!existsSync(sockets), 'what the killed one left is gone');
    await stop(second);
  } finally {
    shop.close();
  }
});

test('a port in use is named by its option', async () => {
  const { port, server } = await takePort();
  const data = join(dir, 'ports');
  try {
    for (const flag of ['--port', '--tron-port']) {
      const program = serve(data, flag, String(port));
      assert.deepEqual(await program.ended, { code: 1, signal: null });
      assert.match(program.said, new RegExp(`^error address_in_use: .*:${port} .*${flag}\\b`, 'm'));
    }
  } finally {
    server.close();
  }
});

test('a data folder is one server’s', async () => {
  const data = join(dir, 'held');
  const first = serve(data);
  await urlsOf(first);
  const second = serve(data);
  assert.deepEqual(await second.ended, { code: 2, signal: null });
  assert.match(second.said, /^error option_invalid: .*held is in use by another process.*--data/m);
  await stop(first);
  const third = serve(data);
  await urlsOf(third);
  await stop(third);
});

test('a data folder that cannot be one is refused', async () => {
  writeFileSync(join(dir, 'file'), '');
  for (const data of ['file', 'file/below', '/proc/none']) {
    const program = serve(data);
    assert.deepEqual(await program.ended, { code: 2, signal: null });
    assert.match(program.said, /^error option_invalid: --data .* cannot be made: /, data);
  }
});

test('bad options end it before anything is there', async () => {
  for (const [flag, value] of [
    ['--port', 'eighty'],
    ['--drain', 'soon'],
    ['--store', 'carrier-pigeon://x'],
    ['--tron-host', '0.0.0.0'],
  ] as const) {
    const program = serve(join(dir, 'bad'), flag, value);
    assert.deepEqual(await program.ended, { code: 2, signal: null });
    assert.match(
      program.said,
      new RegExp(`^error (option_invalid|scheme_unknown): ${flag}:? `, 'm'),
    );
  }
});

test('on a terminal the lines are for people', async () => {
  const data = join(dir, 'tty');
  const args = ['serve', ...anyPorts, '--data', data];
  const program = startProgram(args, { cwd: dir, tty: true });
  const { url } = await urlsOf(program);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  program.type('\u0003');
  assert.equal((await program.ended).code, 0);
  assert.match(program.output, /\d\d:\d\d:\d\d\.\d{3}\S* \S*INFO/);
  assert.doesNotMatch(program.output, /^\{/m);
});

test('nothing is left in the folder it was started in', () => {
  assert.ok(!readdirSync(dir).includes('.funcatron'));
});

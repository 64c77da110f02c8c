import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { whyMissing } from '../../../test/server/server.ts';
import { allGone, uniqueSleep } from '../../watchdog/fixture/leftover.ts';
import { writeExecutable } from './executable.ts';
import type { Terminal } from '../terminal.ts';

const run = promisify(execFile);
const limits = { timeout: 60_000 };
const root = fileURLToPath(new URL('../../..', import.meta.url));
const fixtures = join(root, 'src/runtime/watchdog/fixture');
const free = { port: '0', metrics_port: '0', healthcheck_interval: '0' };

const noPerl = whyMissing('perl');
const oldNode = await findOldNode();

let dir: string;
let file: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'executable-'));
  file = join(dir, 'fwatchdog');
  await run(join(root, 'bin/funcatron.js'), ['watchdog', '--executable', 'fwatchdog'], {
    cwd: dir,
  });
  await mkdir(join(dir, 'public'));
  await writeFile(join(dir, 'public/a.txt'), 'a file');
}, limits);
after(() => rm(dir, { recursive: true }));

interface Own {
  child: ChildProcess;
  port: number;
  env: Record<string, string>;
  said(): string;
}

/** Starts a watchdog with these variables and no other, in a folder that has nothing for it. */
async function start(command: readonly string[], given: Record<string, string>): Promise<Own> {
  const TMPDIR = await mkdtemp(join(dir, 'own-'));
  const env = { ...free, TMPDIR, ...given };
  const [program, ...args] = command as [string, ...string[]];
  const child = spawn(program, args, { cwd: TMPDIR, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  while (!said.includes('Writing lock-file')) await once(child.stderr, 'data');
  const port = Number(/Listening on port: (\d+)/.exec(said)![1]);
  return { child, port, env, said: () => said };
}

async function end({ child }: Own): Promise<number> {
  const ended = once(child, 'exit') as Promise<[number]>;
  child.kill('SIGTERM');
  return (await ended)[0];
}

interface Asked {
  path?: string;
  method?: string;
  body?: string;
  headers?: Record<string, string>;
}

async function ask(port: number, asked: Asked): Promise<unknown> {
  const { path = '/', method = 'POST', body = 'hi', headers = {} } = asked;
  const all = { host: 'shop', ...headers };
  const sent = request({ port, path, method, headers: all, agent: false });
  sent.end(method === 'POST' ? body : undefined);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { date: _, 'x-duration-seconds': took, ...others } = response.headers;
  const tellsTime = took !== undefined;
  return [response.statusCode, others, tellsTime, await text(response)];
}

const cases: Record<string, [env: Record<string, string>, ...asked: Asked[]]> = {
  classic: [
    { fprocess: '/bin/cat' },
    { headers: { 'content-type': 'text/x-own' } },
    { body: '{}' },
    { method: 'OPTIONS' },
    { path: '/_/health', method: 'GET' },
  ],
  'classic, failing': [{ fprocess: join(fixtures, 'fail.sh') }, {}],
  'classic, missing': [{ fprocess: '/not/there' }, {}],
  warm: [
    { mode: 'warm', fprocess: `/bin/bash ${root}/examples/warm/bash/greet.sh` },
    { body: 'Ada' },
    { path: '/x?y', method: 'GET' },
  ],
  http: [
    { mode: 'http', fprocess: `${process.execPath} ${fixtures}/server.mjs` },
    { path: '/teapot' },
    { path: '/lines' },
    { path: '/hangup' },
  ],
  serializing: [{ mode: 'serializing', fprocess: '/bin/cat' }, {}],
  streaming: [{ mode: 'streaming', fprocess: '/bin/cat', content_type: 'text/x' }, {}],
  static: [{ mode: 'static', static_path: 'public' }, { path: '/a.txt', method: 'GET' }, {}],
};

const usual = [process.execPath, join(root, 'bin/fwatchdog.js')];

for (const [name, [given, ...asked]] of Object.entries(cases))
  test(`it answers as fwatchdog does: ${name}`, limits, async () => {
    const env = { ...given, static_path: join(dir, 'public') };
    const both = await Promise.all([start([file], env), start(usual, env)]);
    try {
      for (const one of asked) {
        const [own, other] = await Promise.all(both.map(({ port }) => ask(port, one)));
        assert.deepEqual(own, other, JSON.stringify(one));
      }
    } finally {
      assert.deepEqual(await Promise.all(both.map(end)), [0, 0]);
    }
  });

test('it checks health by its exit code, and finishes what it has at SIGTERM', limits, async () => {
  const own = await start([file], { mode: 'streaming', fprocess: '/bin/cat' });
  const { port, child, env } = own;
  const checked = (flag: string): Promise<number> =>
    run(file, [flag], { env }).then(
      () => 0,
      ({ code }: { code: number }) => code,
    );
  assert.equal(await checked('-run-healthcheck'), 0);
  const sent = request({ port, method: 'POST', agent: false });
  sent.write('first ');
  const [slow] = (await once(sent, 'response')) as [IncomingMessage];
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  while (!own.said().includes('draining: 1 requests')) await once(child.stderr!, 'data');
  assert.equal(await checked('--run-healthcheck'), 1);
  sent.end('last');
  assert.equal(await text(slow), 'first last');
  assert.deepEqual(await ended, [0, null]);
});

test('no argument and no variable is one for its Node', limits, async () => {
  const NODE_OPTIONS = '--require=/not/there';
  const version = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version;
  const { stdout } = await run(file, ['--version'], { env: { NODE_OPTIONS } });
  assert.equal(stdout, `${version}\n`);
  for (const args of [['--inspect'], ['-e', '0'], ['--node-options=--inspect']])
    await assert.rejects(run(file, args), { code: 2, stderr: /^usage: fwatchdog/ });
  const own = await start([file], { fprocess: '/usr/bin/env', NODE_OPTIONS });
  const [, , , said] = (await ask(own.port, {})) as [unknown, unknown, unknown, string];
  assert.ok(said.split('\n').includes(`NODE_OPTIONS=${NODE_OPTIONS}`), said);
  assert.equal(await end(own), 0);
});

test('what a program leaves behind goes with it', { ...limits, skip: noPerl }, async () => {
  const token = uniqueSleep();
  const fprocess = `${join(root, 'src/watchdog/fixture/daemons.sh')} ${token}`;
  const own = await start([file], { fprocess, combine_output: 'false' });
  await ask(own.port, {});
  await allGone(token);
  assert.equal(await end(own), 0);
});

test('what cannot be written is said, and leaves nothing', limits, async () => {
  const terminal = { cwd: dir } as Terminal;
  const before = await readdir(dir);
  const refused = (path: string, message: RegExp): Promise<void> =>
    assert.rejects(writeExecutable(path, terminal), { code: 'option_invalid', message });
  await refused('fwatchdog', /--executable: .*fwatchdog is there already: delete it/);
  await refused('no/such', /there is no folder .*no: make it first/);
  await refused('public/a.txt/x', /cannot be written: ENOTDIR/);
  await assert.rejects(writeExecutable('other', terminal, ['/bin/false']), {
    code: 'build_failed',
  });
  assert.deepEqual(await readdir(dir), before);
});

test('a Node that is too old leaves it to another', { ...limits, skip: oldNode.skip }, async () => {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const terminal = { cwd: dir, out: say, say } as Partial<Terminal> as Terminal;
  const alone = writeExecutable('other', terminal, [oldNode.path]);
  await assert.rejects(alone, { code: 'dependency_missing', message: /Node 25\.5 or later/ });
  await writeExecutable('other', terminal, [oldNode.path, process.execPath]);
  assert.equal(said[0], join(dir, 'other'));
  assert.match(said[1]!, /^\d+(\.\d+)? MiB, for linux on /);
});

/** A Node of this machine that is older than 25.5. */
async function findOldNode(): Promise<{ path: string; skip: string | false }> {
  for (const path of ['/usr/bin/node', '/usr/local/bin/node']) {
    const version = await run(path, ['--version']).then(
      ({ stdout }) => stdout,
      () => '',
    );
    const [, major = 99, minor = 0] = /^v(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
    if (major < 25 || (major === 25 && minor < 5)) return { path, skip: false };
  }
  return { path: '', skip: 'this machine has no old Node' };
}

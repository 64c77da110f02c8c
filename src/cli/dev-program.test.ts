import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connectShim } from '../runtime/fixture/shim-client.ts';
import { startProgram } from './fixture/program.ts';
import type { Program, ProgramOptions } from './fixture/program.ts';
import { takePort } from './fixture/port.ts';
import { contractText, jsProject } from './fixture/project.ts';
import type { Project } from './fixture/project.ts';

let temporary: string;
let shop: Project;
before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'tmp-'));
  shop = jsProject();
});
after(() => {
  shop.close();
  rmSync(temporary, { recursive: true, force: true });
});

const dev = (args: string[], options: ProgramOptions = {}): Program =>
  startProgram(['dev', ...args], { cwd: shop.dir, env: { TMPDIR: temporary }, ...options });

/** What is left of a dev that has ended; Node's own cache stays for the next start. */
const leftovers = (): string[] =>
  readdirSync(temporary).filter((name) => name !== 'node-compile-cache');

test('a port in use ends it with 1, and leaves nothing', async () => {
  const { port, server } = await takePort();
  try {
    const program = dev(['--port', String(port)]);
    assert.deepEqual(await program.ended, { code: 1, signal: null });
    assert.match(program.said, new RegExp(`^error address_in_use: .*:${port} .*--port`, 'm'));
    assert.deepEqual(leftovers(), []);
  } finally {
    server.close();
  }
});

test('a folder that is not there ends it, and so does a wrong option', async () => {
  for (const [args, code, part] of [
    [['nowhere'], 1, /^error build_failed: cannot build .*nowhere/],
    [['--port', 'x'], 2, /^error option_invalid: --port "x"/],
    [['--props'], 2, /argument missing/],
    [['shop', '--shim'], 2, /^error option_invalid: --shim .*leave out shop/],
  ] as const) {
    const program = dev([...args]);
    assert.deepEqual(await program.ended, { code, signal: null });
    assert.match(program.said, part);
  }
  assert.deepEqual(leftovers(), []);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  test(`${signal} ends it in order, with workers and folders gone`, async () => {
    const program = dev(['--port', '0']);
    const [, url] = await program.find(/shop 1\.0\.0 at (http:\S+)/);
    assert.equal((await fetch(`${url}/hello`)).status, 200);
    program.child.kill(signal);
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.deepEqual(leftovers(), []);
    await assert.rejects(fetch(url!));
  });

test('for shims alone, it ends in order with one connected', async () => {
  const program = dev(['--shim', '--port', '0', '--shim-port', '0']);
  const [, port] = await program.find(/waiting for a dev shim at port (\d+)/);
  const shim = await connectShim(Number(port));
  shim.setSwagger(contractText({ settings: '{}' }));
  await program.find(/shop 1\.0\.0 at/);
  program.child.kill('SIGINT');
  assert.deepEqual(await program.ended, { code: 0, signal: null });
  await shim.closed;
  assert.deepEqual(leftovers(), []);
});

test('Ctrl-C on a terminal', async () => {
  const program = dev(['--port', '0'], { tty: true });
  await program.find(/shop 1\.0\.0 at/);
  program.type('\u0003');
  assert.equal((await program.ended).code, 0);
  assert.deepEqual(leftovers(), []);
});

test('logs of Funcs are JSON on standard error, and nothing of them on standard output', async () => {
  shop.write('dist/main.js', 'exports.hello = () => { console.log("printed"); return 1; };\n');
  const program = dev(['--port', '0']);
  const [, url] = await program.find(/shop 1\.0\.0 at (http:\S+)/);
  await fetch(`${url}/hello`);
  const [line] = await program.find(/^\{.*"printed".*\}$/m);
  const { bundle, requestId, level } = JSON.parse(line);
  assert.equal(bundle, 'shop');
  assert.equal(level, 'info');
  assert.ok(requestId);
  assert.ok(!program.output.includes('printed'));
  program.child.kill('SIGINT');
  await program.ended;
});

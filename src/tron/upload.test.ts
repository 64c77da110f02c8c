import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openStore } from '../store/store.ts';
import { base64ShaOf, contractOf, send, TestPlace, zipOf } from './fixture/place.ts';

const run = promisify(execFile);
const noMount = process.getuid?.() === 0 ? false : 'needs root to mount a small disk';

test('a full disk refuses an upload, and leaves nothing', { skip: noMount }, async (t) => {
  const place = await TestPlace.open();
  const dir = join(place.dir, 'bundles');
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', dir]);
  } catch {
    await place.close();
    return t.skip('this machine does not let root mount a tmpfs');
  }
  try {
    await mkdir(join(dir, 'incoming'));
    const noise = randomBytes(400_000).toString('base64');
    const large = zipOf(contractOf('/large'), { 'noise.txt': noise });
    const reply = await place.post('/api/v1/add_func', large);
    assert.deepEqual([reply.status, reply.json.code], [507, 'store_failed']);
    assert.equal(reply.json.accepted, false);
    assert.match(reply.json.error, /free some space/);
    assert.deepEqual(await readdir(join(dir, 'incoming')), []);
    assert.deepEqual((await place.get('/api/v1/known_funcs')).json['func-bundles'], []);
    await place.upload(contractOf('/small'));
  } finally {
    await run('umount', [dir]);
    await place.close();
  }
});

test('an upload that breaks off leaves nothing', async () => {
  const place = await TestPlace.open();
  const incoming = join(place.dir, 'bundles/incoming');
  const { port } = new URL(place.tron.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    'POST /api/v1/add_func HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n',
  );
  socket.write(Buffer.alloc(5000));
  while ((await readdir(incoming)).length === 0) await sleep(2);
  socket.destroy();
  while ((await readdir(incoming)).length > 0) await sleep(2);
  assert.equal((await place.get('/healthz')).status, 200);
  await place.close();
});

test('too many uploads at a time are told to come back', async () => {
  const place = await TestPlace.open({ uploadsMax: 1 });
  const { port } = new URL(place.tron.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    'POST /api/v1/add_func HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nx',
  );
  while ((await readdir(join(place.dir, 'bundles/incoming'))).length === 0) await sleep(2);
  const reply = await place.post('/api/v1/add_func', zipOf(contractOf('/x')));
  assert.deepEqual([reply.status, reply.json.code], [503, 'too_busy']);
  assert.equal(reply.headers['retry-after'], '1');
  socket.destroy();
  await place.close();
});

test('code of a bundle never runs in the Tron', async () => {
  const place = await TestPlace.open();
  const marker = join(place.dir, 'ran');
  const code = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, '');`;
  const sha = await place.upload(contractOf('/x'), { 'handler.mjs': code, 'index.js': code });
  await place.post('/api/v1/enable', { sha });
  assert.ok(!(await readdir(place.dir)).includes('ran'));
  await place.close();
});

/** Starts a Tron in a process of its own on state in `dir`; resolves with it and its URL. */
async function startTron(dir: string) {
  const program = join(import.meta.dirname, 'fixture/serve.ts');
  const child = spawn(process.execPath, [program, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { child, url: String(line).trim() };
}

test('kill -9 in the middle of uploads and enables leaves nothing half-written', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tron-kill-'));
  const accepted = new Set<string>();
  const enabled = new Map<string, string>();
  for (let round = 0; round < 4; round++) {
    const { child, url } = await startTron(dir);
    const exited = once(child, 'exit');
    const work = async (lane: number): Promise<void> => {
      for (let index = 0; ; index++) {
        const basePath = `/r${round}/l${lane}/n${index}`;
        const bundle = zipOf(contractOf(basePath), { noise: randomBytes(200_000).toString('hex') });
        const uploaded = await send(`${url}/api/v1/add_func`, 'POST', {}, bundle);
        assert.equal(uploaded.status, 200, uploaded.text);
        const sha = base64ShaOf(bundle);
        accepted.add(sha);
        const type = { 'content-type': 'application/json' };
        const body = JSON.stringify({ sha, props: { basePath } });
        const reply = await send(`${url}/api/v1/enable`, 'POST', type, body);
        assert.equal(reply.status, 200, reply.text);
        enabled.set(basePath, sha);
      }
    };
    const lanes = [0, 1].map((lane) => work(lane).catch((error) => error));
    const atLeast = accepted.size + 1;
    while (accepted.size < atLeast) await sleep(5);
    await sleep(Math.random() * 300);
    child.kill('SIGKILL');
    await exited;
    for (const error of await Promise.all(lanes))
      assert.match(String(error.code), /ECONN|EPIPE|UND_ERR/, String(error));
  }
  const { child, url } = await startTron(dir);
  const get = async (path: string) => (await send(`${url}${path}`, 'GET', {})).json;
  const known = (await get('/api/v1/known_funcs'))['func-bundles'] as { sha: string }[];
  const shas = new Set(known.map(({ sha }) => sha));
  for (const sha of accepted) assert.ok(shas.has(sha), 'what was accepted is known');
  const routes = (await get('/api/v1/routes')) as { path: string; sha: string }[];
  const places = new Map(routes.map((route) => [route.path, route.sha]));
  for (const [path, sha] of enabled) assert.equal(places.get(path), sha);
  for (const { sha } of routes) assert.ok(shas.has(sha), 'what is enabled is known');
  assert.deepEqual(await readdir(join(dir, 'bundles/incoming')), []);
  for (const sha of shas) {
    const hex = Buffer.from(sha, 'base64').toString('hex');
    const bytes = await readFile(join(dir, 'bundles', `${hex}.zip`));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), hex, 'every file is whole');
  }
  child.kill('SIGTERM');
  await once(child, 'exit');
  const store = await openStore(`sqlite:${join(dir, 'funcatron.db')}`);
  assert.equal((await store.bundles()).length, shas.size);
  await store.close();
  await rm(dir, { recursive: true });
});

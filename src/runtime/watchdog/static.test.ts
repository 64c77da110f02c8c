import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openWatchdog } from './fixture/open.ts';
import type { Answer, Watchdog } from './fixture/open.ts';

const large = Buffer.alloc(700_000, 'large ');
let root: string;
let watchdog: Watchdog;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'static-'));
  await mkdir(join(root, 'public/sub'), { recursive: true });
  await mkdir(join(root, 'public/list'));
  await writeFile(join(root, 'secret.txt'), 'secret');
  await writeFile(join(root, 'public/index.html'), '<h1>home</h1>');
  await writeFile(join(root, 'public/sub/index.html'), 'sub');
  await writeFile(join(root, 'public/list/a&b.css'), 'a {}');
  await writeFile(join(root, 'public/large.bin'), large);
  await writeFile(join(root, 'public/noname'), '%PDF-1.4');
  await writeFile(join(root, 'public/empty.txt'), '');
  await symlink('sub', join(root, 'public/linked'));
  watchdog = await openWatchdog({ mode: 'static', static_path: 'public' }, { dir: root });
});
after(async () => {
  await watchdog.close();
  await rm(root, { recursive: true });
});

const get = (rest: string, headers = {}, method = 'GET'): Promise<Answer> =>
  watchdog.call('', { method, rest, headers });

test('files, with types by name or by what they begin with', async () => {
  const home = await get('/');
  assert.deepEqual([home.status, home.text], [200, '<h1>home</h1>']);
  assert.equal(home.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal((await get('/list/a%26b.css')).headers['content-type'], 'text/css; charset=utf-8');
  assert.equal((await get('/noname')).headers['content-type'], 'application/pdf');
  assert.equal((await get('/linked/')).text, 'sub');
  assert.equal((await get('/empty.txt')).bytes.length, 0);
  assert.ok((await get('/large.bin')).bytes.equals(large));
  await watchdog.logged(/^GET \/large\.bin - 200 - ContentLength: 700kB/);
});

test('folders: a slash, an index, a list', async () => {
  const { status, headers } = await watchdog.call('', {
    ...{ method: 'GET', path: '/f/sub', rest: '/sub', query: 'q=1' },
  });
  assert.deepEqual([status, headers['location']], [301, './sub/?q=1']);
  assert.equal((await get('/sub/index.html')).headers['location'], './');
  assert.match((await get('/list/')).text, /<a href="\.\/a%26b\.css">a&#38;b\.css<\/a>/);
});

test('nothing outside, nothing that is not there', async () => {
  for (const path of ['/none', '/../secret.txt', '/%2e%2e/secret.txt', '/a%00', '/%zz', '/noname/'])
    assert.equal((await get(path)).status, 404, path);
  assert.equal((await get('/', {}, 'POST')).status, 405);
});

test('heads, ranges and what has not changed', async () => {
  const head = await get('/large.bin', {}, 'HEAD');
  assert.deepEqual([head.headers['content-length'], head.bytes.length], ['700000', 0]);
  const part = await get('/large.bin', { range: 'bytes=1-3' });
  assert.deepEqual([part.status, part.text], [206, 'arg']);
  assert.equal(part.headers['content-range'], 'bytes 1-3/700000');
  assert.equal((await get('/noname', { range: 'bytes=-3' })).text, '1.4');
  assert.equal((await get('/noname', { range: 'bytes=5-' })).text, '1.4');
  assert.equal((await get('/noname', { range: 'bytes=99-' })).status, 416);
  assert.equal((await get('/noname', { range: 'lines=1-' })).status, 200);
  const modified = String(head.headers['last-modified']);
  assert.equal((await get('/large.bin', { 'if-modified-since': modified })).status, 304);
  const stale = { range: 'bytes=1-3', 'if-range': 'Thu, 01 Jan 1970 00:00:00 GMT' };
  assert.equal((await get('/large.bin', stale)).status, 200);
});

test('a folder that is not there is said at once', () =>
  assert.rejects(openWatchdog({ mode: 'static', static_path: '/no/such/folder' }), {
    code: 'worker_start_failed',
    message: /static_path is \/no\/such\/folder/,
  }));

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { runCallStoreConformance, runStoreConformance } from './conformance.ts';
import { migrations } from './migration.ts';
import { openStore, openStores } from './store.ts';
import type { Stores } from './store.ts';

const run = promisify(execFile);
let dir: string;
let count = 0;
const urls = new WeakMap<Stores, string>();

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'store-'));
});
after(() => rm(dir, { recursive: true }));

const nextPath = (): string => join(dir, `${count++}`, 'funcatron.db');

async function open(url: string): Promise<Stores> {
  const stores = await openStores(url);
  urls.set(stores, url);
  return stores;
}

const file = {
  name: 'sqlite:',
  open: () => open(`sqlite:${nextPath()}`),
  reopen: (stores: Stores) => open(urls.get(stores)!),
};
const memory = { name: 'memory:', open: () => openStores('memory:') };
for (const harness of [file, memory]) {
  runStoreConformance(harness);
  runCallStoreConformance(harness);
}

test('only its owner may read the files', async () => {
  const path = nextPath();
  const store = await openStore(`sqlite:${path}`);
  await store.commit([{ put: 'setting', name: 'secret', value: 'x' }]);
  const names = await readdir(join(path, '..'));
  assert.ok(names.length > 1, 'there is a write-ahead log too');
  for (const name of names)
    assert.equal((await stat(join(path, '..', name))).mode & 0o777, 0o600, name);
  await store.close();
});

test('two processes may use one file', async () => {
  const url = `sqlite:${nextPath()}`;
  const [first, second] = [await openStore(url), await openStore(url)];
  await first.commit([{ put: 'setting', name: 'a', value: 1 }]);
  assert.equal(await second.setting('a'), 1);
  await second.commit([{ put: 'setting', name: 'a', value: 2 }]);
  assert.equal(await first.setting('a'), 2);
  await first.close();
  await second.close();
});

test('a file that is no database is refused, and named', async () => {
  const path = join(dir, 'no-database');
  await writeFile(path, 'no database at all\n'.repeat(100));
  await assert.rejects(openStore(`sqlite:${path}`), {
    code: 'store_failed',
    message: /no-database/,
  });
});

test('a file of an earlier version is brought up to date, and keeps what it has', async () => {
  const path = nextPath();
  await mkdir(join(path, '..'));
  const database = new DatabaseSync(path);
  database.exec(`${migrations[0]}; PRAGMA user_version = 1; INSERT INTO setting VALUES ('a', '1')`);
  database.close();
  const stores = await openStores(`sqlite:${path}`);
  assert.equal(await stores.state.setting('a'), 1);
  assert.deepEqual(await stores.calls.list({ limit: 1 }), []);
  await stores.close();
});

test('processes that count at once in one file lose no count', async () => {
  const url = `sqlite:${nextPath()}`;
  const program = join(import.meta.dirname, 'fixture', 'count.ts');
  const ran = [1, 2, 3].map(() => run(process.execPath, [program, url, '50']));
  await Promise.all(ran);
  const store = await openStore(url);
  assert.equal(await store.setting('count'), 150);
  await store.close();
});

test('a file of a later version is refused', async () => {
  const path = nextPath();
  await (await openStore(`sqlite:${path}`)).close();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 1000');
  database.close();
  await assert.rejects(openStore(`sqlite:${path}`), { code: 'store_failed', message: /later/ });
});

test('a URL without a file is refused', async () => {
  await assert.rejects(openStore('sqlite:'), { code: 'option_invalid', message: /names no file/ });
});

test('an unknown scheme says which there are', async () => {
  for (const url of ['mysql://h/d', 'nonsense', ''])
    await assert.rejects(openStore(url), { code: 'scheme_unknown', message: /sqlite:PATH/ });
});

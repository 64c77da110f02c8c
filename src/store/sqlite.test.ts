import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { runStoreConformance } from './conformance.ts';
import { openStore } from './store.ts';
import type { Store } from './store.ts';

let dir: string;
let count = 0;
const urls = new WeakMap<Store, string>();

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'store-'));
});
after(() => rm(dir, { recursive: true }));

const nextPath = (): string => join(dir, `${count++}`, 'funcatron.db');

async function open(url: string): Promise<Store> {
  const store = await openStore(url);
  urls.set(store, url);
  return store;
}

runStoreConformance({
  name: 'sqlite:',
  open: () => open(`sqlite:${nextPath()}`),
  reopen: (store) => open(urls.get(store)!),
});
runStoreConformance({ name: 'memory:', open: () => openStore('memory:') });

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

test('a file of a later version is refused', async () => {
  const path = nextPath();
  await (await openStore(`sqlite:${path}`)).close();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 1000');
  database.close();
  await assert.rejects(openStore(`sqlite:${path}`), { code: 'store_failed', message: /later/ });
});

test('an unknown scheme says which there are', async () => {
  for (const url of ['postgres://h/d', 'nonsense', ''])
    await assert.rejects(openStore(url), { code: 'scheme_unknown', message: /sqlite:PATH/ });
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { readFound, readWants, writeFound, writeWants } from '../../control/secret-wire.ts';
import { createLog } from '../../log.ts';
import { openStore } from '../../store/store.ts';
import type { Store } from '../../store/store.ts';
import { SecretKey } from './secret-key.ts';
import { Vault } from './secret-vault.ts';

const log = createLog({ level: 'silent' });
const name = { name: 'key', namespace: 'openfaas-fn' };
const full = 'openfaas-fn/key';

async function open(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'sv-'));
  const store = await openStore('memory:');
  t.after(async () => {
    await store.close();
    rmSync(dir, { recursive: true });
  });
  const vaultWith = (file: string, isOwn = false): Vault =>
    new Vault({ store, key: new SecretKey({ file, isOwn }), log });
  return { dir, store, vaultWith };
}

test('what is kept comes back byte for byte, whatever it is, over the wire too', async (t) => {
  const { dir, vaultWith } = await open(t);
  const vault = vaultWith(join(dir, 'secrets.key'), true);
  await vault.create(name, Buffer.from('first'));
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (value) => {
      await vault.update(name, value);
      const found = await vault.read(readWants(writeWants([{ name: full }])));
      const [one] = readFound(JSON.stringify(writeFound(found)));
      assert.deepEqual([...one!.value!], [...value]);
      const { version } = one!;
      assert.deepEqual(await vault.read(readWants(writeWants([{ name: full, version }]))), [
        { name: full, version },
      ]);
    }),
    { numRuns: 50 },
  );
});

test('the store has none of the value, nor has it one that was removed', async (t) => {
  const { dir, store, vaultWith } = await open(t);
  const vault = vaultWith(join(dir, 'secrets.key'), true);
  const value = randomBytes(24).toString('base64');
  await vault.create(name, Buffer.from(value));
  const kept = JSON.stringify(await settingOf(store));
  assert.ok(!kept.includes(value) && !kept.includes(Buffer.from(value).toString('base64')));
  await vault.remove(name);
  assert.equal(await settingOf(store), null);
  assert.deepEqual(await vault.read([{ name: full }]), []);
});

test('of two who create one at once, one is told that it is there', async (t) => {
  const { dir, vaultWith } = await open(t);
  const vault = vaultWith(join(dir, 'secrets.key'), true);
  const tries = ['a', 'b', 'c'].map((text) => vault.create(name, Buffer.from(text)));
  const ended = await Promise.allSettled(tries);
  assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const one of ended)
    if (one.status === 'rejected') assert.equal(one.reason.code, 'secret_exists');
});

test('several share a store with the same key, and none goes without', async (t) => {
  const { dir, vaultWith } = await open(t);
  const [file, other, bad] = ['a', 'b', 'c'].map((one) => join(dir, one)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, `${randomBytes(32).toString('hex')}\n`);
  writeFileSync(other, randomBytes(32).toString('hex'));
  writeFileSync(bad, 'no key');
  await vaultWith(file).create(name, Buffer.from('shared'));
  const [found] = await vaultWith(file).read([{ name: full }]);
  assert.equal(String(found!.value), 'shared');
  const refused: [path: string, said: RegExp][] = [
    [other, /is not the key/],
    [bad, /no key of 64 hex digits/],
    [join(dir, 'gone'), /cannot be read/],
    ['', /need --secrets-key/],
  ];
  for (const [path, message] of refused)
    await assert.rejects(vaultWith(path).read([{ name: full }]), {
      code: 'secret_unavailable',
      message,
    });
});

test('a value put in the place of another is not taken for it', async (t) => {
  const { dir, store, vaultWith } = await open(t);
  const vault = vaultWith(join(dir, 'secrets.key'), true);
  await vault.create(name, Buffer.from('one'));
  await vault.create({ ...name, name: 'two' }, Buffer.from('two'));
  const value = await settingOf(store);
  const place = 'function-secret/openfaas-fn/two';
  await store.commit([{ put: 'setting', name: place, value }]);
  const moved = vault.read([{ name: 'openfaas-fn/two' }]);
  await assert.rejects(moved, { code: 'secret_unavailable' });
});

function settingOf(store: Store): Promise<unknown> {
  return store.setting(`function-secret/${full}`);
}

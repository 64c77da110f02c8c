import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeBundle } from '../bundle/write.ts';
import type { Route } from '../message.ts';
import type { Contract } from '../openapi/contract.ts';
import { ContractCache } from './contract-cache.ts';
import { contractText } from './fixture/project.ts';

let dir: string;
let file: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'contracts-'));
  file = join(dir, 'bundle.zip');
  await writeBundle([{ path: 'funcatron.yaml', bytes: Buffer.from(contractText()) }], file);
});
after(() => rm(dir, { recursive: true, force: true }));

const route = (over: Partial<Route> = {}): Route => ({
  ...{ host: null, basePath: '/shop', queue: 'q', name: 'shop', sha: 'a', revision: 1, props: {} },
  ...over,
});

test('loads a contract once for all that ask at a time, and then has it at once', async () => {
  let reads = 0;
  const cache = new ContractCache(async () => (reads++, file));
  const [one, two] = await Promise.all([cache.get(route()), cache.get(route({ revision: 2 }))]);
  assert.equal(one, two);
  assert.equal(cache.get(route()), one);
  assert.equal(reads, 1);
});

test('with an overlay a contract is another one', async () => {
  const cache = new ContractCache(async () => file);
  const overlay = {
    overlay: '1.0.0',
    info: { title: 'x', version: '1' },
    actions: [{ target: '$.info', update: { version: '2.0.0' } }],
  };
  const plain = await cache.get(route());
  const laid = await cache.get(route({ overlay }));
  assert.deepEqual([plain.version, laid.version], ['1.0.0', '2.0.0']);
  assert.notEqual(plain.id, laid.id);
});

test('what could not be loaded is tried again', async () => {
  let path = join(dir, 'nowhere.zip');
  const cache = new ContractCache(async () => path);
  await assert.rejects(async () => cache.get(route()));
  path = file;
  assert.equal(((await cache.get(route())) as Contract).name, 'shop');
});

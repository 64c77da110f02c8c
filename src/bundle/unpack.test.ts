import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { FuncatronError } from '../errors.ts';
import { unpackBundle } from './unpack.ts';
import { writeBundle } from './write.ts';

const contract = { path: 'funcatron.yaml', bytes: Buffer.from('openapi: 3.1.0\n') };
const large = { path: 'data/large', bytes: Buffer.concat([randomBytes(4e5), Buffer.alloc(4e5)]) };
const script = { path: 'bin/run.sh', bytes: Buffer.from('#!/bin/sh\n'), executable: true };
let root: string;
let file: string;
let dir: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bundle-unpack-'));
  file = join(root, 'bundle.zip');
  dir = join(root, 'unpacked');
});
afterEach(() => rm(root, { recursive: true }));

test('files come out as they went in, executable ones executable', async () => {
  const { sha } = await writeBundle([contract, large, script], file);
  const folder = await unpackBundle(file, dir);
  assert.equal(folder, join(dir, sha));
  for (const { path, bytes } of [contract, large, script])
    assert.ok(bytes.equals(await readFile(join(folder, path))), path);
  assert.ok((await stat(join(folder, script.path))).mode & 0o100);
  assert.ok(!((await stat(join(folder, contract.path))).mode & 0o111));
  assert.deepEqual(await readdir(dir), [sha]);
});

test('what is unpacked is not unpacked again, nor read when its SHA is known', async () => {
  const { sha } = await writeBundle([contract], file);
  const folder = await unpackBundle(file, dir);
  await writeFile(join(folder, 'mark'), '');
  assert.equal(await unpackBundle(file, dir), folder);
  await rm(file);
  assert.equal(await unpackBundle(file, dir, sha), folder);
  assert.ok((await readdir(folder)).includes('mark'));
});

test('a file that is another bundle than it should be is refused', async () => {
  await writeBundle([contract], file);
  await assert.rejects(unpackBundle(file, dir, '0'.repeat(64)), /is bundle .*, not 0000/);
  await assert.rejects(stat(dir));
});

test('unpackers at the same time do not disturb each other', async () => {
  const { sha } = await writeBundle([contract, large, script], file);
  const folders = await Promise.all(Array.from({ length: 8 }, () => unpackBundle(file, dir)));
  assert.deepEqual(new Set(folders), new Set([join(dir, sha)]));
  assert.deepEqual(await readdir(dir), [sha]);
});

test('a bundle that turns out to be damaged leaves nothing behind', async () => {
  const { bytes } = await writeBundle([contract, large]);
  const damaged = Uint8Array.from(bytes);
  damaged[1000]! ^= 1;
  await writeFile(file, damaged);
  await assert.rejects(unpackBundle(file, dir), { code: 'bundle_invalid' });
  assert.deepEqual(await readdir(dir), []);
});

test('drafts of the dead are removed, drafts of the living are left alone', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const drafts = {
    ours: `.draft-${process.pid}-00000000-${hostname()}`,
    dead: `.draft-${child.pid}-00000000-${hostname()}`,
    old: '.draft-1-00000000-elsewhere',
    foreign: '.draft-2-00000000-elsewhere',
  };
  for (const name of Object.values(drafts)) await mkdir(join(dir, name), { recursive: true });
  await utimes(join(dir, drafts.old), 0, 0);
  const { sha } = await writeBundle([contract], file);
  await unpackBundle(file, dir);
  assert.deepEqual((await readdir(dir)).toSorted(), [drafts.ours, drafts.foreign, sha].toSorted());
});

const unpackOnce = `
const { unpackBundle } = await import(process.argv[1]);
await unpackBundle(process.argv[2], process.argv[3]);
`;

test('kill -9 leaves a whole folder or none', async () => {
  const files = Array.from({ length: 100 }, (_, n) => ({ ...large, path: `f${n}` }));
  const { sha } = await writeBundle([contract, ...files], file);
  await mkdir(dir);
  const module = new URL('unpack.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', unpackOnce, module, file, dir];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  // It is killed as soon as its draft shows, in the middle of the work.
  while ((await readdir(dir)).length === 0) await new Promise((done) => setTimeout(done, 5));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const folder = await unpackBundle(file, dir, sha);
  assert.equal((await readdir(folder)).length, 101);
  assert.deepEqual(await readdir(dir), [sha]);
});

test('a folder that cannot be written is said', async () => {
  await writeBundle([contract], file);
  await writeFile(dir, 'no folder');
  await assert.rejects(unpackBundle(file, dir), { code: 'bundle_unavailable' });
});

test('whatever happens to its bytes, nothing is written outside', async () => {
  const { bytes } = await writeBundle([contract, { ...script, path: 'aa/b' }]);
  await mkdir(dir);
  const edit = fc.tuple(fc.nat(bytes.length - 1), fc.constantFrom(0x2e, 0x2f, 0, 0xff, 0x5c));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      const mutated = Uint8Array.from(bytes);
      for (const [at, value] of edits) mutated[at] = value;
      await writeFile(file, mutated);
      await unpackBundle(file, dir).catch((error) => assert.ok(error instanceof FuncatronError));
      assert.deepEqual((await readdir(root)).toSorted(), ['bundle.zip', 'unpacked']);
      for (const name of await readdir(dir)) assert.match(name, /^[0-9a-f]{64}$/);
    }),
    { numRuns: 100 },
  );
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { writeBundle } from './write.ts';

const run = promisify(execFile);
const files = [
  { path: 'src/b.js', bytes: Buffer.from('export const b = 1;\n'.repeat(20)) },
  { path: 'funcatron.yaml', bytes: Buffer.from('openapi: 3.1.0\n') },
  { path: 'ünï/run', bytes: Buffer.from('#!/bin/sh\n'), executable: true },
  { path: '__proto__', bytes: Buffer.alloc(0) },
];
let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bundle-write-'));
});
after(() => rm(dir, { recursive: true }));

test('the same files give the same bytes, whatever their order', async () => {
  const first = await writeBundle(files);
  const second = await writeBundle(files.toReversed());
  assert.deepEqual(first, second);
});

test('the SHA is the same on every machine and at every time', async () => {
  const script = `
    const { writeBundle } = await import(process.argv[1]);
    const file = (path, text, executable) => ({ path, bytes: Buffer.from(text), executable });
    const files = [file('funcatron.yaml', 'a'.repeat(99)), file('run', '#!', true)];
    console.log((await writeBundle(files)).sha);`;
  const module = new URL('write.ts', import.meta.url).href;
  for (const TZ of ['UTC', 'Pacific/Auckland']) {
    const args = ['--input-type=module', '-e', script, module];
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, TZ } });
    assert.equal(stdout.trim(), '937a1012deb821f9af30a0a9c263d5aeddfa0e3199f6400476a8ae4d05598d77');
  }
});

test('other programs read what we write: data, checksums and modes', async () => {
  const out = join(dir, 'other.zip');
  await writeBundle(files, out);
  const script = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as zip:
    assert zip.testzip() is None
    print(json.dumps([[i.filename, zip.read(i).decode(), i.external_attr >> 16, i.date_time] for i in zip.infolist()]))`;
  const { stdout } = await run('python3', ['-c', script, out]);
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  assert.deepEqual(
    JSON.parse(stdout),
    sorted.map((file) => [
      file.path,
      String(file.bytes),
      file.executable ? 0o100755 : 0o100644,
      [1980, 1, 1, 0, 0, 0],
    ]),
  );
});

test('a written bundle is there whole, or not at all', async () => {
  const out = join(dir, 'whole.zip');
  const { bytes } = await writeBundle(files, out);
  assert.ok(Buffer.from(bytes).equals(await readFile(out)));
  await assert.rejects(writeBundle(files, join(dir, 'absent/x.zip')), /cannot write .*absent/);
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.endsWith('.part')),
    [],
  );
  assert.equal((await stat(out)).mode & 0o111, 0);
});

test('a path that a reader would refuse is not written', async () => {
  const [file] = files;
  for (const path of ['../x', '/x', 'a\\b', ''])
    await assert.rejects(writeBundle([{ ...file!, path }]), { code: 'bundle_invalid' });
  await assert.rejects(writeBundle([file!, file!]), /is there twice/);
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { FuncatronError } from '../errors.ts';
import { appendEntry } from './append.ts';
import { readBundle } from './read.ts';
import { writeBundle } from './write.ts';

const run = promisify(execFile);
const contract = { path: 'funcatron.json', bytes: Buffer.from('{"openapi":"3.1.0"}\n'.repeat(50)) };
const manifest = { path: 'META-INF/MANIFEST.MF', bytes: Buffer.from('Manifest-Version: 1.0\n') };
const others = [manifest, { path: 'a/B.class', bytes: randomBytes(3000) }];
let dir: string;
let count = 0;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bundle-append-'));
});
after(() => rm(dir, { recursive: true }));

async function save(bytes: Uint8Array): Promise<string> {
  const path = join(dir, `${++count}.jar`);
  await writeFile(path, bytes);
  return path;
}

async function appended(bytes: Uint8Array, entry = contract): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of appendEntry(await save(bytes), entry)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function refuses(promise: Promise<unknown>, code: string, text: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof FuncatronError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

test('a zip has one entry more, and is else the same; twice done is the same', async () => {
  const { bytes } = await writeBundle(others);
  const made = await appended(bytes);
  const facts = await readBundle(await save(made));
  assert.deepEqual(
    [facts.kind, facts.entries, facts.contract.text],
    ['jar', 3, contract.bytes.toString()],
  );
  const directory = Buffer.from(bytes).indexOf('PK\x01\x02');
  assert.ok(Buffer.from(bytes).subarray(0, directory).equals(made.subarray(0, directory)));
  assert.ok(made.equals(await appended(bytes)));
});

test('a line before the zip and a comment behind it stay', async () => {
  const { bytes } = await writeBundle(others);
  const commented = Buffer.concat([bytes, Buffer.from('a comment')]);
  commented.writeUInt16LE(9, bytes.length - 2);
  const glued = Buffer.concat([Buffer.from('#!/bin/sh\nexec java -jar "$0"\n'), commented]);
  const made = await appended(glued);
  assert.equal((await readBundle(await save(made))).contract.text, contract.bytes.toString());
  assert.ok(made.toString('latin1').endsWith('a comment'));
  assert.ok(made.toString('latin1').startsWith('#!/bin/sh'));
});

test('an entry that is there, or leads out, is refused', async () => {
  const { bytes } = await writeBundle([...others, contract]);
  await refuses(appended(bytes), 'bundle_invalid', /is there already/);
  await refuses(appended(bytes, { ...contract, path: '../x' }), 'bundle_invalid', /leaves/);
  await refuses(appended(Buffer.from('no zip at all')), 'bundle_invalid', /no zip/);
});

test('a zip that is full, or a zip64 archive, is refused', async () => {
  const many = Array.from({ length: 65_534 }, (_, index) => ({
    path: index.toString(36),
    bytes: Buffer.alloc(0),
  }));
  const { bytes } = await writeBundle(many);
  await refuses(appended(bytes), 'bundle_too_large', /65,534 entries/);
  const zip64 = Buffer.from(bytes);
  for (const field of [14, 12]) zip64.writeUInt16LE(0xffff, zip64.length - field);
  await refuses(appended(zip64), 'bundle_too_large', /zip64/);
});

test('hundreds of megabytes pass in little memory', async () => {
  const path = join(dir, 'large.jar');
  const { bytes } = await writeBundle([{ path: 'a', bytes: Buffer.alloc(0) }]);
  const file = await open(path, 'w');
  // A hole of 400 MB: what is before a zip that starts with a line of text.
  await file.write('#!/bin/sh\n');
  await file.write(bytes, 0, bytes.length, 400e6);
  await file.close();
  const before = process.memoryUsage().rss;
  let most = 0;
  let total = 0;
  for await (const chunk of appendEntry(path, contract)) {
    total += chunk.length;
    most = Math.max(most, process.memoryUsage().rss);
  }
  assert.ok(total > 400e6);
  assert.ok(most - before < 128 * 2 ** 20, `${(most - before) / 2 ** 20} MiB`);
  await rm(path);
});

test('a signed JAR is as well signed as before', async (t) => {
  const folder = join(dir, 'signed');
  await mkdir(folder);
  const store = ['-keystore', join(folder, 'keys'), '-storepass', 'secret'];
  const alias = ['-alias', 'me', '-dname', 'CN=me', '-keyalg', 'RSA', '-validity', '9'];
  const jar = await save((await writeBundle(others)).bytes);
  try {
    await run('keytool', ['-genkeypair', ...store, ...alias]);
    await run('jarsigner', [...store, jar, 'me']);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return t.skip('no keytool');
    throw thrown;
  }
  const made = await save(await appended(await readFile(jar)));
  const { stdout } = await run('jarsigner', ['-verify', '-verbose', ...store, made]);
  assert.match(stdout, /jar verified/);
  assert.match(stdout, /smk? .*a\/B\.class/);
  assert.match(stdout, /\? .*funcatron\.json/);
});

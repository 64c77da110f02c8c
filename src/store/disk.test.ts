import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createLog } from '../log.ts';
import { runBundleFilesConformance } from './conformance.ts';
import { openBundleFiles } from './store.ts';
import type { BundleFiles } from './store.ts';

const run = promisify(execFile);
const log = createLog({ level: 'silent' });
let root: string;
let count = 0;
const dirs = new WeakMap<BundleFiles, string>();

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'files-'));
});
after(() => rm(root, { recursive: true }));

const nextDir = (): string => join(root, String(count++));

async function* chunks(...parts: (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

async function open(dir: string): Promise<BundleFiles> {
  const files = await openBundleFiles(dir, log);
  dirs.set(files, dir);
  return files;
}

runBundleFilesConformance({
  name: 'in a folder',
  open: () => open(nextDir()),
  reopen: (files) => open(dirs.get(files)!),
});

test('only its owner may read a bundle', async () => {
  const files = await openBundleFiles(nextDir(), log);
  const staged = await files.stage(chunks(randomBytes(10)), 100);
  await staged.keep();
  assert.equal((await stat(await files.path(staged.sha))).mode & 0o777, 0o600);
});

test('what is too large, breaks off or is discarded leaves nothing', async () => {
  const dir = nextDir();
  const files = await openBundleFiles(dir, log);
  const large = files.stage(chunks(Buffer.alloc(10), Buffer.alloc(10)), 19);
  await assert.rejects(large, { code: 'bundle_too_large', message: /--bundle-max/ });
  const broken = new Error('the client went away');
  await assert.rejects(files.stage(chunks(Buffer.alloc(10), broken), 100), broken);
  await (await files.stage(chunks(Buffer.alloc(10)), 100)).discard();
  assert.deepEqual(await readdir(join(dir, 'incoming')), []);
  assert.deepEqual(await readdir(dir), ['incoming']);
});

test('what a crash left is cleared away at the next start', async () => {
  const dir = nextDir();
  await openBundleFiles(dir, log);
  await writeFile(join(dir, 'incoming', 'half.part'), 'half');
  await openBundleFiles(dir, log);
  assert.deepEqual(await readdir(join(dir, 'incoming')), []);
});

test('a folder that cannot be made is an error that names it', async () => {
  const path = nextDir();
  await writeFile(path, 'a file');
  await assert.rejects(openBundleFiles(path, log), {
    code: 'store_failed',
    message: new RegExp(path),
  });
});

const noMount = process.getuid?.() === 0 ? false : 'needs root to mount a small disk';

test('a full disk refuses, and leaves nothing', { skip: noMount }, async (t) => {
  const dir = nextDir();
  await mkdir(dir);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'none', dir]);
  } catch {
    return t.skip('this machine does not let root mount a tmpfs');
  }
  try {
    const files = await openBundleFiles(dir, log);
    const parts = Array.from({ length: 10 }, () => randomBytes(30_000));
    const staging = files.stage(chunks(...parts), 10 ** 6);
    await assert.rejects(staging, {
      code: 'store_failed',
      status: 507,
      message: /free some space/,
    });
    assert.deepEqual(await readdir(join(dir, 'incoming')), []);
    await (await files.stage(chunks(parts[0]!), 10 ** 6)).keep();
  } finally {
    await run('umount', [dir]);
  }
});

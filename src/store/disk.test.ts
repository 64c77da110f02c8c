import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createLog } from '../log.ts';
import { openBundleFiles } from './store.ts';

const run = promisify(execFile);
const log = createLog({ level: 'silent' });
let root: string;
let count = 0;

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

test('what was staged is there under its SHA once it is kept', async () => {
  const dir = nextDir();
  const files = await openBundleFiles(dir, log);
  const [head, tail] = [randomBytes(70_000), randomBytes(10)];
  const staged = await files.stage(chunks(head, tail), 100_000);
  const whole = Buffer.concat([head, tail]);
  assert.equal(staged.sha, createHash('sha256').update(whole).digest('hex'));
  assert.equal(staged.bytes, 70_010);
  await assert.rejects(files.path(staged.sha), { code: 'bundle_unknown' });
  await staged.keep();
  const path = await files.path(staged.sha);
  assert.ok(whole.equals(await readFile(path)));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const again = await openBundleFiles(dir, log);
  assert.equal(await again.path(staged.sha), path);
  await again.remove(staged.sha);
  await again.remove(staged.sha);
  await assert.rejects(again.path(staged.sha), { code: 'bundle_unknown' });
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

test('a name that is no SHA never becomes a path', async () => {
  const files = await openBundleFiles(nextDir(), log);
  for (const name of ['../../etc/passwd', '', 'A'.repeat(64), `${'a'.repeat(64)}/..`]) {
    await assert.rejects(files.path(name), { code: 'bundle_unknown' });
    await assert.rejects(files.remove(name), { code: 'bundle_unknown' });
  }
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

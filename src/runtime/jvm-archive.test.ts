import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { skipJava } from './fixture/java-tool.ts';
import { JvmArchive } from './jvm-archive.ts';
import { findJava } from './jvm-java.ts';
import { findWorkerJar } from './jvm-jar.ts';

describe('the archive of classes', { skip: skipJava, timeout: 120_000 }, () => {
  const own = process.env['XDG_CACHE_HOME'];
  let cache: string;
  before(async () => {
    cache = await mkdtemp(join(tmpdir(), 'fct-'));
    process.env['XDG_CACHE_HOME'] = cache;
  });
  after(async () => {
    if (own === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = own;
    await rm(cache, { recursive: true });
  });

  test('is made once for a Java and a worker, and in a folder of our own alone', async () => {
    const [java, jar] = [await findJava('java'), await findWorkerJar()];
    const archive = new JvmArchive();
    assert.equal(await archive.find(java, jar), undefined);
    const path = (await archive.make(java, jar))!;
    assert.ok((await stat(path)).size > 1_000_000);
    assert.equal(await archive.find(java, jar), path);
    const { mtimeMs } = await stat(path);
    await utimes(path, 1, 1);
    assert.equal(await archive.make(java, jar), path, 'not made again, but marked as used');
    assert.ok((await stat(path)).mtimeMs >= mtimeMs);
    assert.equal(await archive.find({ ...java, id: 'another' }, jar), undefined);

    const dir = join(cache, 'funcatron/jvm');
    assert.deepEqual(await readdir(dir), [path.split('/').at(-1)]);
    assert.equal((await stat(dir)).mode & 0o777, 0o700);
    for (const [folder, mode] of [
      [dir, 0o755],
      [join(cache, 'funcatron'), 0o777],
    ] as const) {
      await chmod(folder, mode);
      assert.equal(await archive.find(java, jar), undefined, 'others could have put it there');
      assert.equal(await archive.make(java, jar), undefined);
      await chmod(folder, 0o700);
    }
  });

  test('that cannot be made leaves nothing, and old ones go', async () => {
    const [java, jar] = [await findJava('java'), join(cache, 'worker.jar')];
    await writeFile(jar, 'no jar');
    const dir = join(cache, 'funcatron/jvm');
    const old = Array.from({ length: 5 }, (_, index) => join(dir, `${index}`.repeat(16) + '.jsa'));
    for (const [index, path] of old.entries()) {
      await writeFile(path, '');
      await utimes(path, index + 1, index + 1);
    }
    assert.equal(await new JvmArchive().make(java, jar), undefined);
    assert.deepEqual(old.map(existsSync), [false, false, true, true, true]);
    assert.equal((await readdir(dir)).length, 4);
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isJvmBundle, nestedJars } from './jvm-bundle.ts';
import { readBundle } from './read.ts';
import { removeUnpacked, unpackBundle } from './unpack.ts';
import { writeBundle } from './write.ts';

let folder: string;
before(async () => (folder = await mkdtemp(join(tmpdir(), 'fct-'))));
after(() => rm(folder, { recursive: true }));

async function bundle(...paths: string[]): Promise<string> {
  const entries = paths.map((path) => ({ path, bytes: Buffer.from(path) }));
  const { bytes } = await writeBundle([
    { path: 'funcatron.yaml', bytes: Buffer.from('openapi: 3.1.1') },
    ...entries,
  ]);
  const file = join(folder, 'bundle.zip');
  await writeFile(file, bytes);
  return file;
}

test('a JAR is for the JVM, and so is a zip of classes or of Clojure', async () => {
  const cases: [paths: string[], isJvm: boolean][] = [
    [['META-INF/MANIFEST.MF'], true],
    [['META-INF/MANIFEST.MF', 'index.js'], true],
    [['com/example/Hello.class'], true],
    [['com/example/hello.clj'], true],
    [['handler.mjs', 'vendor/Applet.class'], false],
    [['META-INF/MANIFEST.MF', 'PEX-INFO'], false],
    [['app.py'], false],
  ];
  for (const [paths, isJvm] of cases)
    assert.equal(await isJvmBundle(await bundle(...paths)), isJvm, String(paths));
});

test('of a JAR only the JARs within it are unpacked', async () => {
  const file = await bundle(
    'META-INF/MANIFEST.MF',
    'BOOT-INF/classes/a/B.class',
    'BOOT-INF/lib/one.jar',
    'WEB-INF/lib/two.jar',
    'lib/three.jar',
  );
  const dir = join(folder, 'unpacked');
  const unpacked = await unpackBundle(file, dir, undefined, nestedJars);
  const found = await readdir(unpacked, { recursive: true });
  const wanted =
    'BOOT-INF BOOT-INF/lib BOOT-INF/lib/one.jar WEB-INF WEB-INF/lib WEB-INF/lib/two.jar';
  assert.deepEqual(found.toSorted(), wanted.split(' '));
  assert.equal(await unpackBundle(file, dir, undefined, nestedJars), unpacked);
  assert.notEqual(await unpackBundle(file, dir), unpacked);
  const { sha } = await readBundle(file);
  await removeUnpacked(dir, sha);
  assert.deepEqual(await readdir(dir), []);
});

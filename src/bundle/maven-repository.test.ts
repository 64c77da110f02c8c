import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { copyArtifacts, findLocalRepository } from './maven-repository.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'maven-repository-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function put(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

test('the project says where the local repository is, else the environment, else Maven', async () => {
  const usual = await findLocalRepository(dir, {});
  assert.ok(usual.startsWith('/'), usual);
  const MAVEN_OPTS = '-Xmx1g "-Dx=y" -Dmaven.repo.local=/far/away';
  assert.equal(await findLocalRepository(dir, { MAVEN_OPTS }), '/far/away');
  await put({ '.mvn/maven.config': '--batch-mode\n-Dmaven.repo.local=here\n' });
  assert.equal(await findLocalRepository(dir, { MAVEN_OPTS }), join(dir, 'here'));
});

test('copies what is missing or other, says what, and leaves the rest', async () => {
  const [from, to] = [join(dir, 'from'), join(dir, 'to')];
  await put({
    'from/funcatron/intf/0.4.0/intf-0.4.0.jar': 'new',
    'from/funcatron/intf/0.4.0/intf-0.4.0.pom': 'pom',
    'from/org/a/b/1/b-1.pom': 'b',
    'from/org/a/b/1/b-1.pom.new': 'half',
    'to/funcatron/intf/0.4.0/intf-0.4.0.jar': 'old',
    'to/org/a/b/1/b-1.pom': 'b',
    'to/org/other': 'kept',
  });
  assert.deepEqual(await copyArtifacts(from, to), ['funcatron:intf:0.4.0']);
  const folder = join(to, 'funcatron/intf/0.4.0');
  assert.deepEqual((await readdir(folder)).toSorted(), ['intf-0.4.0.jar', 'intf-0.4.0.pom']);
  assert.equal(await readFile(join(folder, 'intf-0.4.0.jar'), 'utf8'), 'new');
  assert.equal(await readFile(join(to, 'org/other'), 'utf8'), 'kept');
  assert.deepEqual(await copyArtifacts(from, to), []);
});

test('says what cannot be written', async () => {
  await put({ 'from/g/a/1/a-1.jar': 'x', 'to/g': 'a file where a folder should be' });
  await assert.rejects(copyArtifacts(join(dir, 'from'), join(dir, 'to')), {
    code: 'build_failed',
    message: /cannot write .*a-1\.jar/,
  });
});

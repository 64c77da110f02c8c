import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { findJava } from './jvm-java.ts';
import { JvmRuntime } from './jvm.ts';

let folder: string;
before(async () => (folder = await mkdtemp(join(tmpdir(), 'fct-'))));
after(() => rm(folder, { recursive: true }));

const java = await findJava('java').catch(() => undefined);
const skip = java ? false : 'no java here';

/** A folder like a JDK's, of which only `release` says what it is. */
async function jdk(name: string, release: string): Promise<string> {
  const home = join(folder, name);
  await mkdir(join(home, 'bin'), { recursive: true });
  await writeFile(join(home, 'release'), release);
  await script(join(home, 'bin/java'), 'exit 3');
  return home;
}

async function script(path: string, text: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

const isMissing = (text: RegExp) => (error: Error & { code: string }) =>
  error.code === 'dependency_missing' && text.test(error.message);

test('the version is read without starting it', async () => {
  const home = await jdk('new', 'IMPLEMENTOR="Debian"\nJAVA_VERSION="21.0.8"\n');
  const other = await jdk('newer', 'JAVA_VERSION="25"\n');
  const found = await findJava(join(home, 'bin/java'));
  assert.deepEqual([found.path, found.major], [join(home, 'bin/java'), 21]);
  // A folder will do, as in JAVA_HOME.
  assert.equal((await findJava(home)).id, found.id);
  assert.equal((await findJava(other)).major, 25);
  assert.notEqual((await findJava(other)).id, found.id);
});

test('one that is too old, or is none, is refused with what to do', async () => {
  for (const [version, major] of [
    ['11.0.2', 11],
    ['1.8.0_292', 8],
  ] as const) {
    const home = await jdk(`old-${major}`, `JAVA_VERSION="${version}"\n`);
    const told = new RegExp(
      `need Java 17 or newer, and .* is Java ${major}; install .*FUNCATRON_JAVA`,
    );
    await assert.rejects(findJava(home), isMissing(told));
  }
  await assert.rejects(findJava('no-such-java'), isMissing(/"no-such-java" .* no such program/));
  const broken = await script(join(folder, 'broken'), 'echo oops >&2; exit 3');
  await assert.rejects(findJava(broken), isMissing(/it fails: .*oops/s));
});

test('a shim of a version manager is resolved', { skip }, async () => {
  const shim = await script(join(folder, 'shim'), `exec "${java!.path}" "$@"`);
  const found = await findJava(shim);
  assert.equal(found.path, await realpath(java!.path));
  assert.equal(found.major, java!.major);
});

test('a worker does not start without Java, and does once there is one', async (t) => {
  const own = process.env['FUNCATRON_JAVA'];
  const { PATH } = process.env;
  t.after(() => {
    process.env['PATH'] = PATH;
    if (own === undefined) delete process.env['FUNCATRON_JAVA'];
    else process.env['FUNCATRON_JAVA'] = own;
  });
  delete process.env['FUNCATRON_JAVA'];
  const runtime = new JvmRuntime();
  const start = () => runtime.start({ socketDir: folder }, { onLog() {}, onExit() {} });
  process.env['PATH'] = dirname(process.execPath);
  const told = isMissing(
    /JVM bundles need Java 17 .*"java" .*apt-get install default-jre-headless/,
  );
  await assert.rejects(start(), told);
  process.env['FUNCATRON_JAVA'] = join(folder, 'nowhere/bin/java');
  await assert.rejects(start(), isMissing(/nowhere\/bin\/java" is not possible/));
});

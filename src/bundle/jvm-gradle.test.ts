/** Real Gradle, on projects that leave the uberjar to us, and on such that make one themselves. */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { whyMissing } from '../../test/server/server.ts';
import { buildBundle } from './build.ts';
import type { BuiltBundle } from './build.ts';
import { noLimits } from './limit.ts';
import { withArchive } from './read.ts';

const contract = JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' } });
const repositories = 'repositories { mavenLocal(); mavenCentral() }';
const intf = "dependencies { implementation 'funcatron:intf:0.4.0' }";
const intfEntry = 'funcatron/intf/impl/ContextImpl.class';
const service = 'META-INF/services/a.Service';

describe('a folder of Gradle', { skip: whyMissing('javac', 'gradle'), timeout: 300_000 }, () => {
  const { GRADLE_USER_HOME } = process.env;
  let home: string;
  let dir: string;
  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'jvm-gradle-home-')));
    process.env['GRADLE_USER_HOME'] = home;
  });
  after(async () => {
    if (GRADLE_USER_HOME === undefined) delete process.env['GRADLE_USER_HOME'];
    else process.env['GRADLE_USER_HOME'] = GRADLE_USER_HOME;
    await rm(home, { recursive: true });
  });
  beforeEach(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'jvm-gradle-')));
  });
  afterEach(() => rm(dir, { recursive: true }));

  async function put(files: Record<string, string>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
  }

  test('the project with the contract becomes one JAR with all it depends on', async () => {
    await put({
      // Other memory than the client has: Gradle forks a daemon, even for a single build.
      'gradle.properties': 'org.gradle.jvmargs=-Xmx300m',
      'settings.gradle': "include 'lib', 'app'",
      'build.gradle': `subprojects { apply plugin: 'java'; ${repositories}; ${intf} }`,
      'app/build.gradle': "dependencies { implementation project(':lib') }",
      'app/src/main/java/a/App.java': 'package a; public class App extends Lib {}',
      'app/src/main/resources/funcatron.yaml': contract,
      [`app/src/main/resources/${service}`]: 'a.App',
      'lib/src/main/java/a/Lib.java': 'package a; public class Lib {}',
      [`lib/src/main/resources/${service}`]: 'a.Lib\n',
      'lib/src/main/resources/META-INF/LIB.SF': 'signed',
      'lib/src/main/resources/META-INF/versions/17/newer': '',
    });
    const built = await buildBundle(dir);
    assert.equal(built.jar, join(dir, 'app/build/funcatron/app.jar'));
    for (const path of ['a/App.class', 'a/Lib.class', 'funcatron.yaml', intfEntry])
      assert.ok(built.files.includes(path), path);
    assert.ok(!built.files.some((path) => /\.SF$|module-info/.test(path)), 'what is no more so');
    assert.equal(await read(built, service), 'a.App\na.Lib\n\n');
    assert.match(await read(built, 'META-INF/MANIFEST.MF'), /^Manifest-Version: 1\.0\r\nMulti-/);
    await rm(join(dir, 'app/build'), { recursive: true });
    assert.equal((await buildBundle(dir)).sha, built.sha, 'the same bytes at another time');
    while (isHomeOfSomebody(home)) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  test('a JAR that has all in it already is taken as it is', async () => {
    await put({
      'settings.gradle': "rootProject.name = 'fat'",
      'build.gradle':
        `plugins { id 'java' }\n${repositories}\n${intf}\n` +
        'jar { from { configurations.runtimeClasspath.collect { zipTree(it) } } }',
      'src/main/resources/funcatron.yaml': contract,
      'build/funcatron/fat.jar': 'of an earlier build',
    });
    const built = await buildBundle(dir);
    assert.equal(built.jar, join(dir, 'build/libs/fat.jar'));
    assert.deepEqual(Buffer.from(built.bytes), await readFile(built.jar));
  });

  test('a build that has a task for its uberjar is asked for that', async () => {
    await put({
      'settings.gradle': "rootProject.name = 'own'",
      'build.gradle':
        `plugins { id 'java' }\n${repositories}\n${intf}\n` +
        `task bootJar(type: Jar) { enabled = false }
        task shadowJar(type: Jar) {
          destinationDir = file('build/libs')
          archiveName = 'own-all.jar'
          from sourceSets.main.output
          from { configurations.runtimeClasspath.collect { zipTree(it) } }
        }`,
      'src/main/resources/funcatron.yaml': contract,
    });
    assert.equal((await buildBundle(dir)).jar, join(dir, 'build/libs/own-all.jar'));
    assert.deepEqual(readdirSync(join(dir, 'build/libs')), ['own-all.jar']);
  });
});

function read({ jar }: BuiltBundle, path: string): Promise<string> {
  return withArchive(jar!, noLimits, async (archive) => {
    const entry = archive.entries.find((one) => one.path === path);
    return String(await archive.readAll(entry!));
  });
}

/** Whether a process lives there, as Gradle's daemons do. */
function isHomeOfSomebody(folder: string): boolean {
  if (process.platform !== 'linux') return false;
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false; // Another user's, or over.
    }
  });
}

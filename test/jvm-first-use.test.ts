/** A checkout in which nothing of the JVM was built: the first worker has it built, or says what is missing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findProgram } from './server/server.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const missing = ['javac', 'mvn'].filter((program) => !findProgram(program));
const skip = missing.length > 0 && `no ${missing.join(', no ')} here`;

const script = `
  import { openRuntime } from './src/runtime/runtime.ts';
  const runtime = await openRuntime('jvm');
  try {
    const worker = await runtime.start({ socketDir: import.meta.dirname }, { onLog() {}, onExit() {} });
    console.log('started', worker.pid > 0);
    worker.kill();
  } catch (error) {
    console.log(error.code, error.message);
  }
`;

describe('a checkout without the worker of the JVM', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'funcatron-jvm-'));
    for (const path of ['package.json', 'src', 'jvm/build.ts', 'jvm/pom.xml'])
      cpSync(join(root, path), join(folder, path), { recursive: true });
    for (const path of ['workers/jvm/pom.xml', 'workers/jvm/src/main'])
      cpSync(join(root, path), join(folder, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'start.ts'), script);
    mkdirSync(join(folder, 'bin'));
    symlinkSync(process.execPath, join(folder, 'bin/node'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function run(args: string[], path = process.env['PATH']) {
    const env = { ...process.env, PATH: path, XDG_CACHE_HOME: folder };
    const given = { cwd: folder, env, encoding: 'utf8', timeout: 280_000 } as const;
    return spawnSync(process.execPath, args, given);
  }
  const bare = (): string => join(folder, 'bin');

  test('is installed without a JDK, and says in one line what that costs', () => {
    const { status, stdout } = run(['jvm/build.ts', '--soft'], bare());
    assert.equal(status, 0);
    assert.match(
      stdout,
      /^JVM bundles will not run, all else will: .*JDK, version 17.* Maven.*\n$/,
    );
    const hard = run(['jvm/build.ts', 'worker'], bare());
    assert.equal(hard.status, 1);
    assert.match(hard.stderr, /apt-get install default-jdk-headless maven.*node jvm\/build\.ts/);
  });

  test('says at the first use what is missing', () => {
    const { stdout } = run(['start.ts'], bare());
    assert.match(stdout, /^dependency_missing JVM bundles need Java 17 or newer/);
    // Java alone does not do: the worker has to be compiled.
    mkdirSync(join(folder, 'jdk/bin'), { recursive: true });
    writeFileSync(join(folder, 'jdk/release'), 'JAVA_VERSION="17.0.1"\n');
    writeFileSync(join(folder, 'jdk/bin/java'), '#!/bin/sh\n', { mode: 0o755 });
    const only = `${bare()}:${join(folder, 'jdk/bin')}`;
    const told = /^dependency_missing the worker of JVM bundles is not built: .*a JDK/;
    assert.match(run(['start.ts'], only).stdout, told);
  });

  test('builds it at the first use, once', { skip, timeout: 300_000 }, () => {
    const { stdout, stderr } = run(['start.ts']);
    assert.equal(stdout, 'started true\n', stderr);
    assert.ok(existsSync(join(folder, 'workers/jvm/worker.jar')));
    assert.equal(run(['jvm/build.ts', 'worker']).stdout, '', 'nothing to do');
  });
});

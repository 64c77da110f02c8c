/** The tools here are small scripts in the places of wrappers: real ones build the examples. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FuncatronError } from '../errors.ts';
import { buildBundle, createBuilder } from './build.ts';
import { readBundle } from './read.ts';
import { writeBundle } from './write.ts';

let base: string;
/** The project; its local repository is beside it. */
let dir: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'jvm-build-')));
  dir = join(base, 'project');
  await put({ 'pom.xml': '<project/>', '.mvn/maven.config': '-Dmaven.repo.local=../m2' });
});
afterEach(() => rm(base, { recursive: true }));

async function put(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text, { mode: path.endsWith('w') ? 0o755 : 0o644 });
  }
}

const intf = 'funcatron/intf/impl/ContextImpl.class';
const contract = JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' } });

/** A JAR for a script to copy into place, of entries with these paths. */
async function jar(name: string, ...paths: string[]): Promise<void> {
  const files = ['META-INF/MANIFEST.MF', ...paths].map((path) => {
    return { path, bytes: Buffer.from(path.startsWith('funcatron.') ? contract : path) };
  });
  await writeBundle(files, join(base, name));
}

const script = (...lines: string[]): string => ['#!/bin/sh', ...lines, ''].join('\n');

async function fails(code: string, message: RegExp): Promise<FuncatronError> {
  const thrown = await buildBundle(dir).then(
    () => assert.fail('it was built'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof FuncatronError, String(thrown));
  assert.equal(thrown.code, code, thrown.message);
  assert.match(thrown.message, message);
  return thrown;
}

test('what Maven is asked, which JAR is taken, and of which files it was made', async () => {
  await jar('whole.jar', intf, 'funcatron.yaml', 'a/B.class');
  await jar('thin.jar', 'funcatron.yaml', 'a/B.class');
  await put({
    mvnw: script(
      'echo "$@" > ../asked',
      'mkdir -p target/classes && cp ../whole.jar target/app-1.0-jar-with-dependencies.jar',
      'sleep 0.02; cp ../thin.jar target/app-1.0.jar; cp ../whole.jar target/app-1.0-sources.jar',
    ),
    'src/main/java/build/A.java': 'class A {}',
    'src/main/resources/funcatron.yaml': contract,
    'build/x': '',
    'module/target/y.jar': '',
    'dependency-reduced-pom.xml': '',
  });
  const said: string[] = [];
  const builder = await createBuilder(dir, { say: (text) => said.push(text) });
  const built = await builder.build();
  assert.equal(built.jar, join(dir, 'target/app-1.0-jar-with-dependencies.jar'));
  assert.equal(built.sha, (await readBundle(join(base, 'whole.jar'))).sha);
  assert.deepEqual(
    built.files.filter((path) => !path.startsWith('META-INF')),
    ['a/B.class', 'funcatron.yaml', intf],
  );
  const asked = await readFile(join(base, 'asked'), 'utf8');
  assert.match(asked, /^--quiet --batch-mode .*-DskipTests package\n$/);
  const inputs = built.inputs.map((path) => path.slice(dir.length + 1)).toSorted();
  const sources = ['src/main/java/build/A.java', 'src/main/resources/funcatron.yaml'];
  const own = ['.funcatronignore', '.mvn/maven.config', 'mvnw', 'pom.xml'];
  assert.deepEqual(inputs, [...own, ...sources]);
  assert.equal((await builder.build()).sha, built.sha);
  await builder.close();
  // Where there is no JDK, that is said instead.
  assert.match(said.join('\n'), /^(put into .*m2: .*funcatron:intf:|funcatron:intf is not there)/);
  assert.ok(said.length === 1, 'once for a project');
  assert.ok(!existsSync(join(base, 'm2')) || said[0]!.startsWith('put into'));
});

test('a contract at the root goes into a JAR that has none', async () => {
  await jar('bare.jar', intf);
  await put({
    gradlew: script(
      'echo "$@" > ../asked; mkdir -p build/libs; cp ../bare.jar build/libs/app-all.jar',
    ),
    'build.gradle': '',
    'funcatron.json': contract,
  });
  await rm(join(dir, 'pom.xml'));
  const { files, contract: taken, sha, bytes } = await buildBundle(dir);
  assert.deepEqual(files, ['META-INF/MANIFEST.MF', intf, 'funcatron.json']);
  assert.deepEqual(taken, { file: 'funcatron.json', text: contract });
  await writeFile(join(base, 'made.jar'), bytes);
  assert.equal((await readBundle(join(base, 'made.jar'))).sha, sha);
  const asked = await readFile(join(base, 'asked'), 'utf8');
  assert.match(asked, /^--quiet --console=plain --no-daemon .*--init-script \S+ funcatronJar /);
  await put({ 'src/main/resources/funcatron.yaml': contract });
  await fails('contract_ambiguous', /funcatron\.json and src\/main\/resources\/funcatron\.yaml/);
});

test('the newest uberjar is taken, whatever it is called; a thin one is told', async () => {
  await jar('old.jar', intf, 'funcatron.yaml', 'old.class');
  await jar('new.jar', intf, 'funcatron.yaml', 'new.class');
  await jar('thin.jar', 'funcatron.yaml');
  await put({
    mvnw: script('mkdir -p target; cp ../new.jar target/a.jar; cp -p ../old.jar target/b.jar'),
  });
  await utimes(join(base, 'old.jar'), 1, 1);
  assert.ok((await buildBundle(dir)).files.includes('new.class'));
  await rm(join(dir, 'target'), { recursive: true });
  await put({ mvnw: script('mkdir -p target; cp ../thin.jar target/a.jar') });
  await fails(
    'build_failed',
    /^target\/a\.jar has no funcatron\.intf.*have pom\.xml build one JAR/,
  );
  await rm(join(dir, 'target'), { recursive: true });
  await put({ mvnw: script('true') });
  await fails('build_failed', /^Maven made no JAR in target\/\*\.jar/);
});

test('faults are told by file and line, others by the last lines, no JDK by what to do', async () => {
  const line = (at: number) => `echo "[ERROR] $PWD/src/A.java:[${at},5] ';' expected"`;
  await put({ mvnw: script(line(3), line(9), 'exit 1') });
  const { errors } = await fails('build_failed', /^src\/A\.java:3:5: ';' expected \(and 1 more\)$/);
  assert.deepEqual(
    errors!.map(({ file, line: at }) => [file, at]),
    [
      ['src/A.java', 3],
      ['src/A.java', 9],
    ],
  );
  await put({ mvnw: script('echo "[ERROR] Could not find artifact a:b:jar:1" >&2; exit 1') });
  await fails('build_failed', /^Maven failed; its last lines:\nCould not find artifact a:b:jar:1$/);
  const bare = 'echo "[ERROR] No compiler is provided in this environment. Perhaps a JRE?"; exit 1';
  await put({ mvnw: script(bare) });
  await fails('dependency_missing', /Maven finds no JDK: install one/);
});

test('where Gradle does not look for funcatron:intf, it is said how it would', async () => {
  const searched = (place: string): string =>
    script(
      'echo "> Could not find funcatron:intf:0.4.0."; echo "  Searched in the following locations:"',
      `echo "    ${place}/funcatron/intf/0.4.0/intf-0.4.0.pom"; exit 1`,
    );
  await rm(join(dir, 'pom.xml'));
  await put({ 'build.gradle': '', gradlew: searched('https://repo.example') });
  await fails('build_failed', /^add mavenLocal\(\) to the repositories of build\.gradle; Gradle/);
  await put({ gradlew: searched('file:/home/ada/.m2') });
  await fails('build_failed', /^Gradle failed; its last lines:\n> Could not find funcatron:intf/);
});

test('a tool that is not installed is named, with where to get it', async () => {
  await rm(join(dir, 'pom.xml'));
  await put({ 'project.clj': '' });
  const { PATH } = process.env;
  process.env.PATH = base;
  try {
    await fails(
      'dependency_missing',
      /^project\.clj is built with Leiningen, and lein is not there/,
    );
    await put({ 'build.sbt': '' });
    await fails('dependency_missing', /^build\.sbt is built with sbt, and sbt is not there/);
  } finally {
    process.env.PATH = PATH;
  }
});

test('closing ends a build, and all that it has started', async () => {
  await put({ mvnw: script('sleep 600 & echo $! > ../pid; touch ../begun; wait') });
  const builder = await createBuilder(dir);
  const building = assert.rejects(builder.build(), { code: 'build_failed', message: /was ended/ });
  while (!existsSync(join(base, 'begun'))) await pause();
  await builder.close();
  await building;
});

test('a signal that ends the command ends the tool, and all that it has started', async () => {
  await put({ mvnw: script('sleep 600 & echo $! > ../pid; touch ../begun; wait') });
  const main = fileURLToPath(new URL('../../bin/funcatron.js', import.meta.url));
  const cases = [
    { args: ['build', dir], signal: 'SIGINT', end: [null, 'SIGINT'] },
    { args: ['build', dir], signal: 'SIGTERM', end: [null, 'SIGTERM'] },
    // It closes in order, the first build or not.
    { args: ['dev', dir, '--port', '0', '--shim-port', '0'], signal: 'SIGINT', end: [0, null] },
  ] as const;
  for (const { args, signal, end } of cases) {
    const command = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
    const ended = once(command, 'exit');
    while (!existsSync(join(base, 'begun'))) await pause();
    const pid = Number(await readFile(join(base, 'pid'), 'utf8'));
    command.kill(signal);
    assert.deepEqual(await ended, end);
    while (isRunning(pid)) await pause();
    await rm(join(base, 'begun'));
  }
});

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('folders of other runtimes stay theirs; one of the JVM needs a build file', async () => {
  const other = (settings: object) => JSON.stringify({ openapi: '3.1.0', 'x-funcatron': settings });
  await put({ 'funcatron.yaml': other({ runtime: 'process', process: 'cat' }) });
  assert.ok((await buildBundle(dir)).files.includes('pom.xml'));
  await put({ 'funcatron.yaml': other({}), 'index.mjs': 'export {};' });
  assert.ok((await buildBundle(dir)).files.includes('handler.mjs'));
  await rm(join(dir, 'pom.xml'));
  await put({ 'funcatron.yaml': other({ runtime: 'jvm' }) });
  await fails('build_failed', /has none of pom\.xml, build\.sbt, .*: add one, or name the JAR/);
});

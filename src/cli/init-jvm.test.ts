/** New projects of the JVM: each is tested and built by its own tool. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { whyMissing } from '../../test/server/server.ts';
import { findLocalRepository } from '../bundle/maven-repository.ts';
import { fetchSbt } from '../bundle/sbt-launch.ts';
import { openDev } from './fixture/dev.ts';
import { runCommand } from './fixture/terminal.ts';

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'init-jvm-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

const run = promisify(execFile);
/** What a build says that has no way to fetch what it depends on. */
const outOfReach = /Could not transfer|UnknownHost|Unknown host|Connection refused/;

interface Language {
  needed: string[];
  /** A file to save something else in; what dev does then is the same for all. */
  source?: string;
  /** Runs the tests of a project. */
  test(project: string): Promise<unknown>;
}

const testMaven = (cwd: string) => run('mvn', ['--quiet', '--batch-mode', 'test'], { cwd });
const languages: Record<string, Language> = {
  java: { needed: [], source: 'src/main/java/app/Hello.java', test: testMaven },
  kotlin: { needed: [], test: testMaven },
  spring: { needed: [], source: 'src/main/java/app/FuncController.java', test: testMaven },
  scala: { needed: [], test: testSbt },
  clojure: {
    needed: ['lein'],
    // Its usual profile wants a REPL, which is not on Maven Central.
    test: (cwd) => run('lein', ['with-profile', '-base', 'test'], { cwd }),
  },
};

async function testSbt(cwd: string): Promise<void> {
  const launcher = await fetchSbt(cwd, new AbortController().signal, () => {});
  assert.ok(launcher, `no launcher in ${await findLocalRepository(cwd)}`);
  await run(launcher.program, [...launcher.args, 'test'], { cwd });
}

for (const [lang, { needed, source, test: runTests }] of Object.entries(languages)) {
  const skip = whyMissing('javac', 'mvn', ...needed);
  test(`${lang}: a new project's tests pass, and dev serves it`, { skip }, async (t) => {
    const name = `shop-${lang}`;
    const { code, said } = await runCommand(['init', name, '--lang', lang], { cwd: dir });
    assert.equal(code, 0, said);
    assert.match(said, new RegExp(`cd ${name}\\n {2}.*test\\n {2}funcatron dev`));
    const project = join(dir, name);
    try {
      await runTests(project);
    } catch (thrown) {
      const { stdout = '', stderr = '' } = thrown as { stdout?: string; stderr?: string };
      if (outOfReach.test(stdout + stderr)) return t.skip('Maven Central is out of reach');
      throw new Error(`${String(thrown)}\n${stdout}`, { cause: thrown });
    }
    await serve(name, source && join(project, source));
  });
}

async function serve(name: string, source: string | undefined): Promise<void> {
  const dev = await openDev({ dir: join(dir, name), write() {}, remove() {}, close() {} });
  try {
    const hello = await dev.ask(`/${name}/hello/Ada?times=2`);
    assert.deepEqual(hello.body, { greeting: 'Hello, Ada! Hello, Ada!' });
    const headers = { 'content-type': 'application/json' };
    const sum = await dev.ask(`/${name}/sum`, { method: 'POST', headers, body: '[1, 2, 3.5]' });
    assert.deepEqual(sum.body, { sum: 6.5 });

    if (source === undefined) return;
    const text = readFileSync(source, 'utf8');
    writeFileSync(source, text.replace('Hello, ', 'Good day, '));
    assert.deepEqual((await dev.ask(`/${name}/hello/Ada`)).body, { greeting: 'Good day, Ada!' });
    writeFileSync(source, `${text}\n)`);
    const broken = await dev.ask(`/${name}/hello/Ada`);
    assert.deepEqual(broken.body, { greeting: 'Good day, Ada!' }, 'the last good one serves');
    assert.match(broken.notice ?? '', /^build_failed: src\/.*\.\w+:\d+/);
  } finally {
    await dev.close();
  }
}

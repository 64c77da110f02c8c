import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findIssues, lastWords } from './jvm-output.ts';

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'jvm-output-'));
  mkdirSync(join(dir, 'src/sample'), { recursive: true });
  writeFileSync(join(dir, 'src/sample/core.clj'), '');
});
after(() => rmSync(dir, { recursive: true }));

/** The faults in one line each; `DIR` in the output is the folder. */
function told(...lines: string[]): string[] {
  const output = lines.join('\n').replaceAll('DIR', dir);
  return findIssues(output, dir).map(({ file, line, at, message }) => {
    return `${file}:${line} ${at}: ${message}`;
  });
}

const maven =
  'Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.13.0:compile';
const help = [
  '[ERROR] -> [Help 1]',
  '[ERROR] ',
  '[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.',
  '[ERROR] Re-run Maven using the -X switch to enable full debug logging.',
  '[ERROR] [Help 1] http://cwiki.apache.org/confluence/display/MAVEN/MojoFailureException',
];

test('Java by Maven: each fault once, with the name that is not known', () => {
  const faults = [
    '[ERROR] DIR/src/main/java/a/Share.java:[11,22] incompatible types: Long cannot be int',
    '[ERROR] DIR/src/main/java/a/Share.java:[12,37] cannot find symbol',
    '  symbol:   variable peple',
    '  location: class a.Share',
  ];
  const again = [`[ERROR] ${maven} (default-compile) on project x: Compilation failure:`];
  assert.deepEqual(
    told('\u001b[0m[ERROR] COMPILATION ERROR : ', ...faults, ...again, ...faults, ...help),
    [
      'src/main/java/a/Share.java:11 column 22: incompatible types: Long cannot be int',
      'src/main/java/a/Share.java:12 column 37: cannot find symbol: variable peple',
    ],
  );
});

test('a build script of Gradle: its line, and what Gradle says of it', () => {
  const script = "DIR/build.gradle'";
  assert.deepEqual(
    told(
      'FAILURE: Build failed with an exception.',
      ...['', '* Where:', `Build file '${script} line: 10`, '', '* What went wrong:'],
      "A problem occurred evaluating root project 'x'.",
      '> Could not find method implementaton() for arguments [a:b:1].',
      ...['', '* Try:', 'Run with --stacktrace option to get the stack trace.'],
    ),
    [
      "build.gradle:10 : A problem occurred evaluating root project 'x'. > Could not find method " +
        'implementaton() for arguments [a:b:1].',
    ],
  );
});

test('Kotlin by Maven and by Gradle, Java by Gradle, with no warnings', () => {
  assert.deepEqual(
    told(
      "[ERROR] file://DIR/src/main/kotlin/Funcs.kt:33:18 Unresolved reference 'kopy'.",
      'w: file://DIR/src/main/kotlin/Funcs.kt:3:1 Unused variable',
      "e: file://DIR/src/main/kotlin/Funcs.kt:42:36 Unresolved reference 'toIt'.",
      'DIR/src/main/java/A.java:4: warning: [deprecation] old() has been deprecated',
      "DIR/src/main/java/A.java:5: error: ';' expected",
      '    int x = 1',
      '             ^',
    ),
    [
      "src/main/kotlin/Funcs.kt:33 column 18: Unresolved reference 'kopy'.",
      "src/main/kotlin/Funcs.kt:42 column 36: Unresolved reference 'toIt'.",
      "src/main/java/A.java:5 : ';' expected",
    ],
  );
});

test('Scala 3 by sbt says it below the place, Scala 2 beside it', () => {
  assert.deepEqual(
    told(
      '[info] compiling 1 Scala source to DIR/target/classes ...',
      '[warn] -- [E198] Unused Symbol Warning: DIR/src/main/scala/A.scala:1:5 ---',
      '[error] -- [E007] Type Mismatch Error: DIR/src/main/scala/A.scala:2:26 --',
      '[error] 2 |  def a(x: Int): String = x',
      '[error]   |                          ^',
      '[error]   |                          Found:    (x : Int)',
      '[error]   |                          Required: String',
      '[error]   |',
      '[error]   | longer explanation available when compiling with `-explain`',
      '[error] DIR/src/main/scala/B.scala:7:3: not found: value y',
      '[error] two errors found',
      '[error] (Compile / compileIncremental) Compilation failed',
    ),
    [
      'src/main/scala/A.scala:2 column 26: ' +
        '[E007] Type Mismatch Error: Found:    (x : Int) Required: String',
      'src/main/scala/B.scala:7 column 3: not found: value y',
    ],
  );
});

test('Groovy, and Clojure, which names files by their place in a source folder', () => {
  assert.deepEqual(
    told(
      '[ERROR] DIR/src/main/groovy/a/Funcs.groovy: 48: [Static type checking] - The variable [x] is undeclared.',
      '[ERROR]  @ line 48, column 40.',
      'Compiling sample.core',
      'Syntax error compiling at (sample/core.clj:3:5).',
      'Syntax error compiling at (sample/core.clj:3:5).',
      'Unable to resolve symbol: foo in this context',
      '',
      'Full report at:',
      '/tmp/clojure-13314489851346270771.edn',
    ),
    [
      'src/main/groovy/a/Funcs.groovy:48 : [Static type checking] - The variable [x] is undeclared.',
      'src/sample/core.clj:3 column 5: Syntax error compiling: Unable to resolve symbol: foo in this context',
    ],
  );
});

test('a POM that cannot be read, and one that lacks something', () => {
  assert.deepEqual(
    told(
      '[ERROR] [ERROR] Some problems were encountered while processing the POMs:',
      "[FATAL] Non-parseable POM DIR/pom.xml: Unrecognised tag: 'dependencis' (position: START_TAG seen ...</properties> @18:18)  @ line 18, column 18",
      "[ERROR] 'dependencies.dependency.version' for a:b:jar is missing. @ line 20, column 21",
    ),
    [
      "pom.xml:18 column 18: Unrecognised tag: 'dependencis'",
      "pom.xml:20 column 21: 'dependencies.dependency.version' for a:b:jar is missing.",
    ],
  );
});

test('where no file is named, the last lines that say something are left', () => {
  const why =
    'Could not resolve dependencies for project a:b:jar:1: Could not find artifact c:d:jar:9';
  const output = [`[ERROR] Failed to execute goal on project b: ${why} -> [Help 1]`, ...help];
  assert.deepEqual(told(...output), []);
  assert.equal(lastWords(output.join('\n')), `Failed to execute goal on project b: ${why}`);
  assert.equal(lastWords('\n\n'), '');
});

test('a flood of faults is cut', () => {
  const many = Array.from({ length: 500 }, (_, line) => `[ERROR] /a/B.java:[${line + 1},1] no`);
  assert.equal(told(...many).length, 20);
  assert.ok(told(`[ERROR] /a/B.java:[1,1] ${'x'.repeat(9_000)}`)[0]!.length < 600);
});

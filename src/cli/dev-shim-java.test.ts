/** The Java `Register`: Funcs that run where their author started them, breakpoints and all. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDev } from './fixture/dev.ts';
import type { Dev } from './fixture/dev.ts';
import { createProject } from './fixture/project.ts';
import type { Project } from './fixture/project.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = join(root, 'src/cli/fixture/devshim/sample/Sample.java');
const hasJdk = ['javac', 'mvn'].every((one) => spawnSync(one, ['-version']).error === undefined);

const swagger = `swagger: "2.0"
info: { title: Sample, version: "1.0.0" }
basePath: /sample
paths:
  /ask:
    get:
      operationId: sample.Sample$Ask
      parameters: [{ name: word, in: query, type: string }]
      responses: { 200: { description: fine } }
  /fail:
    get: { operationId: sample.Sample$Fail, responses: { 200: { description: fine } } }
  /older/{years}:
    post:
      operationId: sample.Sample$Older
      consumes: [application/json]
      parameters:
        - { name: years, in: path, required: true, type: integer }
        - name: person
          in: body
          required: true
          schema: { type: object, properties: { name: { type: string }, age: { type: integer } } }
      responses: { 200: { description: fine } }
`;

/** A program that runs, and what it wrote. */
class Running {
  readonly child: ChildProcess;
  #written = '';

  constructor(command: string, args: string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.#written += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.#written += chunk.toString()));
  }

  /** Resolves with the first match; rejects when it ends without. */
  async find(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#written);
      if (found) return found;
      if (this.child.exitCode !== null)
        throw new Error(`ended without ${pattern}: ${this.#written}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  type(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

describe('the Java dev shim', { skip: !hasJdk && 'no JDK and Maven here' }, () => {
  let classes: string;
  let classPath: string;
  let dev: Dev;
  let project: Project;
  const programs: Running[] = [];

  before(async () => {
    const build = spawnSync(process.execPath, [join(root, 'jvm/build.ts'), 'libraries']);
    assert.equal(build.status, 0, build.stderr.toString());
    const jars = ['intf', 'devshim'].flatMap((one) =>
      globSync(join(root, `jvm/repository/funcatron/${one}/*/${one}-*.jar`)),
    );
    classes = mkdtempSync(join(tmpdir(), 'classes-'));
    classPath = [classes, ...jars].join(':');
    const made = spawnSync('javac', ['-g', '-d', classes, '-cp', classPath, source]);
    assert.equal(made.status, 0, made.stderr.toString());
    project = createProject({ 'funcatron.yaml': swagger, 'props.json': '{"my-word":"one"}' });
    dev = await openDev(project, { shim: 'true', props: '{"given":"by dev"}' });
  });

  after(async () => {
    await Promise.all(programs.map((one) => one.kill()));
    await dev?.close();
    if (classes) rmSync(classes, { recursive: true, force: true });
  });

  const start = (flags: string[] = [], files = ['funcatron.yaml']): Running => {
    const paths = files.map((file) => join(project.dir, file));
    const args = [...flags, '-cp', classPath, 'sample.Sample', String(dev.shimPort), ...paths];
    const program = new Running('java', args);
    programs.push(program);
    return program;
  };

  const post = (years: string, body: string) =>
    dev.ask(`/sample/older/${years}`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body },
    });

  test('GET, POST, 400, 500, an edit of the Swagger, a second shim, and what is left', async () => {
    const program = start();
    await dev.terminal.until(/^serving /m);
    const { status, body } = await dev.ask('/sample/ask?word=hi');
    assert.equal(status, 200);
    assert.partialDeepStrictEqual(body, {
      ...{ word: 'hi', method: 'get', host: '127.0.0.1', props: { given: 'by dev' } },
    });
    await program.find(/asked for hi/);
    const older = await post('3', '{"name":"David","age":52}');
    assert.deepEqual([older.status, older.body], [200, { name: 'David', age: 55 }]);
    assert.equal((await post('many', '{}')).body.code, 'bad_parameter');
    const failed = await dev.ask('/sample/fail');
    assert.deepEqual([failed.status, failed.body.code], [500, 'func_failed']);
    assert.match(failed.body.detail, /threw java\.lang\.IllegalStateException: on purpose/);
    await program.find(/at sample\.Sample\$Fail\.get\(Sample\.java:\d+\)/);

    project.write('funcatron.yaml', swagger.replace('/ask:', '/question:'));
    await dev.terminal.until(/^new {3}GET +\/sample\/question/m);
    assert.equal((await dev.ask('/sample/question?word=hi')).status, 200);
    project.write('funcatron.yaml', swagger.replace('in: query', 'in: nowhere'));
    await program.find(/funcatron\.yaml:\d+.*nowhere/);
    assert.equal((await dev.ask('/sample/question?word=hi')).status, 200);
    project.write('funcatron.yaml', swagger);
    await dev.terminal.until(/^gone {2}GET +\/sample\/question/m);

    const second = start();
    await second.find(/another dev shim is connected: 127\.0\.0\.1:\d+, since/);
    assert.equal((await dev.ask('/sample/ask')).status, 200);
    await second.kill();
    dev.terminal.clear();
    await program.kill();
    await dev.terminal.until(/the dev shim went away/);
    assert.equal((await dev.ask('/sample/ask')).status, 404);
  });

  test('props of its own are taken up when they are saved', async () => {
    dev.terminal.clear();
    const program = start([], ['funcatron.yaml', 'props.json']);
    await dev.terminal.until(/^serving /m);
    const props = async () => (await dev.ask('/sample/ask')).body.props;
    assert.deepEqual(await props(), { myWord: 'one' });
    project.write('props.json', '{"my-word":"another"}');
    while ((await props()).myWord !== 'another') await new Promise((go) => setTimeout(go, 20));
    dev.terminal.clear();
    await program.kill();
    await dev.terminal.until(/the dev shim went away/);
  });

  test('a call stops at a breakpoint, and is answered when it goes on', async () => {
    dev.terminal.clear();
    const jdwp = '-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0';
    const program = start([jdwp]);
    const [, port] = await program.find(/Listening for transport dt_socket at address: (\d+)/);
    await dev.terminal.until(/^serving /m);
    const debug = new Running('jdb', ['-attach', `127.0.0.1:${port}`]);
    programs.push(debug);
    await debug.find(/Initializing jdb/);
    debug.type('stop in sample.Sample$Ask.get');
    await debug.find(/(?:Set|Deferring) breakpoint/);
    let answered = false;
    const call = dev.ask('/sample/ask?word=stop').finally(() => (answered = true));
    await debug.find(/Breakpoint hit: .*sample\.Sample\$Ask\.get\(\)/);
    assert.equal(answered, false);
    debug.type('clear sample.Sample$Ask.get');
    debug.type('cont');
    assert.equal((await call).body.word, 'stop');
    debug.type('quit');
  });
});

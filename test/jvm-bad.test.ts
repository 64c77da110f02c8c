/** What is wrong with a JAR is said at its upload, when it is enabled or when it is called. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { contractOf, enable, upload } from './fixture/bundle.ts';
import type { BundleSpec } from './fixture/bundle.ts';
import { ask, problemOf } from './fixture/client.ts';
import { addDependencies, makeJar, whyNoJars } from './fixture/jar.ts';
import { workersOf } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const run = promisify(execFile);
const services = 'META-INF/services/funcatron.intf.';

interface Refusal {
  code: string;
  error: string;
  errors?: { at: string; message: string; mend?: string }[];
}

describe('what is wrong with a JAR', { skip: whyNoJars() }, () => {
  const stage = new Stage();
  let server: Server;

  before(async () => {
    server = await stage.serve();
  });
  after(() => stage.close());

  function jarOf(
    name: string,
    operations: BundleSpec['operations'],
    files: Record<string, string> = {},
  ): Promise<string> {
    const contract = JSON.stringify(contractOf({ name, operations }));
    return makeJar(stage.dir, 'bad', { 'funcatron.json': contract, ...files });
  }

  async function uploaded(jar: string): Promise<string> {
    const answer = await upload(server, await readFile(jar));
    assert.equal(answer.status, 200, answer.text);
    return (JSON.parse(answer.text) as { sha: string }).sha;
  }

  /** Enabled, when it is refused; a stack is never in the answer. */
  async function refused(sha: string, props: object = {}): Promise<Refusal> {
    const answer = await enable(server, { sha, props });
    assert.equal(answer.status, 400, answer.text);
    assert.doesNotMatch(answer.text, /\\tat |\.java:\d/);
    return JSON.parse(answer.text) as Refusal;
  }

  async function enabled(sha: string, request: object = {}): Promise<void> {
    const answer = await enable(server, { sha, ...request });
    assert.equal(answer.status, 200, answer.text);
  }

  /** A JAR with some of its classes changed, or (undefined) left out. */
  async function alter(
    jar: string,
    classes: Record<string, ((bytes: Buffer) => Buffer) | undefined>,
    add?: (folder: string) => Promise<void>,
  ): Promise<string> {
    const folder = await mkdtemp(join(stage.dir, 'altered-'));
    await run('jar', ['xf', jar], { cwd: folder });
    await add?.(folder);
    for (const [name, change] of Object.entries(classes)) {
      const path = join(folder, `${name}.class`);
      if (!change) await rm(path);
      else await writeFile(path, change(await readFile(path)));
    }
    await run('jar', ['cf', `${folder}.jar`, '-C', folder, '.']);
    return `${folder}.jar`;
  }

  test('a class that is missing is named before any code runs', async () => {
    const jar = await jarOf('lacking', { 'GET /a': 'bad.Count', 'GET /b': 'worse.Plain' });
    const answer = await upload(server, await readFile(jar));
    const said = JSON.parse(answer.text) as Refusal;
    assert.deepEqual([answer.status, said.code], [400, 'handlers_missing'], answer.text);
    assert.match(JSON.stringify(said.errors), /GET \/b names it.*did you mean bad\.Plain\?/);
    assert.deepEqual(workersOf(server.pid, 'worker.jar'), [], 'nobody has started a JVM');
    assert.deepEqual(JSON.parse((await ask(`${server.tron}/api/v1/known_funcs`)).text), {
      'func-bundles': [],
    });
  });

  test('a JAR without its dependencies is told from one with them', async () => {
    const whole = await jarOf('thin', { 'GET /a': 'bad.Count' });
    const thin = await alter(whole, { 'funcatron/intf/impl/ContextImpl': undefined });
    const answer = await upload(server, await readFile(thin));
    assert.equal((JSON.parse(answer.text) as Refusal).code, 'bundle_invalid');
    assert.match(answer.text, /add the dependency funcatron:intf .*\(is this a thin JAR\?\)/);
  });

  test('classes that are no Funcs, or of a later Java, are named when it is enabled', async () => {
    const operations = { 'GET /p': 'bad.Plain', 'GET /u': 'bad.Unmakable', 'GET /n': 'bad.Newer' };
    const good = await jarOf('unfit', { ...operations, 'GET /c': 'bad.Count' });
    const jar = await alter(good, { 'bad/Newer': ofJava(46) });
    const { code, errors } = await refused(await uploaded(jar));
    assert.equal(code, 'handlers_missing');
    const mends = new Map(errors?.map(({ at, mend }) => [at, mend]));
    assert.deepEqual([...mends.keys()].toSorted(), ['bad.Newer', 'bad.Plain', 'bad.Unmakable']);
    assert.match(mends.get('bad.Plain')!, /is no Func: let it implement funcatron\.intf\.Func/);
    assert.match(mends.get('bad.Unmakable')!, /no (public )?constructor without parameters/);
    assert.match(
      mends.get('bad.Newer')!,
      /compiled for Java 46 \(class file 90\), this JVM is Java \d+: compile it for that one/,
    );
    const checked = await stage.run('check', jar);
    assert.equal(checked.code, 1);
    assert.match(checked.err, /bad\.Newer.*\n\s+mend: class bad\.Newer is compiled for Java 46/);
  });

  test('an interface of a later Java is named, too', async () => {
    const jar = await alter(await jarOf('later', { 'GET /c': 'bad.Count' }), {
      'funcatron/intf/impl/ContextImpl': ofJava(46),
    });
    const { code, error } = await refused(await uploaded(jar));
    assert.equal(code, 'enable_failed');
    assert.match(error, /compiled for Java 46 \(class file 90\)/);
  });

  test('what shows only when it is called fails that call', async () => {
    const operation = {
      operationId: 'bad.Lazy',
      parameters: [{ name: 'what', in: 'path', required: true, schema: { type: 'string' } }],
    };
    const whole = await jarOf('lazy', { 'GET /{what}': operation, 'GET /c': 'bad.Count' });
    const jar = await alter(whole, { 'bad/Newer': ofJava(46), 'bad/Absent': undefined });
    await enabled(await uploaded(jar));
    const detail = async (what: string): Promise<string> => {
      const answer = await ask(`${server.door}/lazy/${what}`);
      assert.equal(answer.status, 500, answer.text);
      return problemOf(answer).detail;
    };
    assert.match(await detail('newer'), /UnsupportedClassVersionError: bad\/Newer/);
    assert.match(await detail('absent'), /NoClassDefFoundError: bad\/Absent/);
    assert.match(await detail('initialiser'), /nobody asked for this class to be initialised/);
    assert.match(await detail('endless'), /StackOverflowError/);
    assert.equal((await ask(`${server.door}/lazy/c`)).text, '1');
  });

  test('a provider that throws keeps its bundle from being enabled, and is named', async () => {
    const operations = { 'GET /c': 'bad.Count' };
    const withProvider = async (kind: string, name: string) =>
      uploaded(await jarOf(kind.toLowerCase(), operations, { [services + kind]: name }));
    const props = { 'the-mail': { type: 'broken', host: 'mail.example' } };
    for (const [kind, name, words] of [
      ['ServiceVendorProvider', 'bad.Services', /bad\.Services.*theMail.*nobody answers at \*\*\*/],
      ['MiddlewareProvider', 'bad.Wrapping', /bad\.Wrapping.*no wrapping paper/],
      ['ClassloaderProvider', 'bad.Loading', /bad\.Loading.*no loader to give/],
      ['MiddlewareProvider', 'bad.Nowhere', /bad\.Nowhere not found/],
      ['MiddlewareProvider', 'bad.Plain', /bad\.Plain not a subtype/],
    ] as const) {
      const { code, error } = await refused(await withProvider(kind, name), props);
      assert.equal(code, 'enable_failed');
      assert.match(error, words);
    }
    const sha = await withProvider('OperationProvider', 'bad.Operating');
    await enabled(sha);
    assert.equal((await ask(`${server.door}/operationprovider/c`)).text, '1');
    const { level } = await server.line(({ msg }) => msg.includes('no operations today'));
    assert.equal(level, 'warn');
  });

  test('props of the wrong type and drivers that are not there are told at once', async () => {
    const thin = await jarOf('data', { 'GET /c': 'bad.Count' });
    const url = 'jdbc:postgresql://db/shop';
    const props = { db: { type: 'database', url } };
    const lacking = await refused(await uploaded(thin), props);
    assert.match(lacking.error, /lacks the class com\.zaxxer\.hikari\.\w+: build an uberjar/);
    const sha = await uploaded(await alter(thin, {}, addDependencies));
    const told = async (db: object): Promise<string> => {
      const { code, error } = await refused(sha, { db: { type: 'database', ...db } });
      assert.equal(code, 'enable_failed');
      return error;
    };
    assert.match(await told({ url: 5 }), /the prop "db\.url" must be a string, but is a number/);
    assert.match(await told({}), /the prop "db\.url" is missing/);
    const postgres = await told({ url, password: 'pa55word' });
    assert.match(postgres, /driver.*org\.postgresql:postgresql/);
    assert.doesNotMatch(postgres, /pa55word/);
    const classname = 'org.example.Driver';
    assert.match(
      await told({ url: 'jdbc:example:x', classname }),
      /"db\.classname" names the driver \*\*\*, which is not in the bundle/,
    );
    for (const odd of ['text', [1], 7])
      assert.equal((await enable(server, { sha, props: odd })).status, 400);
    await enabled(sha, { props: { db: { url: 5 }, other: null } });
    assert.equal((await ask(`${server.door}/data/c`)).text, '1');
  });

  test('a signed JAR is served, and one that was changed since is not', async () => {
    const jar = await jarOf('signed', { 'GET /c': 'bad.Count' });
    const keys = ['-keystore', join(stage.dir, 'keys'), '-storepass', 'secret'];
    const who = ['-alias', 'me', '-dname', 'CN=me', '-keyalg', 'RSA', '-validity', '9'];
    await run('keytool', ['-genkeypair', ...keys, ...who]);
    await run('jarsigner', [...keys, jar, 'me']);
    await enabled(await uploaded(jar));
    assert.equal((await ask(`${server.door}/signed/c`)).text, '1');
    const forged = join(stage.dir, 'forged.jar');
    await cp(jar, forged);
    const other = await mkdtemp(join(stage.dir, 'other-'));
    await run('jar', ['xf', jar, 'bad/CountToo.class'], { cwd: other });
    await cp(join(other, 'bad/CountToo.class'), join(other, 'bad/Count.class'));
    await run('jar', ['uf', forged, '-C', other, 'bad/Count.class']);
    const { error } = await refused(await uploaded(forged));
    assert.match(error, /Count/);
  });

  test('static state is kept apart, of two Funcs and of two bundles', async () => {
    const operations = { 'GET /a': 'bad.Count', 'GET /b': 'bad.CountToo' };
    const sha = await uploaded(await jarOf('state', operations));
    await enabled(sha);
    await enabled(sha, { basePath: '/state/too' });
    const get = async (path: string): Promise<string> => (await ask(server.door + path)).text;
    const got = [];
    for (const path of ['/state/a', '/state/a', '/state/b', '/state/too/a', '/state/a'])
      got.push(await get(path));
    assert.deepEqual(got, ['1', '2', '10', '1', '3']);
  });
});

/** Gives a class file the version of a Java (JVMS 4.1). */
function ofJava(feature: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    bytes.writeUInt16BE(feature + 44, 6);
    return bytes;
  };
}

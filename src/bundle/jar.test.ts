import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FuncatronError } from '../errors.ts';
import { assertMayTell, checkJar } from './jar.ts';
import { writeBundle } from './write.ts';

const intf = 'funcatron/intf/impl/ContextImpl.class';
const provider = 'META-INF/services/funcatron.intf.OperationProvider';
let dir: string;
let count = 0;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bundle-jar-'));
});
after(() => rm(dir, { recursive: true }));

/** A JAR with entries of these paths; their bytes do not matter, or are given. */
async function jar(...entries: (string | [string, Uint8Array])[]): Promise<string> {
  const path = join(dir, `${++count}.jar`);
  const files = ['META-INF/MANIFEST.MF', ...entries].map((entry) =>
    typeof entry === 'string'
      ? { path: entry, bytes: Buffer.from('x') }
      : { path: entry[0], bytes: entry[1] },
  );
  await writeBundle(files, path);
  return path;
}

function named(...operationIds: string[]) {
  return operationIds.map((operationId) => ({ operationId, operation: 'GET /x' }));
}

async function faultsOf(path: string, ...operationIds: string[]): Promise<string[]> {
  try {
    await checkJar(path, named(...operationIds));
    return [];
  } catch (thrown) {
    assert.ok(thrown instanceof FuncatronError, String(thrown));
    assert.equal(thrown.code, 'handlers_missing');
    return thrown.errors!.map(({ at, message, mend }) => `${at}: ${message}; ${mend}`);
  }
}

test('classes that are there are found: nested, of a later Java, and in Clojure', async () => {
  const path = await jar(
    intf,
    'a/b/Get.class',
    'a/b/Outer$Inner.class',
    'META-INF/versions/21/a/New.class',
    'my_app/core.clj',
    'other__init.class',
  );
  const ids = ['a.b.Get', 'a.b.Outer$Inner', 'a.New', 'my-app.core#get-all', 'other#f'];
  assert.deepEqual(await faultsOf(path, ...ids), []);
});

test('a missing class is named with its operation, its path and the nearest class', async () => {
  const path = await jar(intf, 'a/b/Get.class', 'x/Get.class', 'a/Outer$In.class', 'my/core.clj');
  const faults = await faultsOf(path, 'a.c.Get', 'a.Outer.In', 'your.core#f', 'nowhere.At.All');
  assert.deepEqual(faults, [
    'a.c.Get: GET /x names it, and the JAR has no a/c/Get.class; did you mean a.b.Get?',
    'a.Outer.In: GET /x names it, and the JAR has no a/Outer/In.class; did you mean a.Outer$In?',
    'your.core#f: GET /x names it, and the JAR has no your/core.clj, your/core.cljc, ' +
      'your/core__init.class; did you mean my.core#f?',
    'nowhere.At.All: GET /x names it, and the JAR has no nowhere/At/All.class; ' +
      'add the class to the JAR, or name one that is there instead of nowhere.At.All',
  ]);
});

test('a name that is nearly right is found by whoever can tell', async () => {
  const path = await jar(intf, 'app/Hello.class', 'app/Sum.class');
  const near = (name: string, names: Iterable<string>): string | undefined =>
    [...names].find((one) => one.startsWith(name.slice(0, 6)));
  const thrown = await checkJar(
    path,
    [{ operationId: 'app.Helo', operation: 'GET /x' }],
    near,
  ).then(
    () => assert.fail('it has no such class'),
    (error: FuncatronError) => error,
  );
  assert.equal(thrown.errors![0]!.mend, 'did you mean app.Hello?');
});

test('where its own code decides which Funcs there are, none is called missing', async () => {
  assert.deepEqual(await faultsOf(await jar(intf, provider), 'no.Class'), []);
  const boot = await jar(`BOOT-INF/classes/${intf}`, 'BOOT-INF/classes/a/B.class');
  assert.deepEqual(await faultsOf(boot, 'no.Class'), []);
});

test('a JAR without funcatron.intf is refused, wherever it may be', async () => {
  const thin = await jar('a/B.class');
  const isRefused = (error: FuncatronError): boolean =>
    error.code === 'bundle_invalid' &&
    /add the dependency funcatron:intf.*thin/.test(error.message);
  await assert.rejects(checkJar(thin, []), isRefused);
  await assert.rejects(assertMayTell(thin), { code: 'contract_missing', message: /thin JAR/ });
  const other: [string, Uint8Array] = ['BOOT-INF/lib/x.jar', Buffer.alloc(700_000, 1)];
  await assert.rejects(checkJar(await jar('BOOT-INF/classes/a', other), []), isRefused);
  for (const name of ['intf-0.3.0', 'funcatron-intf-0.4.0'])
    await checkJar(await jar(`BOOT-INF/lib/${name}.jar`), []);
  const { bytes } = await writeBundle([{ path: intf, bytes: Buffer.from('x') }]);
  const late = Buffer.concat([Buffer.alloc(256 * 1024 - 50), bytes]);
  await assertMayTell(await jar(['WEB-INF/lib/all.jar', late]));
});

/** JARs without a contract: a runner is asked for what their code gives. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { unzipSync, zipSync } from 'fflate';
import { fetchKeyHeader } from '../control/tron-list.ts';
import { FuncatronError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { base64ShaOf, contractOf, send, TestPlace } from './fixture/place.ts';

const intf = 'funcatron/intf/impl/ContextImpl.class';
const hexOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function jarOf(...paths: string[]): Uint8Array {
  const all = ['META-INF/MANIFEST.MF', ...paths].map((path) => [path, Buffer.from(path)]);
  return zipSync(Object.fromEntries(all), { mtime: new Date('2020-01-01T00:00:00Z') });
}

/** A contract whose one operation is named as a class. */
function contractOfClass(operationId: string, basePath = '/jar') {
  const responses = { 200: { description: 'fine' } };
  return { ...contractOf(basePath), paths: { '/x': { get: { operationId, responses } } } };
}

function refusal(code: ErrorCode, detail: string) {
  return { ok: false, error: new FuncatronError(code, detail).toProblem() };
}

test('what a runner says the code gives becomes an entry of a new bundle', async () => {
  const place = await TestPlace.open();
  const [first, second] = [await place.node('runner'), await place.node('runner')];
  const jar = jarOf(intf, 'a/Get.class');
  const text = JSON.stringify(contractOfClass('a.Get'));
  let fetched: Promise<Uint8Array> | undefined;
  first.judge = ({ action }) =>
    action === 'describe' ? refusal('dependency_missing', 'there is no Java') : { ok: true };
  second.judge = (message) => {
    if (message.action !== 'describe') return { ok: true };
    const [{ url, fetchKey }] = second.orders('tron-info') as never as [Record<string, string>];
    const headers = { [fetchKeyHeader]: fetchKey! };
    const path = `${url}/api/v1/bundle/${String(message.sha)}`;
    fetched = send(path, 'GET', headers).then((reply) => {
      void second.say('ack', {
        ...{ of: message.msgId, ok: true, contract: { type: 'json', text } },
      });
      return reply.bytes;
    });
    return undefined;
  };
  const reply = await place.post('/api/v1/add_func', jar);
  assert.equal(reply.status, 200, reply.text);
  assert.ok(Buffer.from(jar).equals(await fetched!), 'the runner gets the file as it was sent');
  const { sha, sourceSha, type, route, swagger } = reply.json;
  assert.deepEqual([type, route, sourceSha], ['jar', '/jar', base64ShaOf(jar)]);
  assert.deepEqual(swagger, JSON.parse(text));
  const { bytes } = await place.get(`/api/v1/bundle/${encodeURIComponent(sha)}`);
  assert.equal(base64ShaOf(bytes), sha);
  const entries = unzipSync(bytes);
  assert.equal(Buffer.from(entries['funcatron.json']!).toString(), text);
  assert.deepEqual(Object.keys(entries).toSorted(), [
    'META-INF/MANIFEST.MF',
    'a/Get.class',
    'funcatron.json',
    intf,
  ]);
  assert.deepEqual(
    (await readdir(join(place.dir, 'bundles'))).filter((name) => name.endsWith('.zip')),
    [`${hexOf(bytes)}.zip`],
    'the raw file goes',
  );
  assert.deepEqual(await readdir(join(place.dir, 'bundles/incoming')), []);

  const again = await place.post('/api/v1/add_func', jar);
  assert.deepEqual(again.json, reply.json);
  assert.equal(second.orders('describe').length, 1, 'nobody is asked again');

  const props = { sha: sourceSha, props: {} };
  assert.equal((await place.post('/api/v1/enable', props)).status, 200);
  assert.equal(first.orders('enable').length, 1);
  assert.equal((await place.get('/api/v1/routes')).json[0].sha, sha);
  const shown = await place.get(`/api/v1/bundles/${hexOf(jar).slice(0, 10)}`);
  assert.deepEqual([shown.json.sha, shown.json.sourceSha], [sha, sourceSha]);
  assert.equal((await place.post('/api/v1/disable', { sha: sourceSha })).status, 200);
  assert.deepEqual((await place.get('/api/v1/routes')).json, []);
  await place.close();
});

test('what the code gives is checked as any contract, and against the JAR', async () => {
  const place = await TestPlace.open();
  const runner = await place.node('runner');
  const give = (type: string, text: string): void => {
    runner.judge = () => ({ ok: true, contract: { type, text } });
  };
  give('yaml', 'openapi: 3.1.0\ninfo: {}\n');
  const unsound = await place.post('/api/v1/add_func', jarOf(intf));
  assert.deepEqual([unsound.status, unsound.json.code], [400, 'contract_invalid']);
  assert.equal(unsound.json.errors[0].file, 'funcatron.yaml');
  give('json', JSON.stringify(contractOfClass('b.Get')));
  const lacking = await place.post('/api/v1/add_func', jarOf(intf, 'a/Get.class'));
  assert.deepEqual([lacking.status, lacking.json.code], [400, 'handlers_missing']);
  assert.deepEqual(lacking.json.errors, [
    {
      in: 'handler',
      at: 'b.Get',
      message: 'GET /x names it, and the JAR has no b/Get.class',
      mend: 'did you mean a.Get?',
    },
  ]);
  assert.deepEqual((await place.get('/api/v1/known_funcs')).json['func-bundles'], []);
  await place.close();
});

test('where nobody can tell the contract, the answer says why and what to do', async () => {
  const place = await TestPlace.open({ enableTimeoutMs: 200 });
  const says = async (jar: Uint8Array, text: RegExp): Promise<void> => {
    const reply = await place.post('/api/v1/add_func', jar);
    assert.deepEqual([reply.status, reply.json.code], [400, 'contract_missing'], reply.text);
    assert.match(reply.json.error, text);
    assert.deepEqual(await readdir(join(place.dir, 'bundles/incoming')), []);
  };
  await says(jarOf(intf), /no runner is alive; add funcatron\.yaml .*funcatron build app\.jar/);
  await says(jarOf('a/Get.class'), /no funcatron\.intf.*thin JAR/);
  const runner = await place.node('runner');
  runner.judge = () => refusal('dependency_missing', 'install a JDK');
  await says(jarOf(intf), /runner runner-.*: install a JDK; add funcatron\.yaml/);
  runner.judge = () => refusal('worker_start_failed', 'provider X threw');
  await says(jarOf(intf), /its code gave none: provider X threw; mend that/);
  runner.judge = () => refusal('contract_missing', 'getSwagger gives null');
  await says(jarOf(intf), /^getSwagger gives null$/);
  runner.judge = () => ({ ok: true });
  await says(jarOf(intf), /gave no contract/);
  runner.judge = () => undefined;
  await says(jarOf(intf), /did not answer within 0\.\d+ s \(--enable-timeout\)/);
  runner.judge = () => refusal('bundle_too_large', 'the contract is too large');
  const large = await place.post('/api/v1/add_func', jarOf(intf));
  assert.deepEqual([large.status, large.json.code], [413, 'bundle_too_large']);
  await place.close();
});

test('a JAR with a contract is held against it without being run', async () => {
  const place = await TestPlace.open();
  const runner = await place.node('runner');
  const upload = (contract: object, ...paths: string[]) => {
    const entries = Object.entries(unzipSync(jarOf(...paths)));
    const all = { ...Object.fromEntries(entries) };
    all['funcatron.json'] = Buffer.from(JSON.stringify(contract));
    return place.post('/api/v1/add_func', zipSync(all));
  };
  const lacking = await upload(contractOfClass('a.Nope'), intf);
  assert.deepEqual([lacking.status, lacking.json.code], [400, 'handlers_missing']);
  assert.match(lacking.json.errors[0].message, /a\/Nope\.class/);
  const thin = await upload(contractOfClass('a.Get'), 'a/Get.class');
  assert.deepEqual([thin.status, thin.json.code], [400, 'bundle_invalid']);
  assert.match(thin.json.error, /funcatron:intf/);
  const other = { ...contractOfClass('main'), 'x-funcatron': { runtime: 'process', process: 'x' } };
  assert.equal((await upload(other, 'a/Get.class')).status, 200);
  assert.equal((await upload(contractOfClass('a.Get'), intf, 'a/Get.class')).status, 200);
  assert.deepEqual(runner.orders('describe'), []);
  await place.close();
});

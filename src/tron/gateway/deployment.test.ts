import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FuncatronError } from '../../errors.ts';
import { readDeployment, recallDeployment, showStatus } from './deployment.ts';
import { findEndpoint } from './endpoint.ts';
import { functionFiles } from './function-contract.ts';
import { foldersOf } from './image.ts';
import { basePathOf, bundleName, checkName, withoutNamespace } from './name.ts';

const least = { service: 'cat', image: 'i' };
const facts = { enabledAt: 0, replicas: 1, availableReplicas: 0 };

test('null is as good as absent, and what is not known is not kept', () => {
  const nulls = { namespace: null, envVars: null, labels: null, secrets: null, limits: null };
  const read = readDeployment({ ...least, ...nulls, registryAuth: 'secret', other: [1] });
  assert.deepEqual(read.sent, least);
  assert.deepEqual([read.namespace, read.labels, read.secrets], ['openfaas-fn', {}, []]);
  assert.deepEqual(recallDeployment(read.sent), read);
  const name = { name: 'cat', namespace: 'openfaas-fn', image: 'i' };
  const created = { createdAt: '1970-01-01T00:00:00.000Z' };
  const counts = { replicas: 1, availableReplicas: 0 };
  assert.deepEqual(showStatus(read, facts), { ...name, ...counts, ...created });
  const counted = showStatus(read, { ...facts, invocationCount: 7 });
  assert.equal(counted['invocationCount'], 7);
});

test('whatever is sent, it is taken or refused in words', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constant(null),
    fc.dictionary(fc.string(), fc.string()),
  );
  const deployment = fc.record(
    {
      service: fc.oneof(value, fc.constant('cat')),
      image: fc.oneof(value, fc.constant('cat')),
      namespace: value,
      envProcess: value,
      envVars: value,
      labels: value,
      secrets: value,
      limits: value,
      readOnlyRootFilesystem: value,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(deployment, (given) => {
      try {
        const read = readDeployment(given);
        const [file] = functionFiles(read, undefined);
        const document = JSON.parse(Buffer.from(file!.bytes).toString());
        assert.deepEqual(document['x-funcatron'].function, JSON.parse(JSON.stringify(read.sent)));
      } catch (thrown) {
        if (!(thrown instanceof FuncatronError)) throw thrown;
        assert.equal(thrown.status, 400);
      }
    }),
  );
});

test('names: what may be in a path, a bundle and a label', () => {
  const namespace = 'openfaas-fn';
  for (const service of ['cat', 'CaptainsIntent', 'func_hubstats', 'a', 'x'.repeat(63), '7up'])
    checkName({ service, namespace });
  for (const service of ['', '-a', 'a-', '_a', 'a.b', 'a/b', 'ä', 'a b', 'x'.repeat(64), '%61'])
    assert.throws(() => checkName({ service, namespace }), { code: 'function_invalid' }, service);
  const long = { service: 'x'.repeat(40), namespace: 'y'.repeat(40) };
  assert.throws(() => checkName(long), /longer than 64/);
  assert.equal(bundleName({ service: 'cat', namespace }), 'cat');
  assert.equal(basePathOf({ service: 'cat', namespace: 'dev' }), '/function/cat.dev');
  assert.equal(withoutNamespace('cat.dev', 'dev'), 'cat');
  assert.equal(withoutNamespace('cat.dev', namespace), 'cat.dev');
});

test('the name of an image is a key, and leads nowhere else', () => {
  assert.deepEqual(foldersOf('ghcr.io/openfaas/figlet:latest'), ['openfaas/figlet', 'figlet']);
  assert.deepEqual(foldersOf('localhost:5000/figlet@sha256:00'), ['figlet']);
  assert.deepEqual(foldersOf('alpine'), ['alpine']);
  assert.deepEqual(foldersOf('a/b/c:1.2'), ['a/b/c', 'c']);
  for (const bad of ['', '..', '../etc', '/etc/passwd', 'a//b', '.', 'a/..', '~', 'a\\b', ':x'])
    assert.deepEqual(foldersOf(bad), [], bad);
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const folder of foldersOf(text)) assert.match(folder, /^[A-Za-z0-9][A-Za-z0-9._/-]*$/);
      for (const folder of foldersOf(text)) assert.doesNotMatch(folder, /(^|\/)\.|\/\/|\/$/);
    }),
  );
});

test('one contract for a function, its time a little longer than its watchdog has', () => {
  const settingsOf = (over: object, image?: Parameters<typeof functionFiles>[1]) => {
    const files = functionFiles(readDeployment({ ...least, ...over }), image);
    return JSON.parse(Buffer.from(files.at(-1)!.bytes).toString())['x-funcatron'];
  };
  const cat = { envProcess: 'cat' };
  assert.equal(settingsOf(cat).timeout, '61000ms');
  assert.equal(settingsOf({ ...cat, envVars: { exec_timeout: '2m' } }).timeout, '121000ms');
  assert.equal(settingsOf({ ...cat, envVars: { mode: 'http' } }).timeout, '31000ms');
  assert.equal(settingsOf({ ...cat, envVars: { mode: 'streaming' } }).direct, true);
  assert.equal(settingsOf({ ...cat, limits: { memory: '64Mi' } }).memory, 64 * 2 ** 20);
  assert.equal(settingsOf({ envVars: { mode: 'static' } }).env.mode, 'static');
  const image = { env: { fprocess: 'a', GREETING: 'hi', KEPT: '1' }, files: [] };
  const { env } = settingsOf({ envProcess: 'b', envVars: { GREETING: 'ho' } }, image);
  const names = { OPENFAAS_NAME: 'cat', OPENFAAS_NAMESPACE: 'openfaas-fn' };
  assert.deepEqual(env, { ...names, fprocess: 'b', GREETING: 'ho', KEPT: '1' });
  assert.throws(() => settingsOf({}), /not in the catalogue.*envProcess.*--images/);
});

test('endpoints are found by method and path', () => {
  const run = () => ({}) as never;
  const endpoints = { 'GET /a': run, 'GET /a/': run, 'POST /a': run };
  assert.deepEqual(findEndpoint(endpoints, 'GET', '/a'), { run, name: '' });
  assert.deepEqual(findEndpoint(endpoints, 'GET', '/a/b%20c'), { run, name: 'b c' });
  assert.deepEqual(findEndpoint(endpoints, 'PUT', '/a'), ['GET', 'POST']);
  assert.deepEqual(findEndpoint(endpoints, 'GET', '/a/b/c'), []);
  assert.deepEqual(findEndpoint(endpoints, 'GET', '/b'), []);
});

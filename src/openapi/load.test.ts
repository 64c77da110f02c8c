import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { FuncatronError } from '../errors.ts';
import type { Contract } from './contract.ts';
import { contractId, loadContract } from './load.ts';

async function loadFixture(file: string, overlay?: unknown): Promise<Contract> {
  const text = await readFile(new URL(`fixture/${file}`, import.meta.url), 'utf8');
  return loadContract({ file, text }, { id: file, overlay });
}

function load(text: string, overlay?: unknown): Promise<Contract> {
  return loadContract({ file: 'api.yaml', text }, { id: 'id', overlay });
}

function keys(contract: Contract): string[] {
  return contract.operations.map(({ key, operationId }) => `${key} ${operationId}`);
}

function minimal(more: string): string {
  return `openapi: 3.1.0
info: {title: T, version: '1'}
paths: {/a: {get: {operationId: a, responses: {'200': {description: ok}}}}}
${more}`;
}

function overlayOf(...actions: unknown[]) {
  return { overlay: '1.0.0', info: { title: 'O', version: '1' }, actions };
}

test('2.0: base path, host, operations, security', async () => {
  const contract = await loadFixture('petstore-2.0.yaml');
  assert.equal(contract.id, 'petstore-2.0.yaml');
  assert.equal(contract.name, 'pet-store');
  assert.equal(contract.version, '2.0.1');
  assert.equal(contract.host, 'pets.example.com');
  assert.equal(contract.basePath, '/v2');
  assert.deepEqual(keys(contract), [
    'GET /pets listPets',
    'POST /pets addPet',
    'GET /pets/mine myPets',
    'GET /pets/{petId} getPet',
    'DELETE /pets/{petId} removePet',
    'GET /pets/{petId}/photo getPhoto',
    'POST /pets/{petId}/photo addPhoto',
  ]);
  const security = (key: string) =>
    contract
      .operation(key)!
      .security.map(({ schemes }) =>
        schemes.map(({ name, scheme, scopes }) => [name, scheme.type, ...scopes].join(' ')),
      );
  assert.deepEqual(security('GET /pets'), []);
  assert.deepEqual(security('POST /pets'), [['key apiKey']]);
  assert.deepEqual(security('GET /pets/mine'), [['oauth oauth2 read'], []]);
  assert.deepEqual(security('DELETE /pets/{petId}'), [['oauth oauth2 read write']]);
  assert.equal(contract.document['openapi'], '3.1.1');
  assert.equal(contract.operation('GET /nope'), undefined);
});

test('2.0: operations check what is given to them', async () => {
  const contract = await loadFixture('petstore-2.0.yaml');
  const list = contract.match('GET', '/pets');
  assert.ok(list && 'operation' in list);
  const params = list.operation.params(list.raw, 'status=a&status=b&tags=x%09y', {});
  assert.deepEqual(params.query, { limit: 20, status: ['a', 'b'], tags: ['x', 'y'] });
  const one = contract.match('GET', '/pets/12/');
  assert.ok(one && 'operation' in one);
  assert.deepEqual(one.operation.params(one.raw, '', {}).path, { petId: 12 });
  assert.throws(() => one.operation.params({ petId: 'x' }, '', {}), { code: 'bad_parameter' });
  const add = contract.operation('POST /pets')!;
  const json = { 'content-type': 'application/json' };
  const pet = { name: 'Rex', nickname: null, mother: { name: 'Mia', friends: [] } };
  const { value } = add.body(json, Buffer.from(JSON.stringify(pet)));
  assert.deepEqual(value, pet);
  const bad = Buffer.from(JSON.stringify({ name: 'Rex', mother: { weight: 0, name: 'Mia' } }));
  assert.throws(() => add.body(json, bad), { code: 'bad_body' });
  assert.equal(add.contentType, 'application/json');
  assert.equal(contract.operation('GET /pets/{petId}/photo')!.contentType, 'image/png');
});

test('3.0: variables of the server, settings, shared parameters', async () => {
  const contract = await loadFixture('petstore-3.0.yaml');
  assert.equal(contract.host, null);
  assert.equal(contract.basePath, '/v3/store');
  assert.equal(contract.settings.runtime, 'node');
  assert.equal(contract.settings.timeoutMs, 10_000);
  const add = contract.operation('POST /pets')!;
  assert.equal(add.settings.timeoutMs, 2000);
  assert.equal(contract.operation('GET /pets')!.settings, contract.settings);
  const get = contract.match('GET', '/pets/4');
  assert.ok(get && 'operation' in get);
  // The operation's own `verbose` is a number, the one of its path is a boolean.
  const params = get.operation.params(get.raw, 'verbose=2', {});
  assert.deepEqual({ ...params.path, ...params.query }, { petId: 4, verbose: 2 });
  const file = contract.match('GET', '/files/a.b.txt');
  assert.ok(file && 'operation' in file);
  assert.deepEqual(file.raw, { name: 'a.b', ext: 'txt' });
  assert.equal(file.operation.contentType, undefined);
  assert.deepEqual(contract.match('PUT', '/pets'), { allow: ['GET', 'HEAD', 'OPTIONS', 'POST'] });
  assert.equal(contract.match('GET', '/nope'), undefined);
});

test('3.1: name and host by x-funcatron, path items by reference', async () => {
  const contract = await loadFixture('petstore-3.1.json');
  assert.equal(contract.name, 'pets');
  assert.equal(contract.host, 'pets.example.com');
  assert.equal(contract.basePath, '/v3');
  assert.deepEqual(keys(contract), ['GET /pets pets.list', 'GET /pets/{petId} pets.get']);
  const get = contract.match('HEAD', '/pets/4');
  assert.ok(get && 'operation' in get);
  assert.deepEqual(get.operation.params(get.raw, '', {}).path, { petId: 4 });
  assert.deepEqual(get.operation.security, []);
  assert.equal(contract.operation('GET /pets')!.security[0]!.schemes[0]!.scheme.scheme, 'bearer');
  const issues = contract
    .operation('GET /pets')!
    .reply(200, { 'content-type': 'application/json' }, Buffer.from('[{"nickname": 1}]'));
  assert.ok(issues && issues.length > 0);
});

test('base path and host, wherever they come from', async () => {
  const cases: [more: string, basePath: string, host: string | null][] = [
    ['', '/', null],
    ['servers: []', '/', null],
    ['servers: [{url: /}]', '/', null],
    ['servers: [{url: ""}]', '/', null],
    ['servers: [{url: "https://x.example"}]', '/', null],
    ['servers: [{url: "https://x.example:8080/a/b/"}, {url: /other}]', '/a/b', null],
    ['x-funcatron: {host: "*"}', '/', null],
    ['x-funcatron: {host: a.example}\nservers: [{url: "https://b.example/c"}]', '/c', 'a.example'],
  ];
  for (const [more, basePath, host] of cases) {
    const contract = await load(minimal(more));
    assert.deepEqual([contract.basePath, contract.host], [basePath, host], more);
  }
});

test('names come from titles', async () => {
  for (const [title, name] of [
    ['Füße & Çatal  v2!', 'fu-e-catal-v2'],
    ['订单', 'bundle'],
    ['x'.repeat(80), 'x'.repeat(64)],
  ]) {
    const contract = await load(minimal('').replace('title: T', `title: '${title}'`));
    assert.equal(contract.name, name);
  }
});

test('an overlay changes the contract, written against the document as it is written', async () => {
  const overlay = overlayOf(
    { target: '$', update: { basePath: '/test', 'x-funcatron': { timeout: '1s' } } },
    { target: '$.host', remove: true },
    { target: "$.paths['/pets'].post", remove: true },
  );
  const contract = await loadFixture('petstore-2.0.yaml', overlay);
  assert.equal(contract.basePath, '/test');
  assert.equal(contract.host, null);
  assert.equal(contract.settings.timeoutMs, 1000);
  assert.equal(contract.operation('POST /pets'), undefined);
  await assert.rejects(loadFixture('petstore-2.0.yaml', { overlay: '1.0.0' }), {
    code: 'overlay_invalid',
  });
});

test('what cannot be served is refused, with every issue', async () => {
  const cases: [text: string, told: RegExp][] = [
    ['a: [', /^api.yaml:1: /],
    ['openapi: 3.2.0', /version "3.2.0" is not supported/],
    [minimal('x-funcatron: {timout: 1}'), /timout is no setting; did you mean timeout/],
    [minimal('servers: [{url: v1}]'), /"v1" is not absolute/],
    [minimal('security: [{key: []}]'), /security scheme key is not declared/],
    [minimal('').replace('operationId: a, ', ''), /operationId is missing; add operationId/],
    [minimal('').replace('/a:', '"/{a}{b}":'), /where one parameter ends/],
    [minimal('security: [{a: []}]\nx-funcatron: {b: 1}'), /and 1 more/],
  ];
  for (const [text, told] of cases)
    await assert.rejects(load(text), (error: FuncatronError) => {
      assert.equal(error.code, 'contract_invalid');
      assert.match(error.message, told);
      return true;
    });
});

test('the id of a contract tells overlays apart', () => {
  const sha = 'ab'.repeat(32);
  assert.equal(contractId(sha), sha);
  assert.equal(contractId(sha, null), sha);
  assert.match(contractId(sha, overlayOf()), new RegExp(`^${sha}\\+[0-9a-f]{12}$`));
  assert.notEqual(contractId(sha, overlayOf()), contractId(sha, overlayOf({ target: '$' })));
});

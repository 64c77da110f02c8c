import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { readDocument } from './document.ts';
import { resolvePointer } from './pointer.ts';
import { openApiVersion, upgradeDocument } from './upgrade.ts';

type Json = Record<string, unknown>;

async function upgradeFixture(name: string): Promise<Json> {
  const url = new URL(`fixture/${name}`, import.meta.url);
  const document = readDocument({ file: name, text: await readFile(url, 'utf8') });
  return upgradeDocument(document, openApiVersion(document)!);
}

/** A Swagger 2.0 document with one operation, upgraded; its operation. */
async function upgradeOperation(operation: Json, more: Json = {}): Promise<Json> {
  const paths = { '/a': { post: { operationId: 'a', responses: {}, ...operation } } };
  const document = { swagger: '2.0', info: { title: 'a', version: '1' }, paths, ...more };
  const upgraded = await upgradeDocument(structuredClone(document), '2.0');
  return resolvePointer(upgraded, '/paths/~1a/post') as Json;
}

function array(name: string, place: string, collectionFormat?: string): Json {
  const format = collectionFormat && { collectionFormat };
  return { name, in: place, type: 'array', items: { type: 'integer' }, ...format };
}

test('versions are told apart', () => {
  assert.equal(openApiVersion({ swagger: '2.0' }), '2.0');
  assert.equal(openApiVersion({ openapi: '3.0.4' }), '3.0');
  assert.equal(openApiVersion({ openapi: '3.1.0' }), '3.1');
  for (const other of [
    {},
    { swagger: 2 },
    { openapi: '3.2.0' },
    { openapi: 3.1 },
    { openapi: '4' },
  ])
    assert.equal(openApiVersion(other), undefined);
});

test('2.0: styles of lists survive, in parameters', async () => {
  const formats = [undefined, 'csv', 'ssv', 'tsv', 'pipes', 'multi'] as const;
  const inQuery = formats.map((format) => array(`q${format}`, 'query', format));
  const inHeader = (['csv', 'ssv', 'tsv', 'pipes'] as const).map((f) => array(f, 'header', f));
  const { parameters } = await upgradeOperation({ parameters: [...inQuery, ...inHeader] });
  const told = (parameters as Json[]).map(
    ({ style, explode, 'x-collectionFormat': format }) => [style, explode, format] as const,
  );
  assert.deepEqual(told, [
    ['form', false, undefined],
    ['form', false, undefined],
    ['spaceDelimited', false, undefined],
    [undefined, undefined, 'tsv'],
    ['pipeDelimited', false, undefined],
    ['form', true, undefined],
    ['simple', false, undefined],
    [undefined, undefined, 'ssv'],
    [undefined, undefined, 'tsv'],
    [undefined, undefined, 'pipes'],
  ]);
});

test('2.0: a form keeps its lists, its types and that it is required', async () => {
  const fields = [
    array('none', 'formData'),
    array('multi', 'formData', 'multi'),
    array('tsv', 'formData', 'tsv'),
    { name: 'must', in: 'formData', type: 'string', required: true },
  ];
  const { requestBody } = await upgradeOperation({ parameters: fields });
  const { content, required } = requestBody as { content: Json; required: boolean };
  assert.equal(required, true);
  assert.deepEqual(Object.keys(content), [
    'application/x-www-form-urlencoded',
    'multipart/form-data',
  ]);
  const form = content['multipart/form-data'] as { schema: Json; encoding: Json };
  assert.deepEqual(form.encoding, {
    none: { style: 'form', explode: false },
    multi: { style: 'form', explode: true },
  });
  assert.equal(resolvePointer(form.schema, '/properties/tsv/x-collectionFormat'), 'tsv');
  assert.deepEqual(form.schema['required'], ['must']);
});

test('2.0: bodies and form fields are found wherever they are declared', async () => {
  const body = { name: 'b', in: 'body', required: true, schema: { $ref: '#/definitions/B' } };
  const more = { parameters: { B: body }, definitions: { B: { type: 'object' } } };
  const byRef = await upgradeOperation({ parameters: [{ $ref: '#/parameters/B' }] }, more);
  const wanted = {
    required: true,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/B' } } },
  };
  assert.deepEqual(byRef['requestBody'], wanted);
  assert.equal(byRef['parameters'], undefined);
  const field = (name: string) => ({ name, in: 'formData', type: 'string' });
  const paths = {
    '/a': {
      post: { operationId: 'a', parameters: [field('own')], responses: {} },
      put: { operationId: 'b', parameters: [field('shared'), field('more')], responses: {} },
      parameters: [{ ...field('shared'), required: true }],
    },
  };
  const document = { swagger: '2.0', info: {}, paths };
  const upgraded = await upgradeDocument(document, '2.0');
  const fieldsOf = (method: string) =>
    Object.keys(
      resolvePointer(
        upgraded,
        `/paths/~1a/${method}/requestBody/content/multipart~1form-data/schema/properties`,
      ) as Json,
    );
  assert.deepEqual(fieldsOf('post'), ['shared', 'own']);
  assert.deepEqual(fieldsOf('put'), ['shared', 'more']);
  assert.equal(resolvePointer(upgraded, '/paths/~1a/post/requestBody/required'), true);
  assert.equal(resolvePointer(upgraded, '/paths/~1a/put/requestBody/required'), undefined);
});

test('2.0: a file that nothing says the type of is of any type', async () => {
  const file = { '200': { description: 'f', schema: { type: 'file' } } };
  const any = await upgradeOperation({ responses: file });
  assert.deepEqual(Object.keys(resolvePointer(any, '/responses/200/content') as Json), ['*/*']);
  const png = await upgradeOperation({ responses: file, produces: ['image/png'] });
  assert.deepEqual(Object.keys(resolvePointer(png, '/responses/200/content') as Json), [
    'image/png',
  ]);
});

test('2.0: bounds, null and recursion become those of 3.1', async () => {
  const upgraded = await upgradeFixture('petstore-2.0.yaml');
  const pet = resolvePointer(upgraded, '/components/schemas/Pet/properties') as Record<
    string,
    Json
  >;
  assert.deepEqual(pet['weight'], { type: 'number', exclusiveMinimum: 0 });
  assert.deepEqual(pet['nickname'], { type: ['string', 'null'] });
  assert.deepEqual(pet['mother'], { $ref: '#/components/schemas/Pet' });
  const parameters = resolvePointer(upgraded, '/paths/~1pets/get/parameters') as Json[];
  assert.deepEqual(parameters[0], { $ref: '#/components/parameters/limit' });
  assert.equal(parameters[2]!['x-collectionFormat'], 'tsv');
});

test('3.0: bounds and null become those of 3.1; a nullable of nothing goes', async () => {
  const upgraded = await upgradeFixture('petstore-3.0.yaml');
  const pet = resolvePointer(upgraded, '/components/schemas/Pet/properties') as Record<
    string,
    Json
  >;
  assert.deepEqual(pet['weight'], { type: 'number', exclusiveMinimum: 0 });
  assert.deepEqual(pet['nickname'], { type: ['string', 'null'] });
  const document = {
    openapi: '3.0.3',
    info: {},
    paths: {},
    components: {
      schemas: { A: { nullable: true, properties: { nullable: { type: 'string' } } } },
    },
  };
  const { components } = await upgradeDocument(document, '3.0');
  assert.deepEqual(components, {
    schemas: { A: { properties: { nullable: { type: 'string' } } } },
  });
});

test('what cannot be upgraded is a contract_invalid', async () => {
  const bad = { swagger: '2.0', paths: { '/a': { get: { parameters: [{ name: 'x' }] } } } };
  await assert.rejects(upgradeDocument(bad, '2.0'), { code: 'contract_invalid' });
});

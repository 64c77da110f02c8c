import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadContract } from '../openapi/load.ts';
import { curlLine } from './curl-line.ts';

const origin = 'http://localhost:8080';

async function lineOf(paths: object, components: object = {}, host?: string): Promise<string> {
  const info = { title: 'shop', version: '1' };
  const text = JSON.stringify({ openapi: '3.1.0', info, paths, components });
  const contract = await loadContract({ file: 'funcatron.json', text }, { id: 'x' });
  return curlLine(contract, { origin, basePath: '/shop', ...(host && { host }) });
}

const answers = { 200: { description: 'fine', content: { 'application/json': {} } } };
const of = (operation: object, method = 'get', path = '/a') => ({
  [path]: { [method]: { operationId: 'x', responses: answers, ...operation } },
});
const taking = (schema: object, type = 'application/json') =>
  of({ requestBody: { content: { [type]: { schema } } } }, 'post');

test('the easiest operation is shown', async () => {
  const line = await lineOf({
    ...of({ parameters: [{ name: 'q', in: 'query', required: true }] }, 'get', '/hard'),
    ...of({ operationId: 'easy' }, 'get', '/easy'),
    ...taking({ type: 'object' }),
  });
  assert.equal(line, `curl ${origin}/shop/easy`);
});

for (const [name, paths, expected] of [
  [
    'parameters in every place, the operation’s own before its path’s',
    {
      '/a/{id}': {
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 7 } },
          { name: 'q', in: 'query', required: true, schema: { type: 'string' } },
        ],
        get: {
          operationId: 'x',
          responses: answers,
          parameters: [
            { name: 'q', in: 'query', required: true, example: 'a&b' },
            { name: 'X-Tag', in: 'header', required: true, schema: { enum: ["it's"] } },
            { name: 'c', in: 'cookie', required: true, schema: { type: 'boolean' } },
            {
              name: 'tags',
              in: 'query',
              required: true,
              schema: { type: 'array', items: { type: 'string' } },
            },
            { name: 'left', in: 'query', schema: { type: 'string' } },
          ],
        },
      },
    },
    `curl -H 'X-Tag: it'\\''s' -b 'c=true' '${origin}/shop/a/7?q=a%26b&tags=Ada'`,
  ],
  ['HEAD by its own flag', of({}, 'head'), `curl -I ${origin}/shop/a`],
  ['a method without a body', of({}, 'delete'), `curl -X DELETE ${origin}/shop/a`],
  [
    'a JSON body of what is required',
    taking({
      type: 'object',
      required: ['name', 'born', 'id'],
      properties: {
        id: { type: 'integer', readOnly: true },
        name: { type: 'string', minLength: 5 },
        born: { type: 'string', format: 'date' },
        note: { type: 'string' },
        size: { type: 'number', examples: [3] },
      },
    }),
    `curl -X POST -H 'content-type: application/json' -d '{"name":"Adaaa","born":"2026-01-31","size":3}' ${origin}/shop/a`,
  ],
  [
    'a form',
    taking(
      { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
      'application/x-www-form-urlencoded',
    ),
    `curl -X POST -H 'content-type: application/x-www-form-urlencoded' -d 'a=Ada' ${origin}/shop/a`,
  ],
  [
    'any type at all',
    taking({}, '*/*'),
    `curl -X POST -H 'content-type: application/octet-stream' -d 'Ada' ${origin}/shop/a`,
  ],
] as const)
  test(name, async () => assert.equal(await lineOf(paths), expected));

test('schemas by reference, combined, and recursive ones end', async () => {
  const line = await lineOf(taking({ $ref: '#/components/schemas/Node' }), {
    schemas: {
      Base: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } },
      Node: {
        allOf: [{ $ref: '#/components/schemas/Base' }],
        required: ['next'],
        properties: { next: { oneOf: [{ type: 'null' }, { $ref: '#/components/schemas/Node' }] } },
      },
      Loop: { required: ['loop'], properties: { loop: { $ref: '#/components/schemas/Loop' } } },
    },
  });
  assert.match(line, /-d '\{"id":1,"next":null\}'/);
  const loop = await lineOf(taking({ $ref: '#/components/schemas/Loop' }), {
    schemas: {
      Loop: { required: ['loop'], properties: { loop: { $ref: '#/components/schemas/Loop' } } },
    },
  });
  assert.match(loop, /-d '\{"loop":/);
});

test('a host and credentials, where nothing goes without', async () => {
  const securitySchemes = {
    key: { type: 'apiKey', in: 'header', name: 'x-key' },
    basic: { type: 'http', scheme: 'Basic' },
    oauth: { type: 'oauth2', flows: {} },
  };
  const line = async (...names: string[]): Promise<string> => {
    const security = [Object.fromEntries(names.map((name) => [name, []]))];
    return lineOf(of({ security }), { securitySchemes }, 'shop.example');
  };
  const host = "-H 'host: shop.example'";
  assert.equal(await line('key'), `curl ${host} -H 'x-key: KEY' ${origin}/shop/a`);
  assert.equal(
    await line('basic', 'oauth'),
    `curl -u USER:PASSWORD ${host} -H 'authorization: Bearer TOKEN' ${origin}/shop/a`,
  );
});

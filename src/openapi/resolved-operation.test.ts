import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveOperation } from './resolved-operation.ts';
import { upgradeDocument } from './upgrade.ts';

const swagger = () => ({
  swagger: '2.0',
  info: { title: 'x', version: '1' },
  paths: {
    '/a/{id}': {
      parameters: [
        { name: 'id', in: 'path', type: 'integer', format: 'int64', required: true },
        { $ref: '#/parameters/many' },
      ],
      post: {
        operationId: 'com.example.Post',
        parameters: [{ name: 'thing', in: 'body', schema: { $ref: '#/definitions/Thing' } }],
        responses: { 200: { description: 'ok' } },
      },
    },
  },
  parameters: {
    many: { name: 'many', in: 'query', type: 'array', items: { type: 'number', format: 'double' } },
  },
  definitions: {
    Thing: { type: 'object', properties: { parent: { $ref: '#/definitions/Thing' } } },
  },
});

test('an operation has its parameters and its body without references', async () => {
  const document = await upgradeDocument(swagger(), '2.0');
  const operation = resolveOperation(document, 'POST', '/a/{id}');
  assert.equal(operation['method'], 'post');
  assert.equal(operation['path'], '/a/{id}');
  assert.equal(operation['operationId'], 'com.example.Post');
  const [id, many] = operation['parameters'] as Record<string, unknown>[];
  assert.deepEqual(id!['schema'], { type: 'integer', format: 'int64' });
  assert.equal(many!['name'], 'many');
  assert.deepEqual(many!['schema'], { type: 'array', items: { type: 'number', format: 'double' } });
  const schema = { $ref: '#/components/schemas/Thing' };
  assert.deepEqual(operation['requestBody'], {
    'x-name': 'thing',
    content: { 'application/json': { schema: { type: 'object', properties: { parent: schema } } } },
  });
});

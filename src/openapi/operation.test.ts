import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultFrom, sampleOperation } from './fixture/operation.ts';
import { compileWhole } from './operation.ts';

test('what an operation is', () => {
  const content = { 'image/*': {}, 'application/json': {}, 'text/plain': {} };
  const operation = sampleOperation({ responses: { 404: {}, 201: { content } } });
  assert.equal(operation.key, 'POST /things/{id}');
  assert.equal(operation.operationId, 'things');
  assert.equal(operation.contentType, 'application/json');
  assert.equal(sampleOperation({}).contentType, undefined);
  assert.equal(
    sampleOperation({ responses: { default: { content } } }).contentType,
    'application/json',
  );
});

test('negotiation is by the types of good answers', () => {
  const problem = { content: { 'application/problem+json': {} } };
  const responses = { 200: { content: { 'text/csv': {} } }, 400: problem };
  const operation = sampleOperation({ responses });
  operation.negotiate({ accept: 'text/*' });
  const fault = faultFrom(() => operation.negotiate({ accept: 'application/problem+json' }));
  assert.equal(fault.code, 'not_acceptable');
  sampleOperation({ responses: { 204: {}, 400: problem } }).negotiate({ accept: 'text/html' });
});

test('a part compiles when it is first used, so one that is broken breaks only itself', () => {
  const broken = { type: 'string', pattern: '(' };
  const operation = sampleOperation({
    parameters: [{ name: 'id', in: 'path', schema: { type: 'integer' } }],
    requestBody: { content: { 'application/json': { schema: broken } } },
    responses: { 200: { content: { 'text/plain': { schema: { type: 'string' } } } } },
  });
  assert.deepEqual(operation.params({ id: '1' }, '', {}).path, { id: 1 });
  assert.equal(operation.reply(200, { 'content-type': 'text/plain' }, Buffer.from('x')), undefined);
  const json = { 'content-type': 'application/json' };
  const fault = faultFrom(() => operation.body(json, Buffer.from('"x"')));
  assert.equal(fault.code, 'contract_invalid');
});

test('compiled whole, it shows what is broken anywhere', () => {
  const schema = { type: 'string', pattern: '(' };
  const content = { 'application/json': { schema } };
  const header = { name: 'h', in: 'header', schema };
  const broken = [
    { parameters: [header] },
    { requestBody: { content } },
    { responses: { 500: { content } } },
    { responses: { 200: { headers: { 'X-A': { schema } } } } },
  ];
  for (const operation of broken) {
    const fault = faultFrom(() => compileWhole(sampleOperation(operation)));
    assert.equal(fault.code, 'contract_invalid');
  }
  compileWhole(sampleOperation({ responses: { 200: { content: { 'text/plain': {} } } } }));
});

test('parameters, bodies, responses and headers may be references', () => {
  const operation = sampleOperation(
    {
      parameters: [{ $ref: '#/components/schemas/stand-in/parameter' }],
      requestBody: { $ref: '#/components/schemas/stand-in/body' },
      responses: { 200: { $ref: '#/components/schemas/stand-in/response' } },
    },
    {
      schemas: {
        'stand-in': {
          parameter: { name: 'n', in: 'query', required: true, schema: { type: 'integer' } },
          body: { required: true, content: { 'text/plain': {} } },
          response: { headers: { 'X-A': { $ref: '#/components/schemas/stand-in/header' } } },
          header: { required: true, schema: { type: 'integer' } },
        },
      },
    },
  );
  assert.deepEqual(operation.params({}, 'n=5', {}).query, { n: 5 });
  assert.equal(faultFrom(() => operation.body({}, Buffer.alloc(0))).code, 'bad_body');
  assert.equal(operation.reply(200, {}, Buffer.alloc(0))?.[0]?.message, 'is required');
});

test('the kind of a body is known by its head', () => {
  const content = { 'application/json': {}, 'image/*': {} };
  const operation = sampleOperation({ requestBody: { content } });
  assert.equal(operation.kind({ 'content-type': 'image/png' }), 'binary');
  assert.equal(operation.kind({ 'content-type': 'application/json; charset=utf-8' }), 'json');
  const fault = faultFrom(() => operation.kind({ 'content-type': 'text/plain' }));
  assert.equal(fault.code, 'unsupported_media_type');
  assert.equal(faultFrom(() => operation.kind({})).code, 'unsupported_media_type');
  assert.equal(sampleOperation({}).kind({ 'content-type': 'text/plain' }), 'text');
  assert.equal(sampleOperation({}).kind({}), 'binary');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Headers } from '../message.ts';
import { sampleOperation, told } from './fixture/operation.ts';

type Json = Record<string, unknown>;

const json = { 'content-type': 'application/json' };
const schema = { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } };
const content = { 'application/json': { schema } };

function check(
  responses: Json,
  status: number,
  body = '',
  headers: Headers = json,
  method = 'GET',
): string[] {
  const operation = sampleOperation({ responses }, { method });
  return told(operation.reply(status, headers, Buffer.from(body)));
}

test('the exact status, its range, the default, or an issue', () => {
  const only = (value: string) => ({ content: { 'text/plain': { schema: { const: value } } } });
  const responses = { 200: only('200'), '4XX': only('4XX'), default: only('default'), 'x-a': {} };
  const text = { 'content-type': 'text/plain' };
  assert.deepEqual(check(responses, 200, '200', text), []);
  assert.deepEqual(check(responses, 404, '4XX', text), []);
  assert.deepEqual(check({ ...responses, 404: only('404') }, 404, '404', text), []);
  assert.deepEqual(check(responses, 500, 'default', text), []);
  assert.deepEqual(check({ '4xx': only('4xx') }, 404, '4xx', text), []);
  assert.deepEqual(check({ 200: {}, 404: {} }, 418), [
    'response : status 418 is not declared; the contract has 200, 404',
  ]);
  assert.deepEqual(check({}, 418, 'x'), []);
});

test('the body by its schema', () => {
  assert.deepEqual(check({ 200: { content } }, 200, '{"a":1}'), []);
  assert.deepEqual(check({ 200: { content } }, 200, '{"a":"x"}'), ['response /a: must be integer']);
  assert.match(check({ 200: { content } }, 200, '{"a":')[0]!, /No JSON: at position 5/);
  assert.match(check({ 200: { content } }, 200, '')[0]!, /No JSON: at position 0/);
  assert.deepEqual(check({ 200: { content: { 'application/json': {} } } }, 200, '[]'), []);
  assert.deepEqual(check({ 200: { description: 'says nothing of a body' } }, 200, 'x'), []);
});

test('defaults are not filled into responses', () => {
  const strict = { required: ['a'], properties: { a: { default: 1 } } };
  const responses = { 200: { content: { 'application/json': { schema: strict } } } };
  assert.deepEqual(check(responses, 200, '{}'), ['response /a: is required']);
});

test('the content type must be declared', () => {
  const responses = { 200: { content: { ...content, 'image/*': {} } } };
  assert.deepEqual(check(responses, 200, 'x', { 'content-type': 'image/png' }), []);
  assert.deepEqual(
    check(responses, 200, '{"a":1}', { 'content-type': 'application/json; charset=utf-8' }),
    [],
  );
  assert.deepEqual(check(responses, 200, 'x', { 'content-type': 'text/plain' }), [
    'response content-type: content type text/plain is not declared; the contract has application/json, image/*',
  ]);
  assert.deepEqual(check(responses, 200, 'x', {}), [
    'response content-type: has no content-type; the contract has application/json, image/*',
  ]);
  assert.deepEqual(check(responses, 200, '', {}), [
    'response content-type: has no body; declared: application/json, image/*',
  ]);
});

test('headers that are required, and what they hold', () => {
  const headers = {
    'X-Rate': { required: true, schema: { type: 'integer' } },
    'Content-Type': { required: true, schema: { const: 'never' } },
  };
  const responses = { 200: { headers } };
  assert.deepEqual(check(responses, 200, '', { 'x-rate': '5' }), []);
  assert.deepEqual(check(responses, 200, '', {}), ['response X-Rate: is required']);
  assert.deepEqual(check(responses, 200, '', { 'x-rate': 'a' }), [
    'response X-Rate: must be integer',
  ]);
});

test('where there is no body, none is checked', () => {
  const responses = { 200: { content }, 204: { content }, 304: { content } };
  assert.deepEqual(check(responses, 200, '', {}, 'HEAD'), []);
  assert.deepEqual(check(responses, 204, '', {}), []);
  assert.deepEqual(check(responses, 304, '', {}), []);
  assert.deepEqual(check(responses, 204, '{}'), ['response : a 204 response has no body']);
});

test('whether there is anything to check', () => {
  const checks = (responses: unknown) => sampleOperation({ responses }).checksReplies;
  assert.equal(checks(undefined), false);
  assert.equal(checks({ 200: { description: 'ok' } }), false);
  assert.equal(checks({ 200: { content: { 'application/json': {} } } }), false);
  assert.equal(checks({ 200: {}, default: { content } }), true);
  assert.equal(checks({ 200: { headers: { a: { required: true } } } }), true);
});

test('a number in text may have blanks around it, and text may not', () => {
  const plain = (schema: object) => ({ 200: { content: { 'text/plain': { schema } } } });
  const text = { 'content-type': 'text/plain' };
  assert.deepEqual(check(plain({ type: 'integer' }), 200, ' 5\n', text), []);
  assert.deepEqual(check(plain({ type: 'boolean' }), 200, 'true\r\n', text), []);
  assert.equal(check(plain({ type: 'integer' }), 200, '5 6\n', text).length, 1);
  assert.equal(check(plain({ type: 'string', maxLength: 1 }), 200, '5\n', text).length, 1);
});

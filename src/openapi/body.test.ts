import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultFrom, sampleOperation, told } from './fixture/operation.ts';

type Json = Record<string, unknown>;

const json = { 'content-type': 'application/json' };
const bytes = (text: string) => Buffer.from(text);
const withBody = (content: Json, rest: Json = {}) =>
  sampleOperation({ requestBody: { content, ...rest } });

test('JSON: parsed and checked, in any spelling of its content type', () => {
  const schema = { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } };
  const operation = withBody({ 'application/json': { schema } });
  const types = [
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ];
  for (const type of types) {
    const body = operation.body({ 'content-type': type }, bytes('\ufeff{"a":1}'));
    assert.deepEqual(body, { kind: 'json', value: { a: 1 } });
  }
  const broken = faultFrom(() => operation.body(json, bytes('{"a":"x","b":2}')));
  assert.equal(broken.code, 'bad_body');
  assert.deepEqual(told(broken.errors), ['body /a: must be integer']);
  assert.equal(broken.message, 'In the body, /a must be integer.');
});

test('what is no JSON is malformed, and the place is named', () => {
  const operation = withBody({ 'application/json': {} });
  const table: [body: Uint8Array, message: RegExp][] = [
    [bytes('{"a":1,}'), /^No JSON: at position 7 \(line 1, column 8\)/],
    [bytes(' '), /not the end/],
    [Uint8Array.from([0x22, 0xff, 0x22]), /no UTF-8/],
    [bytes('['.repeat(1_000_000)), /position 1000000/],
  ];
  for (const [body, message] of table) {
    const fault = faultFrom(() => operation.body(json, body));
    assert.equal(fault.code, 'malformed_body');
    assert.match(fault.message, message);
  }
  const latin = { 'content-type': 'application/json; charset=latin1' };
  assert.equal(faultFrom(() => operation.body(latin, bytes('1'))).code, 'unsupported_media_type');
});

test('a depth bomb is read where nothing is said of it, and refused where it is', () => {
  const deep = bytes('['.repeat(100_000) + ']'.repeat(100_000));
  assert.equal(withBody({ 'application/json': {} }).body(json, deep).kind, 'json');
  const schema = { $ref: '#/components/schemas/List' };
  const List = { type: 'array', items: schema };
  const content = { 'application/json': { schema } };
  const strict = sampleOperation({ requestBody: { content } }, { schemas: { List } });
  assert.match(faultFrom(() => strict.body(json, deep)).message, /nested too deeply/);
  const Holder = { properties: { in: { $ref: '#/components/schemas/Holder' }, a: { default: 1 } } };
  const holding = { 'application/json': { schema: { $ref: '#/components/schemas/Holder' } } };
  const filling = sampleOperation({ requestBody: { content: holding } }, { schemas: { Holder } });
  const deepObject = bytes('{"in":'.repeat(50_000) + '{}' + '}'.repeat(50_000));
  assert.match(faultFrom(() => filling.body(json, deepObject)).message, /nested too deeply/);
});

test('__proto__ in JSON is a property like any other', () => {
  const { value } = withBody({ 'application/json': {} }).body(json, bytes('{"__proto__":{"x":1}}'));
  assert.deepEqual(Object.keys(value as Json), ['__proto__']);
  assert.equal((value as Json)['x'], undefined);
});

test('defaults are filled in, and the JSON written anew only then', () => {
  const schema = {
    type: 'object',
    required: ['size'],
    properties: {
      size: { type: 'integer', default: 10 },
      tags: { type: 'array', items: { properties: { on: { default: true } } } },
      id: { type: 'integer', readOnly: true, default: 0 },
      either: { oneOf: [{ properties: { no: { default: 1 } } }] },
    },
  };
  const operation = withBody({ 'application/json': { schema } });
  const filled = operation.body(json, bytes('{"tags":[{},{"on":false}],"either":{}}'));
  const value = { tags: [{ on: true }, { on: false }], either: {}, size: 10 };
  assert.deepEqual(filled.value, value);
  assert.deepEqual(JSON.parse(Buffer.from(filled.bytes!).toString()), value);
  const whole = operation.body(json, bytes('{"size":1}'));
  assert.equal(whole.bytes, undefined);
});

test('the most specific declared type is meant', () => {
  const only = (pattern: string) => ({ schema: { type: 'string', pattern } });
  const operation = withBody({
    '*/*': {},
    'text/*': only('^any'),
    'text/plain': only('^plain'),
    'text/plain; format=flowed': only('^flowed'),
    'image/*': { schema: { contentMediaType: 'image/png' } },
  });
  const accepts = (type: string, text: string) =>
    operation.body({ 'content-type': type }, bytes(text)).kind;
  assert.equal(accepts('text/plain; format=flowed', 'flowed'), 'text');
  assert.equal(accepts('text/plain; charset=utf-8', 'plain'), 'text');
  assert.equal(accepts('text/csv', 'any'), 'text');
  assert.equal(accepts('image/gif', 'GIF'), 'binary');
  assert.equal(accepts('application/json', '[1]'), 'json');
  assert.equal(faultFrom(() => accepts('text/csv', 'plain')).code, 'bad_body');
});

test('415 lists what is taken; without Content-Type a body is octets, never a guess', () => {
  const operation = withBody({ 'application/json': {}, 'text/plain': {} });
  for (const type of ['text/html', 'nonsense', 'multipart/form-data']) {
    const fault = faultFrom(() => operation.body({ 'content-type': type }, bytes('x')));
    assert.equal(fault.code, 'unsupported_media_type');
    assert.equal(fault.message, `${type} is not taken; send application/json or text/plain.`);
    assert.deepEqual(fault.headers, { accept: 'application/json, text/plain' });
  }
  assert.match(faultFrom(() => operation.body({}, bytes('{}'))).message, /has no Content-Type/);
  const octets = withBody({ 'application/octet-stream': {} });
  assert.equal(octets.body({}, bytes('x')).kind, 'binary');
});

test('no body: none where it may be missing, an issue where it may not', () => {
  const content = { 'application/json': {}, 'text/plain': {} };
  const none = { kind: 'none', value: undefined };
  assert.deepEqual(withBody(content).body(json, bytes('')), none);
  assert.deepEqual(withBody(content).body({}, bytes('')), none);
  const required = withBody(content, { required: true });
  for (const headers of [{}, json]) {
    const fault = faultFrom(() => required.body(headers, bytes('')));
    assert.equal(fault.code, 'bad_body');
    assert.deepEqual(told(fault.errors), ['body : is required']);
  }
  const empty = required.body({ 'content-type': 'text/plain' }, bytes(''));
  assert.deepEqual(empty, { kind: 'text', value: '' });
});

test('an undeclared body is passed by its kind, unchecked', () => {
  const operation = sampleOperation({});
  const read = (type: string, text: string) =>
    operation.body(type === '' ? {} : { 'content-type': type }, bytes(text));
  assert.deepEqual(read('application/json', '{"a":1}'), { kind: 'json', value: { a: 1 } });
  assert.deepEqual(read('text/plain', 'x'), { kind: 'text', value: 'x' });
  assert.deepEqual(read('application/x-www-form-urlencoded', 'a=1&a=2'), {
    kind: 'form',
    value: { a: ['1', '2'] },
  });
  for (const [type, text] of [
    ['application/json', '{'],
    ['', '{}'],
    ['nonsense', 'x'],
  ] as const) {
    assert.deepEqual(read(type, text), { kind: 'binary', value: bytes(text) });
  }
  assert.deepEqual(read('', ''), { kind: 'none', value: undefined });
});

test('text: in its charset, and by its schema', () => {
  const operation = withBody({ 'text/plain': { schema: { type: 'string', maxLength: 3 } } });
  const read = (type: string, body: Uint8Array) => operation.body({ 'content-type': type }, body);
  assert.equal(read('text/plain', bytes('äöü')).value, 'äöü');
  assert.equal(read('text/plain; charset=iso-8859-1', Uint8Array.from([0xe4])).value, 'ä');
  assert.equal(read('text/plain; charset=utf-16le', Buffer.from('ä', 'utf16le')).value, 'ä');
  const codes = [
    () => read('text/plain', bytes('long')),
    () => read('text/plain', Uint8Array.from([0xe4])),
    () => read('text/plain; charset=klingon', bytes('x')),
  ].map((act) => faultFrom(act).code);
  assert.deepEqual(codes, ['bad_body', 'malformed_body', 'unsupported_media_type']);
  const counted = withBody({ 'text/plain': { schema: { type: 'integer' } } });
  assert.equal(counted.body({ 'content-type': 'text/plain' }, bytes('42')).value, 42);
});

test('off: nothing is refused, and what cannot be read stays bytes', () => {
  const schema = { type: 'object', required: ['a'], properties: { n: { type: 'integer' } } };
  const content = {
    'application/json': { schema },
    'application/x-www-form-urlencoded': { schema },
  };
  const off = { validate: { request: 'off' } };
  const operation = sampleOperation({ requestBody: { required: true, content } }, off);
  assert.deepEqual(operation.body(json, bytes('{}')), { kind: 'json', value: {} });
  assert.equal(operation.body(json, bytes('{')).kind, 'binary');
  assert.equal(operation.body(json, bytes('')).kind, 'none');
  assert.equal(operation.body({ 'content-type': 'text/plain' }, bytes('x')).kind, 'text');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  assert.deepEqual(operation.body(form, bytes('n=5')).value, { n: 5 });
});

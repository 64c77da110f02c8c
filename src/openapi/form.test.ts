import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faultFrom, sampleOperation, told } from './fixture/operation.ts';

type Json = Record<string, unknown>;

const type = 'application/x-www-form-urlencoded';

function read(text: string, schema: Json, encoding?: Json, limits = {}): unknown {
  const content = { [type]: { schema, ...(encoding && { encoding }) } };
  const operation = sampleOperation({ requestBody: { content } }, { limits });
  return operation.body({ 'content-type': type }, Buffer.from(text)).value;
}

const refused = (text: string, schema: Json, encoding?: Json) =>
  told(faultFrom(() => read(text, schema, encoding)).errors);

const order = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1 },
    count: { type: 'integer', default: 1 },
    tags: { type: 'array', items: { type: 'string' } },
    sizes: { type: 'array', items: { type: 'integer' } },
    address: { type: 'object', properties: { zip: { type: 'integer' }, city: { type: 'string' } } },
  },
};

test('fields are coerced, repeated ones are lists, objects are JSON, defaults are filled in', () => {
  const text = 'name=a+b%26c&count=2&tags=x&tags=y&sizes=1&address=%7B%22zip%22%3A12%7D';
  assert.deepEqual(read(text, order), {
    name: 'a b&c',
    count: 2,
    tags: ['x', 'y'],
    sizes: [1],
    address: { zip: 12 },
  });
  assert.deepEqual(read('name=a', order), { name: 'a', count: 1 });
});

test('encoding gives a field its style', () => {
  const styles = {
    tags: { style: 'form', explode: false },
    sizes: { style: 'pipeDelimited' },
    address: { style: 'deepObject' },
  };
  const text = 'name=a&tags=x,y%2Cz&sizes=1|2&address[zip]=12&address[city]=X';
  assert.deepEqual(read(text, order, styles), {
    name: 'a',
    count: 1,
    tags: ['x', 'y,z'],
    sizes: [1, 2],
    address: { zip: 12, city: 'X' },
  });
  const json = { sizes: { contentType: 'application/json' } };
  const sizes = (read('name=a&sizes=%5B1%2C2%5D', order, json) as Json)['sizes'];
  assert.deepEqual(sizes, [1, 2]);
});

test('all that is wrong is told, with pointers', () => {
  assert.deepEqual(refused('name=&count=x&count2=y&address=%7B', order), [
    'body /name: must not have fewer than 1 characters',
    'body /count: must be integer',
    'body /address: must be object',
  ]);
  assert.deepEqual(refused('count=1', order), ['body /name: is required']);
  assert.deepEqual(refused('name=a&name=b', order), [
    'body /name: is given 2 times, but takes one value',
  ]);
  assert.deepEqual(refused('name=%ff', order), ['body /name: has broken percent-encoding']);
  assert.deepEqual(refused('name=a&x=1', { ...order, additionalProperties: false }), [
    'body /x: is not allowed',
  ]);
  assert.deepEqual(refused('__proto__=1', {}), [
    'body /__proto__: must not have a part named "__proto__"',
  ]);
});

test('undeclared fields are text, or what additionalProperties makes of them', () => {
  assert.deepEqual(read('a=1&b=2&b=3&constructor=c', {}), {
    a: '1',
    b: ['2', '3'],
    constructor: 'c',
  });
  const numbers = { type: 'object', additionalProperties: { type: 'integer' } };
  assert.deepEqual(read('a=1&b=2', numbers), { a: 1, b: 2 });
});

test('more fields than the limit are malformed', () => {
  const fault = faultFrom(() => read('a=1&b=2&c=3', {}, undefined, { fieldsMax: 2 }));
  assert.equal(fault.code, 'malformed_body');
  assert.match(fault.message, /more than 2 fields \(fieldsMax\)/);
});

test('what URLSearchParams writes comes back', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 });
  const name = text.filter((one) => one !== '__proto__');
  fc.assert(
    fc.property(fc.dictionary(name, text, { noNullPrototype: true }), (fields) => {
      assert.deepEqual(read(new URLSearchParams(fields).toString(), {}) ?? {}, fields);
    }),
  );
});

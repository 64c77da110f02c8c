import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readParameter, refusedParameter, sampleOperation } from './fixture/operation.ts';

type Json = Record<string, unknown>;

const number = { type: 'integer' };
const color = { type: 'string' };
const list = { type: 'array', items: { type: 'string' } };
const numbers = { type: 'array', items: number };
const rgb = { type: 'object', properties: { R: number, G: number, B: number } };

test('empty values', () => {
  const inQuery = { in: 'query' };
  assert.deepEqual(readParameter({ ...inQuery, schema: list }, 'color='), []);
  assert.deepEqual(readParameter({ ...inQuery, schema: list, explode: false }, 'color='), []);
  assert.equal(readParameter({ ...inQuery, schema: color }, 'color'), '');
  assert.deepEqual(refusedParameter({ ...inQuery, schema: number }, 'color='), [
    'query color: must be integer, not empty',
  ]);
  const lax = { ...inQuery, allowEmptyValue: true };
  assert.equal(readParameter({ ...lax, schema: number }, 'color='), undefined);
  assert.equal(readParameter({ ...lax, schema: { ...number, default: 3 } }, 'color='), 3);
  assert.equal(
    readParameter({ ...inQuery, schema: { type: ['integer', 'null'] } }, 'color='),
    null,
  );
  assert.deepEqual(refusedParameter({ in: 'path', schema: color }, ''), [
    'path color: is required',
  ]);
});

test('absent: the default, a copy of it, or an issue when required', () => {
  const parameter = { in: 'query', schema: { ...list, default: ['red'] } };
  const operation = sampleOperation({ parameters: [{ name: 'color', ...parameter }] });
  const first = operation.params({}, '', {}).query;
  assert.deepEqual(first, { color: ['red'] });
  (first['color'] as string[]).push('changed');
  assert.deepEqual(operation.params({}, '', {}).query, { color: ['red'] });
  for (const place of ['query', 'header', 'cookie', 'path']) {
    const said = refusedParameter({ in: place, schema: list, required: true }, undefined);
    assert.deepEqual(said, [`${place} color: is required`]);
  }
  assert.equal(readParameter({ in: 'query', schema: rgb }, ''), undefined);
});

test('deepObject: nested parts, lists, and what is not written so', () => {
  const schema = {
    type: 'object',
    properties: {
      price: { type: 'object', properties: { min: { type: 'number' }, max: { type: 'number' } } },
      tags: { type: 'array', items: { type: 'string' } },
      sizes: numbers,
    },
  };
  const deep = { in: 'query', style: 'deepObject', schema };
  const text =
    'color[price][min]=1.5&color[price][max]=9&color[tags]=a&color[tags]=b&color[sizes][1]=2&color[sizes][0]=1';
  const expected = { price: { min: 1.5, max: 9 }, tags: ['a', 'b'], sizes: [1, 2] };
  assert.deepEqual(readParameter(deep, text), expected);
  assert.deepEqual(readParameter(deep, 'color[tags][]=a&color[tags][]=b'), { tags: ['a', 'b'] });
  assert.deepEqual(readParameter(deep, 'color[tags]=a'), { tags: ['a'] });
  assert.deepEqual(refusedParameter(deep, 'color[a=1'), [
    'query color: must be written as "color[part]=value", not "color[a"',
  ]);
  assert.deepEqual(refusedParameter(deep, 'color[a]=1&color[a][b]=2'), [
    'query color: is given both as a value and as "color[a][b]"',
  ]);
  assert.match(
    refusedParameter(deep, `color${'[a]'.repeat(40)}=1`)[0]!,
    /nested more than 32 levels/,
  );
  const node = {
    type: 'object',
    properties: { next: { $ref: '#/components/schemas/Node' }, v: number },
  };
  const ref = { in: 'query', style: 'deepObject', schema: { $ref: '#/components/schemas/Node' } };
  const found = readParameter(ref, 'color[next][next][v]=3', { Node: node });
  assert.deepEqual(found, { next: { next: { v: 3 } } });
});

test('an exploded object takes its own names, and others only when it says so', () => {
  const free = { type: 'object', additionalProperties: { type: 'integer' } };
  const parameters = [
    { name: 'limit', in: 'query', schema: number },
    { name: 'filter', in: 'query', style: 'deepObject', schema: { type: 'object' } },
    { name: 'rest', in: 'query', schema: free },
  ];
  const operation = sampleOperation({ parameters });
  const query = 'limit=3&a=1&b=2&filter[x]=y';
  assert.deepEqual(operation.params({}, query, {}).query, {
    limit: 3,
    filter: { x: 'y' },
    rest: { a: 1, b: 2 },
  });
  assert.deepEqual(readParameter({ in: 'query', schema: rgb }, 'R=1&other=2'), { R: 1 });
});

test('content: JSON in a parameter', () => {
  const schema = { type: 'object', required: ['a'], properties: { a: numbers } };
  const parameter = { in: 'query', content: { 'application/json': { schema } } };
  const text = (value: unknown) => `color=${encodeURIComponent(JSON.stringify(value))}`;
  assert.deepEqual(readParameter(parameter, text({ a: [1] })), { a: [1] });
  assert.deepEqual(refusedParameter(parameter, text({ a: ['x'] })), [
    'query color: must be integer (at /a/0)',
  ]);
  assert.match(
    refusedParameter(parameter, 'color=%7B')[0]!,
    /is no JSON: at position 1 .*not the end/,
  );
});

test('unions: what is no number may be text, and the other way round', () => {
  const schema = {
    oneOf: [
      { type: 'integer', maximum: 9 },
      { type: 'string', pattern: '^1' },
    ],
  };
  assert.equal(readParameter({ in: 'query', schema }, 'color=7'), 7);
  assert.equal(readParameter({ in: 'query', schema }, 'color=12'), '12');
  assert.equal(readParameter({ in: 'query', schema }, 'color=1x'), '1x');
  const either = { type: ['integer', 'array'], items: number };
  assert.equal(readParameter({ in: 'query', schema: either }, 'color=1'), 1);
  assert.deepEqual(readParameter({ in: 'query', schema: either }, 'color=1&color=2'), [1, 2]);
  assert.deepEqual(
    readParameter({ in: 'query', schema: either, explode: false }, 'color=1,2'),
    [1, 2],
  );
});

test('integers: 32 bits, 64 bits, and too many digits', () => {
  const of = (format: string) => ({ in: 'query', schema: { type: 'integer', format } });
  assert.equal(readParameter(of('int32'), 'color=-2147483648'), -2147483648);
  assert.match(refusedParameter(of('int32'), 'color=2147483648')[0]!, /integer of 32 bits/);
  assert.match(refusedParameter(of('int64'), 'color=9007199254740992')[0]!, /beyond 2\^53 - 1/);
  assert.match(
    refusedParameter({ in: 'query', schema: number }, 'color=9007199254740993')[0]!,
    /beyond/,
  );
  const text = { in: 'query', schema: { type: 'string', format: 'int64' } };
  assert.equal(readParameter(text, 'color=9223372036854775807'), '9223372036854775807');
  assert.match(refusedParameter(text, 'color=9223372036854775808')[0]!, /format int64/);
});

test('hostile text is refused or ignored, and no prototype is touched', () => {
  const deep = { in: 'query', style: 'deepObject', schema: { type: 'object' } };
  const free = { in: 'query', schema: { type: 'object', additionalProperties: true } };
  const refusal = ['query color: must not have a part named "__proto__"'];
  assert.deepEqual(refusedParameter(deep, 'color[__proto__][x]=1'), refusal);
  assert.deepEqual(refusedParameter(deep, 'color[a][__proto__]=1'), refusal);
  assert.deepEqual(refusedParameter(free, '__proto__=1'), refusal);
  const inPath = refusedParameter({ in: 'path', schema: { type: 'object' } }, '__proto__,1');
  assert.deepEqual(inPath, ['path color: must not have a part named "__proto__"']);
  assert.deepEqual(readParameter(deep, 'color[constructor][prototype]=1'), {
    constructor: { prototype: '1' },
  });
  assert.equal(({} as Json)['x'], undefined);
  const scalar = { in: 'query', schema: color };
  assert.equal(readParameter(scalar, '__proto__=1&constructor=2&%zz=3&&=4&color=5'), '5');
  assert.deepEqual(refusedParameter(scalar, 'color=%E0%A4'), [
    'query color: has broken percent-encoding',
  ]);
  assert.deepEqual(refusedParameter(scalar, 'color=%ff'), [
    'query color: has broken percent-encoding',
  ]);
  assert.deepEqual(refusedParameter({ in: 'path', style: 'label', schema: color }, 'blue'), [
    'path color: must begin with "." (style label)',
  ]);
  assert.deepEqual(refusedParameter({ in: 'path', style: 'matrix', schema: color }, ';size=1'), [
    'path color: must be written as ";color=value"',
  ]);
  assert.deepEqual(refusedParameter({ in: 'path', schema: rgb }, 'R,1,G'), [
    'path color: must list names and values by turns',
  ]);
  assert.deepEqual(refusedParameter({ in: 'path', explode: true, schema: rgb }, 'R'), [
    'path color: has "R" where name=value is expected',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Headers } from '../message.ts';
import { faultFrom, sampleOperation, told } from './fixture/operation.ts';

type Json = Record<string, unknown>;

const number = { type: 'integer' };
const color = { type: 'string' };
const list = { type: 'array', items: { type: 'string' } };
const numbers = { type: 'array', items: number };
const rgb = { type: 'object', properties: { R: number, G: number, B: number } };
const value = { R: 100, G: 200, B: 150 };
const three = ['blue', 'black', 'brown'];

/** Reads one parameter out of the text of its place. */
function read(parameter: Json, text: string | undefined, schemas: Json = {}): unknown {
  const place = String(parameter['in']);
  const declared = { name: 'color', required: place === 'path', ...parameter };
  const operation = sampleOperation({ parameters: [declared] }, { schemas });
  const raw = place === 'path' ? { color: text } : {};
  const headers: Headers = {};
  if (text !== undefined && (place === 'header' || place === 'cookie')) {
    headers[place === 'header' ? 'color' : 'cookie'] = text;
  }
  const params = operation.params(raw, place === 'query' ? (text ?? '') : '', headers);
  return params[place as 'path']['color'];
}

const refused = (parameter: Json, text: string | undefined): string[] =>
  told(faultFrom(() => read(parameter, text)).errors);

test('every style reads what it writes (OpenAPI 3.1.1, 4.8.12.4)', () => {
  const table: [place: string, style: string, explode: boolean, schema: Json, string, unknown][] = [
    ['path', 'simple', false, color, 'blue', 'blue'],
    ['path', 'simple', false, list, 'blue,black,brown', three],
    ['path', 'simple', false, rgb, 'R,100,G,200,B,150', value],
    ['path', 'simple', true, color, 'blue', 'blue'],
    ['path', 'simple', true, list, 'blue,black,brown', three],
    ['path', 'simple', true, rgb, 'R=100,G=200,B=150', value],
    ['path', 'label', false, color, '.blue', 'blue'],
    ['path', 'label', false, number, '.-5', -5],
    ['path', 'label', false, list, '.blue,black,brown', three],
    ['path', 'label', false, rgb, '.R,100,G,200,B,150', value],
    ['path', 'label', true, list, '.blue.black.brown', three],
    ['path', 'label', true, rgb, '.R=100.G=200.B=150', value],
    ['path', 'matrix', false, color, ';color=blue', 'blue'],
    ['path', 'matrix', false, color, ';color', ''],
    ['path', 'matrix', false, list, ';color=blue,black,brown', three],
    ['path', 'matrix', false, rgb, ';color=R,100,G,200,B,150', value],
    ['path', 'matrix', true, color, ';color=blue', 'blue'],
    ['path', 'matrix', true, list, ';color=blue;color=black;color=brown', three],
    ['path', 'matrix', true, rgb, ';R=100;G=200;B=150', value],
    ['query', 'form', true, color, 'color=blue', 'blue'],
    ['query', 'form', true, color, 'color=', ''],
    ['query', 'form', true, list, 'color=blue&color=black&color=brown', three],
    ['query', 'form', true, rgb, 'R=100&G=200&B=150', value],
    ['query', 'form', false, color, 'color=blue', 'blue'],
    ['query', 'form', false, list, 'color=blue,black,brown', three],
    ['query', 'form', false, rgb, 'color=R,100,G,200,B,150', value],
    ['query', 'spaceDelimited', false, list, 'color=blue%20black%20brown', three],
    ['query', 'spaceDelimited', false, list, 'color=blue+black+brown', three],
    ['query', 'spaceDelimited', false, rgb, 'color=R%20100%20G%20200%20B%20150', value],
    ['query', 'spaceDelimited', true, list, 'color=blue&color=black&color=brown', three],
    ['query', 'pipeDelimited', false, list, 'color=blue|black|brown', three],
    ['query', 'pipeDelimited', false, list, 'color=blue%7Cblack%7cbrown', three],
    ['query', 'pipeDelimited', false, rgb, 'color=R%7C100%7CG%7C200%7CB%7C150', value],
    ['query', 'deepObject', true, rgb, 'color[R]=100&color[G]=200&color%5BB%5D=150', value],
    ['header', 'simple', false, color, 'blue', 'blue'],
    ['header', 'simple', false, list, 'blue, black,brown', three],
    ['header', 'simple', false, rgb, 'R,100,G,200,B,150', value],
    ['header', 'simple', true, rgb, 'R=100,G=200,B=150', value],
    ['cookie', 'form', true, color, 'a=1; color=blue; z=2', 'blue'],
    ['cookie', 'form', false, list, 'color=blue,black,brown', three],
    ['cookie', 'form', false, rgb, 'color=R,100,G,200,B,150', value],
    ['cookie', 'form', true, rgb, 'R=100; G=200; B=150', value],
  ];
  for (const [place, style, explode, schema, text, expected] of table) {
    const said = `${place} ${style} ${explode} ${text}`;
    assert.deepEqual(read({ in: place, style, explode, schema }, text), expected, said);
  }
});

test("Swagger 2.0's collection formats", () => {
  const table: [place: string, format: string, text: string][] = [
    ['query', 'csv', 'color=blue,black,brown'],
    ['query', 'ssv', 'color=blue%20black%20brown'],
    ['query', 'tsv', 'color=blue%09black%09brown'],
    ['query', 'pipes', 'color=blue|black|brown'],
    ['query', 'multi', 'color=blue&color=black&color=brown'],
    ['path', 'csv', 'blue,black,brown'],
    ['path', 'ssv', 'blue%20black%20brown'],
    ['path', 'tsv', 'blue%09black%09brown'],
    ['path', 'pipes', 'blue%7Cblack|brown'],
    ['header', 'csv', 'blue,black,brown'],
    ['header', 'ssv', 'blue black brown'],
    ['header', 'tsv', 'blue\tblack\tbrown'],
    ['header', 'pipes', 'blue|black|brown'],
  ];
  for (const [place, format, text] of table) {
    const parameter = { in: place, schema: list, 'x-collectionFormat': format };
    assert.deepEqual(read(parameter, text), three, `${place} ${format}`);
  }
});

test('an encoded delimiter belongs to the item, unless no item could hold it', () => {
  const parameter = { in: 'query', style: 'form', explode: false };
  assert.deepEqual(read({ ...parameter, schema: list }, 'color=a%2Cb,c'), ['a,b', 'c']);
  assert.deepEqual(read({ ...parameter, schema: numbers }, 'color=1%2C2'), [1, 2]);
  assert.deepEqual(read({ in: 'path', schema: list }, 'a%2Cb,c%2Fd'), ['a,b', 'c/d']);
});

test('a plus is a space in a query, and itself elsewhere or where reserved text is allowed', () => {
  assert.equal(read({ in: 'query', schema: color }, 'color=a+b%2B'), 'a b+');
  assert.equal(read({ in: 'query', schema: color, allowReserved: true }, 'color=a+b=/?'), 'a+b=/?');
  assert.equal(read({ in: 'path', schema: color }, 'a+b'), 'a+b');
  assert.equal(read({ in: 'cookie', schema: color }, 'color="a+b%20c"'), 'a+b c');
  assert.equal(read({ in: 'header', schema: color }, ' a%20b '), 'a%20b');
});

test('empty values', () => {
  const inQuery = { in: 'query' };
  assert.deepEqual(read({ ...inQuery, schema: list }, 'color='), []);
  assert.deepEqual(read({ ...inQuery, schema: list, explode: false }, 'color='), []);
  assert.equal(read({ ...inQuery, schema: color }, 'color'), '');
  assert.deepEqual(refused({ ...inQuery, schema: number }, 'color='), [
    'query color: must be integer, not empty',
  ]);
  const lax = { ...inQuery, allowEmptyValue: true };
  assert.equal(read({ ...lax, schema: number }, 'color='), undefined);
  assert.equal(read({ ...lax, schema: { ...number, default: 3 } }, 'color='), 3);
  assert.equal(read({ ...inQuery, schema: { type: ['integer', 'null'] } }, 'color='), null);
  assert.deepEqual(refused({ in: 'path', schema: color }, ''), ['path color: is required']);
});

test('absent: the default, a copy of it, or an issue when required', () => {
  const parameter = { in: 'query', schema: { ...list, default: ['red'] } };
  const operation = sampleOperation({ parameters: [{ name: 'color', ...parameter }] });
  const first = operation.params({}, '', {}).query;
  assert.deepEqual(first, { color: ['red'] });
  (first['color'] as string[]).push('changed');
  assert.deepEqual(operation.params({}, '', {}).query, { color: ['red'] });
  for (const place of ['query', 'header', 'cookie', 'path']) {
    const said = refused({ in: place, schema: list, required: true }, undefined);
    assert.deepEqual(said, [`${place} color: is required`]);
  }
  assert.equal(read({ in: 'query', schema: rgb }, ''), undefined);
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
  assert.deepEqual(read(deep, text), expected);
  assert.deepEqual(read(deep, 'color[tags][]=a&color[tags][]=b'), { tags: ['a', 'b'] });
  assert.deepEqual(read(deep, 'color[tags]=a'), { tags: ['a'] });
  assert.deepEqual(refused(deep, 'color[a=1'), [
    'query color: must be written as "color[part]=value", not "color[a"',
  ]);
  assert.deepEqual(refused(deep, 'color[a]=1&color[a][b]=2'), [
    'query color: is given both as a value and as "color[a][b]"',
  ]);
  assert.match(refused(deep, `color${'[a]'.repeat(40)}=1`)[0]!, /nested more than 32 levels/);
  const node = {
    type: 'object',
    properties: { next: { $ref: '#/components/schemas/Node' }, v: number },
  };
  const ref = { in: 'query', style: 'deepObject', schema: { $ref: '#/components/schemas/Node' } };
  const found = read(ref, 'color[next][next][v]=3', { Node: node });
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
  assert.deepEqual(read({ in: 'query', schema: rgb }, 'R=1&other=2'), { R: 1 });
});

test('content: JSON in a parameter', () => {
  const schema = { type: 'object', required: ['a'], properties: { a: numbers } };
  const parameter = { in: 'query', content: { 'application/json': { schema } } };
  const text = (value: unknown) => `color=${encodeURIComponent(JSON.stringify(value))}`;
  assert.deepEqual(read(parameter, text({ a: [1] })), { a: [1] });
  assert.deepEqual(refused(parameter, text({ a: ['x'] })), [
    'query color: must be integer (at /a/0)',
  ]);
  assert.match(refused(parameter, 'color=%7B')[0]!, /is no JSON: at position 1 .*not the end/);
});

test('headers are found in any case, and named as declared', () => {
  const parameters = [
    { name: 'X-Rate', in: 'header', schema: number },
    { name: 'Accept', in: 'header', required: true, schema: color },
    { name: 'Content-Type', in: 'header', required: true, schema: color },
    { name: 'Authorization', in: 'header', required: true, schema: color },
  ];
  const operation = sampleOperation({ parameters });
  assert.deepEqual(operation.params({}, '', { 'x-rate': '5' }).header, { 'X-Rate': 5 });
  const twice = faultFrom(() => operation.params({}, '', { 'x-rate': ['5', '6'] }));
  assert.deepEqual(told(twice.errors), ['header X-Rate: is given 2 times, but takes one value']);
});

test('all issues of a request are told at once', () => {
  const parameters = [
    { name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } },
    { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100 } },
    { name: 'sort', in: 'query', schema: { enum: ['up', 'down'] } },
    { name: 'X-Key', in: 'header', required: true, schema: color },
    { name: 'session', in: 'cookie', schema: { type: 'string', format: 'uuid' } },
  ];
  const operation = sampleOperation({ parameters });
  const fault = faultFrom(() =>
    operation.params({ id: '0' }, 'limit=101&sort=left&sort=right', { cookie: 'session=1' }),
  );
  assert.equal(fault.code, 'bad_parameter');
  assert.equal(fault.status, 400);
  assert.deepEqual(told(fault.errors), [
    'path id: must be >= 1',
    'query limit: must be <= 100',
    'query sort: is given 2 times, but takes one value',
    'header X-Key: is required',
    'cookie session: must be of format uuid',
  ]);
  assert.equal(fault.message, 'The path parameter id must be >= 1 (and 4 more).');
});

test('unions: what is no number may be text, and the other way round', () => {
  const schema = {
    oneOf: [
      { type: 'integer', maximum: 9 },
      { type: 'string', pattern: '^1' },
    ],
  };
  assert.equal(read({ in: 'query', schema }, 'color=7'), 7);
  assert.equal(read({ in: 'query', schema }, 'color=12'), '12');
  assert.equal(read({ in: 'query', schema }, 'color=1x'), '1x');
  const either = { type: ['integer', 'array'], items: number };
  assert.equal(read({ in: 'query', schema: either }, 'color=1'), 1);
  assert.deepEqual(read({ in: 'query', schema: either }, 'color=1&color=2'), [1, 2]);
  assert.deepEqual(read({ in: 'query', schema: either, explode: false }, 'color=1,2'), [1, 2]);
});

test('integers: 32 bits, 64 bits, and too many digits', () => {
  const of = (format: string) => ({ in: 'query', schema: { type: 'integer', format } });
  assert.equal(read(of('int32'), 'color=-2147483648'), -2147483648);
  assert.match(refused(of('int32'), 'color=2147483648')[0]!, /integer of 32 bits/);
  assert.match(refused(of('int64'), 'color=9007199254740992')[0]!, /beyond 2\^53 - 1/);
  assert.match(refused({ in: 'query', schema: number }, 'color=9007199254740993')[0]!, /beyond/);
  const text = { in: 'query', schema: { type: 'string', format: 'int64' } };
  assert.equal(read(text, 'color=9223372036854775807'), '9223372036854775807');
  assert.match(refused(text, 'color=9223372036854775808')[0]!, /format int64/);
});

test('hostile text is refused or ignored, and no prototype is touched', () => {
  const deep = { in: 'query', style: 'deepObject', schema: { type: 'object' } };
  const free = { in: 'query', schema: { type: 'object', additionalProperties: true } };
  const refusal = ['query color: must not have a part named "__proto__"'];
  assert.deepEqual(refused(deep, 'color[__proto__][x]=1'), refusal);
  assert.deepEqual(refused(deep, 'color[a][__proto__]=1'), refusal);
  assert.deepEqual(refused(free, '__proto__=1'), refusal);
  const inPath = refused({ in: 'path', schema: { type: 'object' } }, '__proto__,1');
  assert.deepEqual(inPath, ['path color: must not have a part named "__proto__"']);
  assert.deepEqual(read(deep, 'color[constructor][prototype]=1'), {
    constructor: { prototype: '1' },
  });
  assert.equal(({} as Json)['x'], undefined);
  const scalar = { in: 'query', schema: color };
  assert.equal(read(scalar, '__proto__=1&constructor=2&%zz=3&&=4&color=5'), '5');
  assert.deepEqual(refused(scalar, 'color=%E0%A4'), ['query color: has broken percent-encoding']);
  assert.deepEqual(refused(scalar, 'color=%ff'), ['query color: has broken percent-encoding']);
  assert.deepEqual(refused({ in: 'path', style: 'label', schema: color }, 'blue'), [
    'path color: must begin with "." (style label)',
  ]);
  assert.deepEqual(refused({ in: 'path', style: 'matrix', schema: color }, ';size=1'), [
    'path color: must be written as ";color=value"',
  ]);
  assert.deepEqual(refused({ in: 'path', schema: rgb }, 'R,1,G'), [
    'path color: must list names and values by turns',
  ]);
  assert.deepEqual(refused({ in: 'path', explode: true, schema: rgb }, 'R'), [
    'path color: has "R" where name=value is expected',
  ]);
});

test('a parameter may be called __proto__', () => {
  const parameters = [{ name: '__proto__', in: 'query', schema: number }];
  const { query } = sampleOperation({ parameters }).params({}, '__proto__=1', {});
  assert.deepEqual(Object.entries(query), [['__proto__', 1]]);
  assert.equal(Object.getPrototypeOf(query), Object.prototype);
});

test('places without parameters share one frozen object', () => {
  const operation = sampleOperation({ parameters: [{ name: 'id', in: 'path', schema: number }] });
  const params = operation.params({ id: '1' }, 'a=1', { cookie: 'b=2' });
  assert.deepEqual(params, { path: { id: 1 }, query: {}, header: {}, cookie: {} });
  assert.equal(params.query, operation.params({ id: '2' }, '', {}).cookie);
  assert.ok(Object.isFrozen(params.query));
});

test('off: coerced as far as it goes, and nothing refused', () => {
  const parameters = [
    { name: 'id', in: 'path', required: true, schema: number },
    { name: 'n', in: 'query', required: true, schema: number },
    { name: 'm', in: 'query', schema: { type: 'integer', maximum: 1 } },
  ];
  const operation = sampleOperation({ parameters }, { validate: { request: 'off' } });
  const { path, query } = operation.params({ id: 'x' }, 'm=5', {});
  assert.deepEqual({ path, query }, { path: { id: 'x' }, query: { m: 5 } });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultFrom, readParameter, sampleOperation, told } from './fixture/operation.ts';

type Json = Record<string, unknown>;

const number = { type: 'integer' };
const color = { type: 'string' };
const list = { type: 'array', items: { type: 'string' } };
const numbers = { type: 'array', items: number };
const rgb = { type: 'object', properties: { R: number, G: number, B: number } };
const value = { R: 100, G: 200, B: 150 };
const three = ['blue', 'black', 'brown'];

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
    assert.deepEqual(readParameter({ in: place, style, explode, schema }, text), expected, said);
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
    assert.deepEqual(readParameter(parameter, text), three, `${place} ${format}`);
  }
});

test('an encoded delimiter belongs to the item, unless no item could hold it', () => {
  const parameter = { in: 'query', style: 'form', explode: false };
  assert.deepEqual(readParameter({ ...parameter, schema: list }, 'color=a%2Cb,c'), ['a,b', 'c']);
  assert.deepEqual(readParameter({ ...parameter, schema: numbers }, 'color=1%2C2'), [1, 2]);
  assert.deepEqual(readParameter({ in: 'path', schema: list }, 'a%2Cb,c%2Fd'), ['a,b', 'c/d']);
});

test('a plus is a space in a query, and itself elsewhere or where reserved text is allowed', () => {
  assert.equal(readParameter({ in: 'query', schema: color }, 'color=a+b%2B'), 'a b+');
  assert.equal(
    readParameter({ in: 'query', schema: color, allowReserved: true }, 'color=a+b=/?'),
    'a+b=/?',
  );
  assert.equal(readParameter({ in: 'path', schema: color }, 'a+b'), 'a+b');
  assert.equal(readParameter({ in: 'cookie', schema: color }, 'color="a+b%20c"'), 'a+b c');
  assert.equal(readParameter({ in: 'header', schema: color }, ' a%20b '), 'a%20b');
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

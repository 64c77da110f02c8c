import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuncatronError } from '../errors.ts';
import { faultFrom, sampleOperation, told } from './fixture/operation.ts';

type Json = Record<string, unknown>;

async function read(form: FormData, schema: Json | undefined, encoding?: Json): Promise<unknown> {
  const media = { ...(schema && { schema }), ...(encoding && { encoding }) };
  const content = { 'multipart/form-data': media };
  const operation = sampleOperation({ requestBody: { required: true, content } });
  const sent = new Response(form);
  const headers = { 'content-type': sent.headers.get('content-type')! };
  const body = new Uint8Array(await sent.arrayBuffer());
  const { kind, value } = operation.body(headers, body);
  assert.equal(kind, 'multipart');
  return value;
}

async function refused(form: FormData, schema: Json, encoding?: Json): Promise<string[]> {
  const thrown: unknown = await read(form, schema, encoding).catch((error: unknown) => error);
  assert.ok(thrown instanceof FuncatronError);
  return told(thrown.errors);
}

function formOf(...entries: [name: string, value: string | Blob, filename?: string][]): FormData {
  const form = new FormData();
  for (const [name, value, filename] of entries) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, filename);
  }
  return form;
}

const blob = (text: string, type = '') => new Blob([text], { type });
const file = (filename: string, contentType: string, text: string) => ({
  filename,
  contentType,
  bytes: new Uint8Array(Buffer.from(text)),
});
/** Slices share the body's buffer: compare what is in them. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? [...part] : part)),
  );
const same = (actual: unknown, expected: unknown) =>
  assert.deepEqual(plain(actual), plain(expected));

const upload = {
  type: 'object',
  required: ['title', 'photo'],
  properties: {
    title: { type: 'string', maxLength: 5 },
    count: { type: 'integer' },
    photo: { type: 'string', format: 'binary', maxLength: 6 },
    others: { type: 'array', maxItems: 2, items: { contentMediaType: 'application/octet-stream' } },
    meta: { type: 'object', properties: { a: { type: 'integer' }, b: { default: 2 } } },
    tags: { type: 'array', items: { type: 'string' } },
  },
};

test('fields, files, lists of files and JSON, by the schema', async () => {
  const form = formOf(
    ['title', 'hi'],
    ['count', '3'],
    ['photo', blob('PNG', 'image/png'), 'a.png'],
    ['others', blob('1'), 'one'],
    ['others', blob('2'), 'two'],
    ['meta', '{"a":1}'],
    ['tags', 'x'],
  );
  same(await read(form, upload), {
    title: 'hi',
    count: 3,
    photo: file('a.png', 'image/png', 'PNG'),
    others: [
      file('one', 'application/octet-stream', '1'),
      file('two', 'application/octet-stream', '2'),
    ],
    meta: { a: 1, b: 2 },
    tags: ['x'],
  });
});

test('what is wrong is told, with pointers', async () => {
  const form = formOf(
    ['title', 'too long'],
    ['photo', blob('1234567'), 'a'],
    ['count', 'x'],
    ['count', '2'],
    ['others', blob('1'), 'a'],
    ['others', blob('1'), 'b'],
    ['others', blob('1'), 'c'],
    ['meta', '{"a":"x"}'],
  );
  assert.deepEqual(await refused(form, upload), [
    'body /photo: has 7 bytes, more than 6 (maxLength)',
    'body /count: is given 2 times, but takes one value',
    'body /title: must not have more than 5 characters',
    'body /count: must be integer',
    'body /others: must not have more than 2 items',
    'body /meta/a: must be integer',
  ]);
  assert.deepEqual(await refused(formOf(['count', '1']), upload), [
    'body /title: is required',
    'body /photo: is required',
  ]);
  const twice = formOf(['title', 'a'], ['photo', blob('1'), 'a'], ['photo', blob('2'), 'b']);
  assert.deepEqual(await refused(twice, upload), [
    'body /photo: is given 2 times, but takes one value',
  ]);
  assert.deepEqual(await refused(formOf(['__proto__', 'x']), {}), [
    'body /__proto__: must not have a part named "__proto__"',
  ]);
});

test('encoding: content types of files, JSON lists, delimited lists', async () => {
  const image = { photo: { contentType: 'image/png, image/jpeg' } };
  const send = (type: string) => formOf(['title', 'a'], ['photo', blob('x', type), 'a']);
  same(await read(send('image/jpeg'), upload, image), {
    title: 'a',
    photo: file('a', 'image/jpeg', 'x'),
  });
  assert.deepEqual(await refused(send('image/gif'), upload, image), [
    'body /photo: is of type image/gif; send image/png, image/jpeg',
  ]);
  const sizes = { properties: { sizes: { type: 'array', items: { type: 'integer' } } } };
  const json = formOf(['sizes', '[1,2]']);
  assert.deepEqual(await read(json, sizes), { sizes: [1, 2] });
  const delimited = { sizes: { style: 'form', explode: false } };
  assert.deepEqual(await read(formOf(['sizes', '1,2']), sizes, delimited), { sizes: [1, 2] });
  const typed = formOf(['meta', blob('{"a":1}', 'application/json'), 'meta.json']);
  const loose = { properties: { meta: { type: 'object' } } };
  assert.deepEqual(await read(typed, loose), { meta: { a: 1 } });
});

test('without a schema a file name makes a file, and the rest is text', async () => {
  const form = formOf(
    ['a', '1'],
    ['a', '2'],
    ['f', blob('x', 'text/plain'), 'f.txt'],
    ['j', blob('[1]', 'application/json'), 'j'],
  );
  same(await read(form, undefined), {
    a: ['1', '2'],
    f: file('f.txt', 'text/plain', 'x'),
    j: file('j', 'application/json', '[1]'),
  });
});

test('the content type must name a boundary', () => {
  const operation = sampleOperation({ requestBody: { content: { 'multipart/form-data': {} } } });
  const act = () => operation.body({ 'content-type': 'multipart/form-data' }, Buffer.from('x'));
  assert.equal(faultFrom(act).code, 'malformed_body');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileCoerce } from './coerce.ts';
import { createReferences } from './reference.ts';

const references = createReferences({
  components: { schemas: { Count: { type: 'integer' }, Maybe: { type: ['integer', 'null'] } } },
});
const coerce = (schema: unknown, text: string) => compileCoerce(schema, references)(text);

test('numbers are read by the grammar of JSON, or stay text', () => {
  const good = { '0': 0, '-1': -1, '1.5': 1.5, '1e3': 1000, '1E-2': 0.01, '-0.0': -0 };
  for (const [text, value] of Object.entries(good)) {
    assert.equal(coerce({ type: 'number' }, text), value, text);
  }
  const bad = [
    '',
    ' 1',
    '1 ',
    '+1',
    '007',
    '.5',
    '1.',
    '0x10',
    '1_000',
    'NaN',
    'Infinity',
    '1e400',
  ];
  for (const text of bad) assert.equal(coerce({ type: 'number' }, text), text, text);
});

test('an integer that would lose digits stays text', () => {
  assert.equal(coerce({ type: 'integer' }, '9007199254740991'), 9007199254740991);
  assert.equal(coerce({ type: 'integer' }, '9007199254740993'), '9007199254740993');
  assert.equal(coerce({ type: 'number' }, '9007199254740993'), 9007199254740992);
});

test('types are seen through references, unions and compositions', () => {
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const cases: [schema: unknown, text: string, value: unknown][] = [
    [ref('Count'), '7', 7],
    [ref('Maybe'), '', null],
    [ref('Maybe'), 'null', null],
    [{ type: ['string', 'null'] }, 'null', 'null'],
    [{ type: ['boolean', 'integer'] }, 'true', true],
    [{ anyOf: [ref('Count'), { type: 'boolean' }] }, 'false', false],
    [{ oneOf: [{ type: 'number' }, { type: 'string' }] }, 'x1', 'x1'],
    [{ oneOf: [{ type: 'number' }, { type: 'string' }] }, '1', 1],
    [{ allOf: [ref('Count'), { minimum: 3 }] }, '4', 4],
    [{ allOf: [{ type: 'number' }, { type: 'integer' }] }, '4', 4],
    [{ enum: [1, 2] }, '2', 2],
    [{ enum: ['1', '2'] }, '2', '2'],
    [{ const: true }, 'true', true],
    [{}, '5', '5'],
    [{ type: 'boolean' }, 'TRUE', 'TRUE'],
    [{ type: 'boolean' }, '1', '1'],
    [{ type: 'object' }, '{"a":1}', { a: 1 }],
    [{ type: 'object' }, '{"a":', '{"a":'],
  ];
  for (const [schema, text, value] of cases) {
    assert.deepEqual(coerce(schema, text), value, `${JSON.stringify(schema)} ${text}`);
  }
});

test('lists within lists are cut as Swagger 2.0 says', () => {
  const schema = {
    type: 'array',
    items: { type: 'array', items: { type: 'integer' }, collectionFormat: 'pipes' },
  };
  assert.deepEqual(compileCoerce(schema, references)(['1|2', '3']), [[1, 2], [3]]);
});

test('items have schemas by position, and parts by name', () => {
  const list = { type: 'array', prefixItems: [{ type: 'integer' }], items: { type: 'boolean' } };
  assert.deepEqual(compileCoerce(list, references)(['1', 'true']), [1, true]);
  const object = {
    type: 'object',
    properties: { n: { type: 'number' }, list: { type: 'array', items: { type: 'integer' } } },
    additionalProperties: { type: 'boolean' },
  };
  const tree = new Map<string, string | Map<string, string>>([
    ['n', '2.5'],
    [
      'list',
      new Map([
        ['1', '20'],
        ['0', '10'],
      ]),
    ],
    ['other', 'true'],
  ]);
  const value = { n: 2.5, list: [10, 20], other: true };
  assert.deepEqual(compileCoerce(object, references)(tree), value);
});

test('every JSON number comes back as JSON.parse reads it', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger()),
      (number) => {
        const text = JSON.stringify(number);
        assert.equal(coerce({ type: 'number' }, text), JSON.parse(text));
      },
    ),
  );
});

test('no text whatever throws', () => {
  const schemas = [
    { type: 'integer' },
    { type: ['number', 'null'] },
    { type: 'object' },
    { enum: [1, 'a'] },
  ];
  fc.assert(
    fc.property(fc.constantFrom(...schemas), fc.string(), (schema, text) => {
      coerce(schema, text);
    }),
  );
});

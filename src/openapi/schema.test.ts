import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faultFrom, findings, sampleSchemas } from './fixture/operation.ts';
import { createSchemas } from './schema.ts';

type Json = Record<string, unknown>;

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const pets = {
  Cat: {
    type: 'object',
    required: ['kind', 'lives'],
    properties: { kind: { type: 'string' }, lives: { type: 'integer' } },
  },
  Dog: {
    type: 'object',
    required: ['kind', 'bark'],
    properties: { kind: { type: 'string' }, bark: { type: 'boolean' } },
  },
};

test('recursive schemas, by one and by two', () => {
  const schemas = {
    Node: {
      type: 'object',
      required: ['v'],
      properties: { v: { type: 'integer' }, next: ref('Node') },
    },
    Even: { type: ['array', 'null'], items: ref('Odd') },
    Odd: { type: 'array', items: ref('Even'), minItems: 1 },
  };
  assert.deepEqual(findings(ref('Node'), { v: 1, next: { v: 2, next: { v: 'x' } } }, schemas), [
    '/next/next/v: must be integer',
  ]);
  assert.deepEqual(findings(ref('Even'), [[[[]]]], schemas), [
    '/0/0/0: must not have fewer than 1 items',
  ]);
  assert.deepEqual(findings({ type: 'array', items: ref('Node') }, [{ v: 1 }, {}], schemas), [
    '/1/v: is required',
  ]);
});

test('a value nested too deeply is refused, not a crash', () => {
  const schemas = { List: { type: 'array', items: ref('List') } };
  let value: unknown[] = [];
  for (let depth = 0; depth < 200_000; depth++) value = [value];
  assert.deepEqual(findings(ref('List'), value, schemas), [': is nested too deeply to be checked']);
});

test('references: into paths, through each other, by anchor and by id; never out of the document', () => {
  const document = {
    paths: {
      '/a{b}/~c d': {
        post: { requestBody: { content: { 'application/json': { schema: { type: 'integer' } } } } },
      },
    },
    components: {
      schemas: {
        Alias: { $ref: '#/components/schemas/Deep/properties/x%20y' },
        Deep: { properties: { 'x y': { type: 'boolean' } } },
        Anchored: { $anchor: 'here', type: 'string' },
        Named: {
          $id: 'https://example.test/named',
          $defs: { in: { $anchor: 'in', type: 'null' } },
        },
        Loop: { $ref: '#/components/schemas/Loop' },
        Ring: { type: 'array', items: { $dynamicRef: '#ring' }, $dynamicAnchor: 'ring' },
      },
    },
  };
  const schemas = createSchemas(document);
  const ok = ($ref: string, value: unknown) =>
    schemas.compile({ $ref }, 'request')?.(value) === undefined;
  const path = '#/paths/~1a%7Bb%7D~1~0c%20d/post/requestBody/content/application~1json/schema';
  assert.deepEqual([ok(path, 1), ok(path, 'x')], [true, false]);
  assert.deepEqual(
    [ok('#/components/schemas/Alias', true), ok('#/components/schemas/Alias', 1)],
    [true, false],
  );
  assert.deepEqual([ok('#here', 'a'), ok('#here', 1)], [true, false]);
  const inside = 'https://example.test/named#in';
  assert.deepEqual([ok(inside, null), ok(inside, 1)], [true, false]);
  assert.deepEqual([ok('#ring', [[]]), ok('#ring', [1])], [true, false]);
  for (const $ref of [
    '#/nowhere',
    '#nowhere',
    'other.yaml#/a',
    'file:///etc/passwd',
    '#/components/schemas/Loop',
  ]) {
    const fault = faultFrom(() => schemas.compile({ $ref }, 'request'));
    assert.equal(fault.code, 'contract_invalid', $ref);
  }
});

test('siblings of a reference count, as 3.1 has it', () => {
  const schemas = { Name: { type: 'string' } };
  assert.deepEqual(findings({ ...ref('Name'), maxLength: 2 }, 'abc', schemas), [
    ': must not have more than 2 characters',
  ]);
  assert.deepEqual(findings({ ...ref('Name'), description: 'a name' }, 1, schemas), [
    ': must be string',
  ]);
});

test('formats', () => {
  const text = (format: string) => ({ type: 'string', format });
  const table: [schema: unknown, good: unknown[], bad: unknown[]][] = [
    [{ type: 'integer', format: 'int32' }, [0, -2147483648, 2147483647], [2147483648, 1.5]],
    [{ type: 'integer', format: 'int64', minimum: -9e15 }, [9007199254740991], [9007199254740992]],
    [
      text('int64'),
      ['9223372036854775807', '-9223372036854775808', '0'],
      ['9223372036854775808', '01', '-'],
    ],
    [{ type: 'number', format: 'float' }, [1.5], ['x']],
    [{ type: 'number', format: 'double', minimum: 0 }, [1.5], [-1]],
    [text('byte'), ['', 'YQ==', 'YWI=', 'YWJj'], ['YQ=', 'Y', 'Y$==', 'YQ==YQ==']],
    [{ type: 'string', contentEncoding: 'base64' }, ['YQ=='], ['no!']],
    [text('password'), ['secret'], []],
    [text('date'), ['2024-02-29'], ['2023-02-29', '2024-1-1', 'x']],
    [
      text('date-time'),
      ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.5+01:00'],
      ['2024-02-29T12:00:00', '2024-02-29'],
    ],
    [text('uuid'), ['0189b1c2-7b1a-7c5e-8a3e-0123456789ab'], ['0189b1c2']],
    [text('url'), ['https://a.example/b'], ['a', 'file:///b', `http://a${'::'.repeat(50_000)} `]],
    [text('email'), ['a@b.example'], ['a@', 'a b@c.example']],
    [text('uri'), ['https://a.example/b?c'], ['/b', 'a b']],
    [text('hostname'), ['a.example'], ['-a', 'a..b']],
    [text('ipv4'), ['127.0.0.1'], ['256.0.0.1', '1.2.3']],
    [text('ipv6'), ['::1', 'fe80::1'], ['1::2::3', 'g::']],
    [text('whatever-nobody-knows'), ['x'], []],
  ];
  for (const [schema, good, bad] of table) {
    const check = sampleSchemas({}).compile(schema, 'request');
    const said = JSON.stringify(schema);
    for (const value of good) assert.equal(check?.(value), undefined, `${said} ${String(value)}`);
    for (const value of bad) assert.equal(check?.(value)?.length, 1, `${said} ${String(value)}`);
  }
});

test('a number too big to be one is none', () => {
  const huge = JSON.parse('1e999') as number;
  for (const schema of [{ type: 'number' }, { type: 'integer' }, { type: 'number', minimum: 0 }]) {
    for (const value of [huge, -huge]) {
      assert.deepEqual(findings(schema, value), [`: must be ${schema.type}`]);
    }
  }
});

test('plain messages', () => {
  const table: [schema: Json, value: unknown, message: string][] = [
    [{ type: 'object', additionalProperties: false }, { x: 1 }, '/x: is not allowed'],
    [{ type: 'object', unevaluatedProperties: false }, { 'a/b': 1 }, '/a~1b: is not allowed'],
    [{ properties: { a: false } }, { a: 1 }, '/a: is not allowed'],
    [{ enum: ['a', 1, null] }, 2, ': must be one of "a", 1, null'],
    [{ const: 'a' }, 2, ': must be "a"'],
    [{ type: ['integer', 'null'], minimum: 0 }, 'x', ': must be null or integer'],
    [{ pattern: '^a' }, 'b', ': must match pattern "^a"'],
    [{ pattern: '^[\\w-.]$' }, '/', ': must match pattern "^[\\w-.]$"'],
    [{ multipleOf: 2 }, 3, ': must be multiple of 2'],
    [{ uniqueItems: true }, [1, 1], ': has the same item at 0 and 1'],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, '/b: is required'],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, ': must not have more than 1 characters'],
    [{ not: { type: 'integer' } }, 1, ': must not be valid'],
  ];
  for (const [schema, value, message] of table) {
    assert.deepEqual(findings(schema, value), [message], JSON.stringify(schema));
  }
});

test('schemas that let everything pass need no check', () => {
  for (const schema of [undefined, true, {}, { description: 'anything' }, ref('Any')]) {
    assert.equal(sampleSchemas({ Any: {} }).compile(schema, 'request'), undefined);
  }
  assert.deepEqual(findings(false, 1), [': is not allowed']);
});

test('a schema of no use is the fault of the contract', () => {
  const fault = faultFrom(() => findings({ type: 'string', pattern: '(' }, 'x'));
  assert.equal(fault.code, 'contract_invalid');
  assert.match(fault.message, /cannot be used: .*regular expression/i);
});

test('findings are bounded, and of a huge value only the first is told', () => {
  const schema = { type: 'array', items: { type: 'integer' } };
  const bad = (length: number) => Array.from({ length }, () => 'x');
  assert.equal(findings(schema, bad(500)).length, 20);
  assert.deepEqual(findings(schema, bad(1_000_000)), ['/0: must be integer']);
});

test('unique items: equal values of any kind, in time that grows with the list alone', () => {
  const unique = { type: 'array', uniqueItems: true };
  const table: [items: unknown[], message: string | undefined][] = [
    [[1, '1', [1], { a: 1 }, '"1', null, true, 'true', [], {}], undefined],
    [[0, -0], ': has the same item at 0 and 1'],
    [[{ a: 1, b: [2] }, 3, { b: [2], a: 1 }], ': has the same item at 0 and 2'],
    [[{ a: '1' }, { a: 1 }], undefined],
    [['a', 'b', 'a'], ': has the same item at 0 and 2'],
  ];
  for (const [items, message] of table) {
    assert.deepEqual(findings(unique, items), message === undefined ? [] : [message]);
  }
  assert.deepEqual(findings({ uniqueItems: false }, [1, 1]), []);
  const many = Array.from({ length: 100_000 }, (_, index) => ({ index }));
  assert.deepEqual(findings(unique, many), []);
});

test('thousands of values that match no alternative are told of in no time', () => {
  const item = { anyOf: [ref('Cat'), ref('Dog'), { type: 'array', items: { type: 'integer' } }] };
  const bad = Array.from({ length: 2_000 }, () => ({ kind: 1, lives: 'x', bark: 'y' }));
  assert.equal(findings({ type: 'array', items: item }, bad, pets).length, 20);
});

test('names of Object.prototype are properties like any other', () => {
  const schema = {
    type: 'object',
    required: ['constructor'],
    properties: { constructor: { type: 'string' }, toString: { type: 'integer' } },
  };
  const of = (value: unknown) => findings(ref('Odd'), value, { Odd: schema });
  assert.deepEqual(of({}), ['/constructor: is required']);
  assert.deepEqual(of({ constructor: 'a' }), []);
  const closed = { type: 'object', additionalProperties: false };
  assert.deepEqual(findings(closed, JSON.parse('{"__proto__":1}')), ['/__proto__: is not allowed']);
});

test('examples and extensions are no schemas, whatever they look like', () => {
  const schemas = {
    A: {
      type: 'integer',
      example: { $id: 'x', $ref: '#/none' },
      'x-more': { $anchor: 'y', type: 'bad' },
    },
    B: { type: 'integer', minimum: 1, examples: [{ $id: 'x' }], enum: [1, { required: ['z'] }] },
  };
  assert.deepEqual(findings(ref('A'), 1, schemas), []);
  assert.deepEqual(findings(ref('B'), 1, schemas), []);
});

test('what Ajv lets pass when it stops at the first fault, it lets pass when it finds all', () => {
  const schemas = {
    Tree: {
      type: 'object',
      properties: {
        v: { type: ['integer', 'string'], maximum: 5 },
        kids: { type: 'array', items: ref('Tree') },
      },
      additionalProperties: false,
    },
  };
  const check = sampleSchemas(schemas).compile(ref('Tree'), 'request')!;
  const valid = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    return Object.entries(value).every(([key, part]) => {
      if (key === 'v')
        return typeof part === 'string' || (Number.isInteger(part) && (part as number) <= 5);
      return key === 'kids' && Array.isArray(part) && part.every(valid);
    });
  };
  const leaf = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.string({ maxLength: 2 }), fc.double());
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.record({ v: leaf, kids: fc.array(tie('tree'), { maxLength: 3 }) }, { requiredKeys: [] }),
      fc.record({ odd: leaf }),
    ),
  }));
  fc.assert(fc.property(tree, (value) => assert.equal(check(value) === undefined, valid(value))));
});

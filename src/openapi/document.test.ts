import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FuncatronError } from '../errors.ts';
import { documentLimits, parseDocument, readDocument } from './document.ts';

function failure(text: string, limits = documentLimits): string {
  try {
    parseDocument({ file: 'api.yaml', text }, limits);
    return 'parsed';
  } catch (error) {
    assert.ok(error instanceof FuncatronError);
    assert.equal(error.code, 'contract_invalid');
    assert.equal(error.errors?.[0]?.file, 'api.yaml');
    return error.message;
  }
}

test('YAML and JSON are read alike', () => {
  const yaml = 'a: {b: [1, x]}\n200: yes\nd: 2020-01-01\n';
  const json = '{"a": {"b": [1, "x"]}, "200": "yes", "d": "2020-01-01"}';
  const value = { a: { b: [1, 'x'] }, '200': 'yes', d: '2020-01-01' };
  for (const text of [yaml, json, json.replaceAll(' ', '\t')]) {
    assert.deepEqual(parseDocument({ file: 'x', text }).value, value);
    assert.deepEqual(readDocument({ file: 'x', text }), value);
  }
});

test('aliases and merge keys are written out, and share nothing', () => {
  const text = 'a: &a {x: {n: 1}}\nb: *a\nc: {<<: *a, y: 2}';
  const { value } = parseDocument({ file: 'x', text });
  assert.deepEqual(value, { a: { x: { n: 1 } }, b: { x: { n: 1 } }, c: { x: { n: 1 }, y: 2 } });
  const parts = value as Record<string, { x: object }>;
  assert.notEqual(parts['a']!.x, parts['b']!.x);
  assert.notEqual(parts['a']!.x, parts['c']!.x);
});

test('every member has its line', () => {
  const text = [
    'openapi: 3.1.0',
    'paths:',
    '  /a/b~c:',
    '    get:',
    '      tags: [x,',
    '        y]',
    '      parameters:',
    '        - name: q',
    '          in: query',
    '        - $ref: z',
    'text: |',
    '  x: 1',
    'last: {a: 1}',
  ].join('\n');
  const { locate } = parseDocument({ file: 'x', text });
  const lines: [string, number][] = [
    ['', 1],
    ['/openapi', 1],
    ['/paths/~1a~1b~0c', 3],
    ['/paths/~1a~1b~0c/get/tags/1', 6],
    ['/paths/~1a~1b~0c/get/parameters/0', 8],
    ['/paths/~1a~1b~0c/get/parameters/0/in', 9],
    ['/paths/~1a~1b~0c/get/parameters/1/$ref', 10],
    ['/paths/~1a~1b~0c/get/nothing/here', 4],
    ['/last/a', 13],
    ['/text', 11],
  ];
  for (const [pointer, line] of lines) assert.equal(locate(pointer), line, pointer);
  const json = parseDocument({ file: 'x', text: '{\n"a": [\n1,\n{"b": 2}\n]\n}' });
  assert.equal(json.locate('/a/1/b'), 4);
});

test('bad text is refused with its line and a mend', () => {
  assert.match(failure('a: 1\nb: 2\na: 3'), /^api.yaml:3: duplicated .*keep one of the two keys/);
  assert.match(failure('{"a": 1,\n"a": 2}'), /^api.yaml:2: duplicated/);
  assert.match(failure('a:\n  b: c: d'), /^api.yaml:2: .*line the keys/);
  assert.match(failure(''), /the document is empty/);
  assert.match(failure('# nothing'), /the document is empty/);
  assert.match(failure('a: 1\n---\nb: 2'), /holds 2 YAML documents; keep one/);
  assert.match(failure('- a'), /the document is no object; begin it with openapi/);
  assert.match(failure('a: !!js/function "x"'), /^api.yaml:1: .*without the tag/);
  assert.match(failure('a: *b'), /^api.yaml:1: /);
  assert.match(failure('x:\n  __proto__: {y: 1}'), /^api.yaml:2 \(\/x\/__proto__\): /);
  assert.match(failure('a: [1, 2'), /^api.yaml:1: /);
  assert.equal(({} as { y?: unknown }).y, undefined);
});

test('bombs are refused: depth, aliases, expansion, size', () => {
  assert.match(failure('{"a":'.repeat(200) + '1' + '}'.repeat(200)), /nesting|deep/);
  assert.match(failure('a: &a {b: *a}'), /over 100 deep/);
  const levels = 'bcdefghi'.split('').map((name, index) => {
    const under = 'abcdefgh'[index]!;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${under}`).join(', ')}]`;
  });
  assert.match(failure(`a: &a [x]\n${levels.join('\n')}`), /over 1000000 values; use \$ref/);
  const small = { ...documentLimits, aliasesMax: 2, textMax: 30 };
  assert.match(failure('a: &a 1\nb: [*a, *a, *a]', small), /alias/);
  assert.match(failure(`a: ${'x'.repeat(30)}`, small), /33 characters; the limit is 30/);
  const deep = '{"a":'.repeat(5000) + '1' + '}'.repeat(5000);
  assert.throws(() => readDocument({ file: 'x', text: deep }), /over 100 deep/);
});

test('hostile text never does worse than a contract_invalid', () => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a ',
    '*a',
  );
  const text = fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }).map((p) => p.join(''));
  fc.assert(
    fc.property(text, (text) => {
      try {
        const { value, locate } = parseDocument({ file: 'x', text });
        assert.equal(typeof value, 'object');
        assert.ok(locate('/a') >= 1);
      } catch (error) {
        assert.equal((error as FuncatronError).code, 'contract_invalid', String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('JSON is read as JSON.parse reads it', () => {
  const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })).filter((value) => {
    return !JSON.stringify(value).includes('__proto__');
  });
  fc.assert(
    fc.property(json, fc.constantFrom(0, 2), (value, space) => {
      const text = JSON.stringify(value, null, space);
      assert.deepEqual(readDocument({ file: 'x', text }), JSON.parse(text));
    }),
    { numRuns: 200 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, JsonFault, parseJson } from './json.ts';
import { locateFault } from './json-fault.ts';

const fault = (text: string): string => {
  try {
    parseJson(text);
  } catch (error) {
    assert.ok(error instanceof JsonFault);
    return error.message;
  }
  throw new Error(`${text} is JSON`);
};

test('a fault names position, line, column and what was expected', () => {
  const table: [text: string, message: string][] = [
    ['', 'at position 0 (line 1, column 1), a value was expected, not the end'],
    [
      '{"a":1,}',
      'at position 7 (line 1, column 8), a property name in double quotes was expected, not "}"',
    ],
    ['{"a":1\n "b":2}', 'at position 8 (line 2, column 2), a comma or "}" was expected, not "\\""'],
    ['{"a" 1}', 'at position 5 (line 1, column 6), a colon was expected, not "1"'],
    ["{'a':1}", 'at position 1 (line 1, column 2), a property name or "}" was expected, not "\'"'],
    ['[1 2]', 'at position 3 (line 1, column 4), a comma or "]" was expected, not "2"'],
    ['[01]', 'at position 1 (line 1, column 2), a value or "]" was expected, not "0"'],
    ['[tru]', 'at position 1 (line 1, column 2), a value or "]" was expected, not "t"'],
    ['{} x', 'at position 3 (line 1, column 4), nothing more was expected, not "x"'],
    [
      '"a\nb"',
      'at position 2 (line 1, column 3), the string to go on or to end was expected, not "\\n"',
    ],
    [
      '"\\x"',
      'at position 1 (line 1, column 2), the string to go on or to end was expected, not "\\\\"',
    ],
    [
      '["abc',
      'at position 5 (line 1, column 6), the string to go on or to end was expected, not the end',
    ],
  ];
  for (const [text, message] of table) assert.equal(fault(text), message, text);
});

test('the place we name agrees with JSON.parse: all before it could be JSON', () => {
  const token = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '1',
    '-',
    'true',
    ' ',
    '\n',
    '\\',
    'x',
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 10 }), (tokens) => {
      const text = tokens.join('');
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      const message = locateFault(text);
      const position = Number(/position (\d+)/.exec(message)![1]);
      if (valid) assert.match(message, /nothing more was expected, not the end/);
      else
        assert.ok(
          position <= text.length && !message.includes('nothing more was expected, not the end'),
        );
    }),
    { numRuns: 2000 },
  );
});

test('a byte order mark is dropped, and bytes that are no UTF-8 are refused', () => {
  assert.deepEqual(parseJson(decodeUtf8(Buffer.from('\ufeff{"a":"ü€😀"}'))), { a: 'ü€😀' });
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    assert.throws(() => decodeUtf8(Uint8Array.from(bytes)), /no UTF-8/);
  }
});

test('__proto__ becomes an ordinary property', () => {
  const value = parseJson('{"__proto__":{"polluted":1}}') as Record<string, unknown>;
  assert.deepEqual(Object.keys(value), ['__proto__']);
  assert.equal(value['polluted'], undefined);
});

test('depth is no danger', () => {
  const depth = 500_000;
  assert.match(fault('['.repeat(depth)), /position 500000 .* not the end/);
  assert.match(fault('{"a":'.repeat(100_000)), /a value was expected, not the end/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faultFrom } from './fixture/operation.ts';
import { parseMultipart, type Part } from './multipart.ts';

const limits = { fieldsMax: 100, partHeaderBytesMax: 1000 };
const parse = (text: string | Uint8Array, boundary = 'b') =>
  parseMultipart(typeof text === 'string' ? Buffer.from(text) : text, boundary, limits);
const shown = (parts: Part[]) =>
  parts.map(({ bytes, ...part }) => ({ ...part, text: Buffer.from(bytes).toString() }));
const field = (rest: string) => `--b\r\nContent-Disposition: form-data; ${rest}\r\n--b--`;

test('parts with names, files, types; preamble and epilogue ignored', () => {
  const text = [
    'preamble --b',
    '--b  ',
    'Content-Disposition: form-data; name="a"',
    '',
    'one\r\n--bc\r\n',
    '--b',
    'content-type: text/csv; charset=utf-8',
    'CONTENT-DISPOSITION: form-data;',
    '  name=f; filename="x.csv"',
    '',
    '',
    '--b--',
    'epilogue',
  ].join('\r\n');
  assert.deepEqual(shown(parse(text)), [
    { name: 'a', text: 'one\r\n--bc\r\n' },
    { name: 'f', filename: 'x.csv', contentType: 'text/csv; charset=utf-8', text: '' },
  ]);
  assert.deepEqual(parse('--b--'), []);
});

test('file names: quotes as browsers and others write them, never a path', () => {
  const names: [written: string, name: string][] = [
    ['"a%22b.txt"', 'a"b.txt'],
    ['"a\\"b.txt"', 'a"b.txt'],
    ['"C:\\dir\\file.txt"', 'file.txt'],
    ['"../../etc/passwd"', 'passwd'],
    ['"näive 100%.txt"', 'näive 100%.txt'],
    ['""', ''],
    ['plain.txt', 'plain.txt'],
    ['"x"; filename*=UTF-8\'\'na%C3%AFve.txt', 'naïve.txt'],
    ['"x"; filename*=UTF-8\'\'%ff', 'x'],
  ];
  for (const [written, name] of names) {
    const [part] = parse(field(`name="f"; filename=${written}\r\n\r\n`));
    assert.equal(part?.filename, name, written);
  }
});

test('what is broken is malformed, and says where', () => {
  const table: [text: string, message: RegExp][] = [
    ['', /its boundary "b" never comes/],
    ['--c--', /never comes/],
    [' --b--', /never comes/],
    ['--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', /part 1 ends without a boundary/],
    ['--b\r\nContent-Disposition: form-data; name="a"\r\n--b--', /part 1 has no end of headers/],
    ['--b\r\n\r\nx\r\n--b--', /part 1 has no name/],
    [field('filename="x"\r\n\r\n'), /part 1 has no name/],
    ['--b\r\nContent-Disposition: attachment; name="a"\r\n\r\n\r\n--b--', /part 1 has no name/],
    [field('name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n'), /is sent in base64/],
    [field(`name="${'a'.repeat(2000)}"\r\n\r\n`), /over 1000 bytes of headers/],
  ];
  for (const [text, message] of table) {
    const fault = faultFrom(() => parse(text));
    assert.equal(fault.code, 'malformed_body', text);
    assert.match(fault.message, message);
  }
  const many = '--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n'.repeat(101);
  assert.match(faultFrom(() => parse(`${many}--b--`)).message, /more than 100 parts \(fieldsMax\)/);
  for (const boundary of ['', 'b'.repeat(71)]) {
    assert.match(faultFrom(() => parse('--b--', boundary)).message, /1 to 70 long/);
  }
});

test('parts are slices of the body, not copies', () => {
  const body = Buffer.from(field('name=a\r\n\r\nhello'));
  assert.equal(parse(body)[0]?.bytes.buffer, body.buffer);
});

test('what FormData writes, byte by byte, comes back', async () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 5 })
    .filter((one) => one.isWellFormed());
  const plain = name.map((one) => one.replaceAll(/[\r\n\\/]/g, '_').replaceAll('%', '_'));
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .array(fc.constantFrom('\r\n', '--', '-', 'x', '\r', '\n'), { maxLength: 12 })
      .map((parts) => Buffer.from(parts.join(''))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(plain, plain, content), { maxLength: 4 }), async (files) => {
      const form = new FormData();
      for (const [key, file, bytes] of files)
        form.append(key, new Blob([Uint8Array.from(bytes)]), file);
      const response = new Response(form);
      const boundary = /boundary=(.*)$/.exec(response.headers.get('content-type')!)![1]!;
      const body = new Uint8Array(await response.arrayBuffer());
      const found = parse(body, boundary).map((part) => [
        part.name,
        part.filename,
        [...part.bytes],
      ]);
      assert.deepEqual(
        found,
        files.map(([key, file, bytes]) => [key, file, [...bytes]]),
      );
    }),
    { numRuns: 60 },
  );
});

test('any bytes at all are parts or our own error', () => {
  const piece = fc.constantFrom(
    '--b',
    '\r\n',
    '--',
    'Content-Disposition: form-data; name="a"',
    ':',
    ' ',
    'x',
    '"',
    '\0',
    ';',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        parse(pieces.join(''));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'malformed_body');
      }
    }),
    { numRuns: 1000 },
  );
});

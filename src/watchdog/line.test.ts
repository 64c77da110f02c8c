import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineGate, readLines } from './line.ts';

const wide = { linesPerSecond: 1e9, bytesPerSecond: 1e12 };

async function linesOf(chunks: Uint8Array[], gate = new LineGate(() => undefined, wide)) {
  const lines: string[] = [];
  await readLines(Readable.from(chunks), gate, (text) => lines.push(text));
  return lines;
}

test('lines come out the same however the chunks fall', async () => {
  const text = fc.string({ unit: 'grapheme' }).map((line) => line.replace(/[\r\n]/g, ''));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, fc.constantFrom('\n', '\r\n'))),
      fc.array(fc.nat(20)),
      async (lines, cuts) => {
        const bytes = Buffer.from(lines.flat().join(''));
        const chunks: Buffer[] = [];
        let offset = 0;
        for (const cut of cuts) chunks.push(bytes.subarray(offset, (offset += cut)));
        chunks.push(bytes.subarray(offset));
        const wanted = lines.map(([line]) => line);
        assert.deepEqual(await linesOf(chunks.filter((chunk) => chunk.length > 0)), wanted);
      },
    ),
    { numRuns: 200 },
  );
});

test('the last line needs no end; an empty one is a line', async () => {
  assert.deepEqual(await linesOf([Buffer.from('a\n\nb')]), ['a', '', 'b']);
  assert.deepEqual(await linesOf([]), []);
});

test('a line over 64 KiB is cut, and says so', async () => {
  const long = Buffer.alloc(100_000, 'x');
  const [line, next] = await linesOf([long, Buffer.from('tail\nnext\n')]);
  assert.equal(line, `${'x'.repeat(65536)}... (34468 more bytes cut)`);
  assert.equal(next, 'next');
});

test('a flood is dropped, counted, and reported once', async () => {
  const reports: number[] = [];
  const gate = new LineGate((dropped) => reports.push(dropped), { ...wide, linesPerSecond: 10 });
  const lines = await linesOf([Buffer.from('line\n'.repeat(50_000))], gate);
  gate.close();
  gate.close();
  assert.ok(lines.length >= 10 && lines.length < 50_000, String(lines.length));
  assert.equal(lines.length + reports.reduce((sum, dropped) => sum + dropped, 0), 50_000);
});

test('whoever writes more than is read in a second waits, and loses nothing', async () => {
  const gate = new LineGate(() => undefined, { ...wide, bytesPerSecond: 1_000 });
  const stream = new PassThrough();
  const lines: string[] = [];
  const read = readLines(stream, gate, (text) => lines.push(text));
  stream.write(`${'x'.repeat(2_000)}\n`);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(stream.isPaused());
  stream.end('last\n');
  await read;
  assert.deepEqual(lines, ['x'.repeat(2_000), 'last']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CallHead } from '../../message.ts';
import type { WorkerCall } from '../runtime.ts';
import { callFrame, FrameReader, parseAnswer } from './warm-frame.ts';
import type { AnswerHead } from './warm-frame.ts';

interface Read {
  heads: AnswerHead[];
  bodies: string[];
  broken: string | undefined;
}

function readAll(chunks: Uint8Array[]): Read {
  const read: Read = { heads: [], bodies: [], broken: undefined };
  let body: Buffer[] = [];
  const reader = new FrameReader({
    onHead: (head) => void read.heads.push(head),
    onBody: (chunk) => void body.push(chunk),
    onEnd() {
      read.bodies.push(Buffer.concat(body).toString('latin1'));
      body = [];
    },
    onBroken: (why) => void (read.broken = why),
  });
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return read;
}

test('answers are read whatever pieces they come in', () => {
  const answer = fc.record({
    body: fc.uint8Array({ maxLength: 50 }),
    head: fc.constantFrom('', ' 201', ' 404 {"X-A":"b"}', ' 200 {"Set-Cookie":["a","b"]}'),
  });
  fc.assert(
    fc.property(fc.array(answer), fc.array(fc.nat({ max: 40 })), (answers, cuts) => {
      const parts = answers.flatMap(({ body, head }) => [
        Buffer.from(`${body.length}${head}\n`),
        Buffer.from(body),
      ]);
      const chunks: Buffer[] = [];
      let rest = Buffer.concat(parts);
      for (const cut of cuts) {
        chunks.push(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      const { heads, bodies, broken } = readAll([...chunks, rest]);
      assert.equal(broken, undefined);
      assert.equal(heads.length, answers.length);
      assert.deepEqual(
        bodies,
        answers.map(({ body }) => Buffer.from(body).toString('latin1')),
      );
    }),
  );
});

test('a line has a length, and may have a status and headers', () => {
  assert.deepEqual(parseAnswer('5'), { length: 5, status: 200, headers: {} });
  assert.deepEqual(parseAnswer('0 404\r'), { length: 0, status: 404, headers: {} });
  assert.deepEqual(parseAnswer('1 201 {"X-A":1,"B":["x","y"]}'), {
    ...{ length: 1, status: 201 },
    headers: { 'x-a': '1', b: ['x', 'y'] },
  });
});

test('what is no such line says what it is', () => {
  const bad = [
    '',
    'hello',
    '-1',
    '5 20',
    '5 099',
    '5 600',
    '5 200 x',
    '5 200 {',
    '5  200',
    '5 200 []',
  ];
  for (const line of bad) assert.equal(typeof parseAnswer(line), 'string', line);
});

test('no header of an answer injects another', () => {
  const bad = [
    { 'X-A': 'b\r\nSet-Cookie: c' },
    { 'X A': 'b' },
    { 'X\n': 'b' },
    { a: {} },
    { a: '世' },
  ];
  for (const headers of bad)
    assert.match(String(parseAnswer(`0 200 ${JSON.stringify(headers)}`)), /no HTTP message/);
});

test('a line without an end is given up', () => {
  const { broken } = readAll(Array.from({ length: 70 }, () => Buffer.alloc(1000, '1')));
  assert.match(broken!, /a line of over 65536 bytes/);
});

test('a call is one line of four words, whatever is in it, and its body', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.uint8Array(), (text, body) => {
      const head = {
        ...{ v: 1, action: 'call', id: text, method: 'POST', scheme: 'http', host: text },
        ...{ path: '/', rest: `/${text}`, query: text, headers: { 'x-a': text } },
        ...{ remote: '', deadline: 1 },
      } satisfies CallHead;
      const call: WorkerCall = { operationId: 'call', head, body, kind: 'binary' };
      const frame = callFrame(call, body);
      const end = frame.indexOf('\n');
      const line = frame.toString('latin1', 0, end);
      assert.match(line, /^\d+ POST \/[\x21-\x7e]* \{[\x20-\x7e]*\}$/);
      const [length, , , json] = /^(\d+) (\S+) (\S+) (.*)$/.exec(line)!.slice(1);
      assert.equal(Number(length), frame.length - end - 1);
      assert.deepEqual(JSON.parse(json!).headers, { 'X-A': [text] });
    }),
  );
});

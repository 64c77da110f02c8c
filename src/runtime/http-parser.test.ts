import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerParser } from './http-parser.ts';
import type { AnswerHeaders } from './http-parser.ts';

interface Read {
  status: number;
  headers: AnswerHeaders;
  body: string;
  /** Undefined while the answer is not whole. */
  isReusable: boolean | undefined;
}

/** Reads one answer that comes in pieces; `closes` when all have come. */
function read(pieces: Buffer[], method = 'GET', closes = false): Read {
  const got: Read = { status: 0, headers: {}, body: '', isReusable: undefined };
  const parser = new AnswerParser({
    onHead: (status, headers) => void Object.assign(got, { status, headers }),
    onBody: (chunk) => void (got.body += chunk.toString('latin1')),
    onEnd: (isReusable) => void (got.isReusable = isReusable),
  });
  parser.expect(method);
  for (const piece of pieces) parser.push(piece);
  if (closes) parser.close();
  return got;
}

const whole = (...lines: string[]): Buffer[] => [Buffer.from(lines.join('\r\n'), 'latin1')];

test('answers are read whatever pieces they come in', () => {
  const body = fc.string({ unit: 'binary-ascii', maxLength: 60 });
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 });
  fc.assert(
    fc.property(body, sizes, sizes, fc.boolean(), (text, chunks, cuts, isChunked) => {
      let wire = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\n';
      if (isChunked) {
        wire += 'Transfer-Encoding: chunked\r\n\r\n';
        let rest = text;
        for (const size of [...chunks, 1000]) {
          const part = rest.slice(0, size);
          if (part) wire += `${part.length.toString(16)};ext=1\r\n${part}\r\n`;
          rest = rest.slice(size);
        }
        wire += '0\r\nTrailer: x\r\n\r\n';
      } else wire += `Content-Length: ${text.length}\r\n\r\n${text}`;
      const pieces: Buffer[] = [];
      let rest = Buffer.from(wire, 'latin1');
      for (const cut of cuts) {
        pieces.push(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      const got = read([...pieces, rest]);
      assert.deepEqual([got.status, got.body, got.isReusable], [200, text, true]);
      assert.deepEqual(got.headers['x-a'], ['1', '2']);
    }),
  );
});

test('whose body ends how', () => {
  const ok = 'HTTP/1.1 200 OK';
  assert.equal(read(whole(ok, 'Content-Length: 5', '', ''), 'HEAD').isReusable, true);
  assert.equal(read(whole('HTTP/1.1 204 No', '', '')).isReusable, true);
  assert.equal(read(whole('HTTP/1.1 304', 'Content-Length: 5', '', '')).isReusable, true);
  assert.equal(read(whole(ok, 'Connection: close', 'Content-Length: 0', '', '')).isReusable, false);
  assert.equal(read(whole('HTTP/1.0 200 OK', 'Content-Length: 0', '', '')).isReusable, false);
  const open = whole(ok, '', 'to the end');
  assert.equal(read(open).isReusable, undefined);
  assert.deepEqual(read(open, 'GET', true).body, 'to the end');
  assert.equal(read(open, 'GET', true).isReusable, false);
  const both = whole(ok, 'Content-Length: 3', 'Transfer-Encoding: chunked', '', '0', '', '');
  assert.equal(read(both).isReusable, false);
});

test('what is no answer is told', () => {
  const ok = 'HTTP/1.1 200 OK';
  const bad: Buffer[][] = [
    whole('this is no HTTP', '', ''),
    whole('HTTP/2 200', '', ''),
    whole('HTTP/1.1 2000 OK', '', ''),
    whole('HTTP/1.1 101 Switching', '', ''),
    whole(ok, 'no colon', '', ''),
    whole(ok, 'bad name: x', '', ''),
    whole(ok, ' folded: x', '', ''),
    whole(ok, '__proto__: x', '', ''),
    whole(ok, 'Content-Length: x', '', ''),
    whole(ok, 'Content-Length: 1', 'Content-Length: 2', '', ''),
    whole(ok, 'Transfer-Encoding: chunked', '', 'zz', ''),
    whole(ok, 'Transfer-Encoding: chunked', '', '2', 'abc', ''),
    whole(ok, 'Content-Length: 1', '', 'ab'),
    whole(`${ok}\r\nX: ${'x'.repeat(70_000)}`),
  ];
  for (const pieces of bad)
    assert.throws(() => read(pieces), { code: 'func_bad_result' }, String(pieces).slice(0, 60));
});

test('rubbish neither hangs it nor passes for an answer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), (bytes) => {
      fc.pre(!Buffer.from(bytes).toString('latin1').startsWith('HTTP/1.'));
      assert.throws(() => read([Buffer.from(bytes)]), { code: 'func_bad_result' });
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rawProblem, talk, Wire } from './fixture/client.ts';
import { openDoor } from './fixture/door.ts';

const paths = { '/': { get: { operationId: 'g' }, post: { operationId: 'p' } } };
const head = 'host: h\r\n';

test('what is no HTTP is answered with a problem, and the connection ends', async (t) => {
  const { port, calls } = await openDoor(t, { paths });
  const cases: Record<string, string> = {
    rubbish: 'hello\r\n\r\n',
    'binary rubbish': '\u0016\u0003\u0001\u0000\u00a5',
    'an HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'an unknown method': `FETCH / HTTP/1.1\r\n${head}\r\n`,
    'an unknown version': `GET / HTTP/3.0\r\n${head}\r\n`,
    'a space before the colon': `GET / HTTP/1.1\r\n${head}a : b\r\n\r\n`,
    'a folded header': `GET / HTTP/1.1\r\n${head}a: b\r\n c\r\n\r\n`,
    'a NUL in a header': `GET / HTTP/1.1\r\n${head}a: b\u0000c\r\n\r\n`,
    'a lone carriage return in a header': `GET / HTTP/1.1\r\n${head}a: b\rc: d\r\n\r\n`,
    'a header without a name': `GET / HTTP/1.1\r\n${head}: b\r\n\r\n`,
    'a control character in the target': `GET /\u0001 HTTP/1.1\r\n${head}\r\n`,
    CONNECT: `CONNECT h:80 HTTP/1.1\r\n${head}\r\n`,
  };
  for (const [name, sent] of Object.entries(cases)) {
    const problem = rawProblem(await talk(port, sent));
    assert.deepEqual([problem.status, problem.code], [400, 'bad_request'], name);
  }
  assert.equal(calls.length, 0);
});

test('a request whose length two servers could read differently never passes', async (t) => {
  const { port, calls } = await openDoor(t, { paths, options: { lingerMs: 20 } });
  const post = `POST / HTTP/1.1\r\n${head}`;
  const chunks = '0\r\n\r\n';
  const inner = `GET /?smuggled HTTP/1.1\r\n${head}\r\n`;
  const cases: Record<string, string> = {
    'length and chunked': `${post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n${chunks}${inner}`,
    'chunked and length': `${post}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n${chunks}${inner}`,
    'two lengths': `${post}content-length: 5\r\ncontent-length: 6\r\n\r\n${chunks}${inner}`,
    'two equal lengths': `${post}content-length: 5\r\ncontent-length: 5\r\n\r\n${chunks}${inner}`,
    'a list of lengths': `${post}content-length: 5, 5\r\n\r\n${chunks}${inner}`,
    'a negative length': `${post}content-length: -1\r\n\r\n${inner}`,
    'a signed length': `${post}content-length: +5\r\n\r\n${chunks}${inner}`,
    'a hexadecimal length': `${post}content-length: 0x5\r\n\r\n${chunks}${inner}`,
    'a length beyond all numbers': `${post}content-length: 99999999999999999999\r\n\r\n`,
    'chunked not last': `${post}transfer-encoding: chunked, gzip\r\n\r\n${chunks}${inner}`,
    'chunked with a vertical tab': `${post}transfer-encoding: \u000bchunked\r\n\r\n${chunks}${inner}`,
    'two codings': `${post}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n${chunks}${inner}`,
    'a chunk of no size': `${post}transfer-encoding: chunked\r\n\r\n\r\n${inner}`,
    'a chunk of a strange size': `${post}transfer-encoding: chunked\r\n\r\n0x5\r\nabcde\r\n${chunks}${inner}`,
    'a chunk longer than it says': `${post}transfer-encoding: chunked\r\n\r\n3\r\nabcde\r\n${chunks}${inner}`,
    'a bare line feed after a chunk': `${post}transfer-encoding: chunked\r\n\r\n1\na\n0\n\n${inner}`,
  };
  for (const [name, sent] of Object.entries(cases)) {
    const problem = rawProblem(await talk(port, sent));
    assert.equal(problem.status, 400, name);
  }
  for (const coding of ['gzip, chunked', 'xchunked', 'identity']) {
    const sent = `${post}transfer-encoding: ${coding}\r\n\r\n${chunks}${inner}`;
    assert.ok([400, 501].includes(rawProblem(await talk(port, sent)).status), coding);
  }
  assert.equal(calls.length, 0);
});

test('a target that could be read differently is refused, and the connection kept', async (t) => {
  const { port, calls } = await openDoor(t, { paths });
  const wire = await Wire.open(port);
  const targets = ['/../x', '/%2e%2e/x', '/a/./b', '/%zz', '/%ff', '/a\\b', '/a#b', '*'];
  let answered = 0;
  for (const target of targets) {
    await wire.send(`GET ${target} HTTP/1.1\r\n${head}\r\n`);
    answered++;
    const seen = await wire.until(
      new RegExp(`(HTTP/1.1 400 [^]*?"requestId":"[^"]+"}){${answered}}`),
    );
    assert.doesNotMatch(seen, /connection: close/i, target);
  }
  wire.close();
  assert.equal(calls.length, 0);
});

test('the host is asked for once, well-formed, and an absolute target overrides it', async (t) => {
  const { port, calls } = await openDoor(t, { paths });
  const close = 'connection: close\r\n\r\n';
  const bad = [
    `GET / HTTP/1.1\r\n${close}`,
    `GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n${close}`,
    `GET / HTTP/1.1\r\nhost: a/b\r\n${close}`,
    `GET / HTTP/1.1\r\nhost: a@b\r\n${close}`,
    `GET http:///x HTTP/1.1\r\nhost: a\r\n${close}`,
  ];
  for (const sent of bad)
    assert.equal(rawProblem(await talk(port, sent)).code, 'bad_request', sent);
  assert.equal(calls.length, 0);
  const good: [string, string][] = [
    [`GET http://B.example:80/?x HTTP/1.1\r\nhost: a\r\n${close}`, 'b.example'],
    [`GET / HTTP/1.1\r\nhost: A:1\r\n${close}`, 'a'],
    [`GET / HTTP/1.1\r\nhost:\r\n${close}`, ''],
    ['GET / HTTP/1.0\r\n\r\n', ''],
  ];
  for (const [sent] of good) assert.match(await talk(port, sent), /^HTTP\/1.1 200 /, sent);
  assert.deepEqual(
    calls.map((call) => call.head.host),
    good.map(([, host]) => host),
  );
});

test('no part of a request is normalised on its way', async (t) => {
  const document = {
    '/{rest}': {
      get: {
        operationId: 'g',
        parameters: [{ name: 'rest', in: 'path', required: true, schema: { type: 'string' } }],
      },
    },
  };
  const { port, calls } = await openDoor(t, { paths: document });
  const path = "/a%2Fb%20c;d=e,f'g";
  assert.match(
    await talk(port, `GET ${path}?q=%2b+x HTTP/1.1\r\n${head}connection: close\r\n\r\n`),
    / 200 /,
  );
  assert.deepEqual([calls[0]!.head.path, calls[0]!.head.query], [path, 'q=%2b+x']);
  assert.deepEqual(calls[0]!.head.params!.path, { rest: "a/b c;d=e,f'g" });
  for (const other of ['//a', '/a//b', '/a/b'])
    assert.match(
      await talk(port, `GET ${other} HTTP/1.1\r\n${head}connection: close\r\n\r\n`),
      / 404 /,
    );
});

test('rubbish after good requests leaves their answers whole', async (t) => {
  const released = Promise.withResolvers<void>();
  const { port, calls } = await openDoor(t, {
    paths,
    handler: async ({ head: { id } }) => {
      await released.promise;
      return {
        head: { v: 1, action: 'answer', id, status: 200, headers: {} },
        body: Buffer.from('fine'),
      };
    },
  });
  const good = `GET / HTTP/1.1\r\n${head}\r\n`;
  const all = talk(port, `${good}${good}rubbish\r\n\r\n`);
  while (calls.length < 2) await new Promise((resolve) => setImmediate(resolve));
  released.resolve();
  const parts = (await all).split(/(?=HTTP\/1\.1 )/);
  assert.deepEqual(
    parts.map((part) => part.slice(9, 12)),
    ['200', '200', '400'],
  );
  assert.match(parts[0]!, /fine$/);
  assert.match(parts[1]!, /fine$/);
  assert.equal(rawProblem(parts[2]!).code, 'bad_request');
});

test('whatever comes, the door answers with HTTP and stays open', async (t) => {
  const { port } = await openDoor(t, { paths, options: { lingerMs: 5 } });
  const piece = fc.oneof(
    fc.constantFrom(
      'GET ',
      'POST ',
      '/',
      '*',
      ' HTTP/1.1',
      '\r\n',
      '\r\n\r\n',
      'host: h\r\n',
      ': ',
      '\n',
    ),
    fc.constantFrom(
      'content-length: 3\r\n',
      'transfer-encoding: chunked\r\n',
      '3\r\n',
      '0\r\n\r\n',
    ),
    fc.constantFrom(
      'GET / HTTP/1.1\r\nhost: h\r\n\r\n',
      'expect: 100-continue\r\n',
      'abc',
      '%',
      '..',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const rubbish = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(rubbish, async (sent) => {
      const wire = await Wire.open(port);
      wire.socket.end(Buffer.from(sent, 'latin1'));
      const text = await wire.ended;
      assert.match(text, /^(HTTP\/1\.1 \d{3} [^]*)?$/, JSON.stringify(sent));
    }),
    { numRuns: 150 },
  );
  assert.match(await talk(port, `GET / HTTP/1.1\r\n${head}connection: close\r\n\r\n`), / 200 /);
});

test('an upgrade nobody offers is a plain request', async (t) => {
  const { port, calls } = await openDoor(t, { paths });
  const upgrade = 'upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQ\r\n';
  const wire = await Wire.open(port);
  await wire.send(`GET / HTTP/1.1\r\n${head}connection: Upgrade, HTTP2-Settings\r\n${upgrade}\r\n`);
  await wire.until(/^HTTP\/1.1 200 [^]*{"ok":true}$/);
  wire.close();
  assert.equal(calls[0]!.head.headers.upgrade, undefined);
});

test('hop-by-hop headers of a request go no further', async (t) => {
  const { port, calls } = await openDoor(t, { paths });
  const sent = [
    `POST / HTTP/1.1\r\n${head}connection: close, X-Mine\r\nx-mine: 1\r\nte: trailers\r\nkeep-alive: 5`,
    'upgrade: h2c\r\nx-kept: 2\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ].join('\r\n');
  await talk(port, sent);
  assert.deepEqual(
    { ...calls[0]!.head.headers },
    { host: 'h', 'x-kept': '2', 'content-length': '3' },
  );
});

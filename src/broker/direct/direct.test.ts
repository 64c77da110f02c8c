import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { FuncatronError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import { Cancellation } from '../../message.ts';
import type { Body, Reply } from '../../message.ts';
import { openDirect } from './direct.ts';
import type { Direct, DirectOptions, DirectPlace } from './direct.ts';

const log = createLog({ level: 'silent' });
const opened: Direct[] = [];

async function open(given: Partial<DirectOptions> = {}): Promise<Direct> {
  const direct = await openDirect({ log, host: '127.0.0.1', port: 0, ...given });
  opened.push(direct);
  return direct;
}
after(() => Promise.all(opened.map((direct) => direct.close())));

const runner = await open();
const caller = await open();

const reply = (body: Body, headers = {}): Reply => ({
  head: { v: 1, action: 'answer', id: 'r1', status: 200, headers },
  body,
});

async function* pieces(count: number, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) yield Buffer.alloc(size, at);
}

async function whole(body: Body): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function digest(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

/** A source that never gives more than it was given, and says when its reader left. */
function held(first?: Uint8Array) {
  const left = Promise.withResolvers<void>();
  let given = first === undefined;
  const body: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => body,
    next: () => {
      if (given) return new Promise(() => undefined);
      given = true;
      return Promise.resolve({ done: false, value: first! });
    },
    return: () => {
      left.resolve();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { body, left: left.promise };
}

test('a body goes up, the reply comes down with its head', async () => {
  const place = await runner.expect(
    async (body) => reply(await whole(body), { a: ['b', 'c'] }),
    500,
  );
  const bytes = randomBytes(3_000_000);
  const { head, body } = await caller.send(place, bytes);
  assert.deepEqual(head.headers, { a: ['b', 'c'] });
  assert(body instanceof Uint8Array);
  assert(bytes.equals(body));
});

test('both bodies flow at the same time, in chunks', async () => {
  const place = await runner.expect(async (body) => reply(body), 5_000);
  const { body } = await caller.send(place, pieces(200));
  assert.equal(await digest(body as AsyncIterable<Uint8Array>), await digest(pieces(200)));
});

test('an empty body is whole both ways', async () => {
  const place = await runner.expect(async (body) => reply(await whole(body)), 5_000);
  assert.equal((await whole((await caller.send(place, new Uint8Array(0))).body)).length, 0);
  const offered = await runner.offer(pieces(0), 5_000);
  assert.equal((await whole(await caller.fetch(offered))).length, 0);
});

test('the reply may begin before the request has ended, and the request is stopped when it ends', async () => {
  const source = held(Buffer.from('begun'));
  const place = await runner.expect(async () => reply(Buffer.from('enough')), 5_000);
  const { body } = await caller.send(place, source.body);
  assert.equal(String(await whole(body)), 'enough');
  await source.left;
});

test('a reader that has enough of the request stops it, and replies in its own time', async () => {
  const source = held(Buffer.from('begun'));
  const place = await runner.expect(async (body) => {
    for await (const chunk of body) {
      assert.equal(String(chunk), 'begun');
      break;
    }
    await source.left;
    return reply(Buffer.from('done'));
  }, 5_000);
  assert.equal(String(await whole((await caller.send(place, source.body)).body)), 'done');
});

test('one connection is used again', async () => {
  const apart = await open();
  const ports = new Set<string>();
  const seen = await import('node:diagnostics_channel');
  const note = (message: unknown): void => {
    const { request } = message as { request: { socket: { remotePort: number } } };
    ports.add(String(request.socket.remotePort));
  };
  seen.subscribe('http.server.request.start', note);
  for (let at = 0; at < 3; at++) {
    const place = await runner.expect(async (body) => reply(await whole(body)), 5_000);
    await whole((await apart.send(place, pieces(3))).body);
  }
  seen.unsubscribe('http.server.request.start', note);
  assert.equal(ports.size, 1);
});

test('what the other side throws comes as the error it is', async () => {
  const fault = new FuncatronError('func_timeout', 'too slow', { headers: { a: 'b' } });
  const place = await runner.expect(() => Promise.reject(fault), 5_000);
  const { code, status, headers, component } = fault;
  const same = { code, status, headers, component, message: 'too slow' };
  await assert.rejects(caller.send(place, pieces(2)), same);
});

test('a reply whose source fails breaks off', async () => {
  async function* failing(error: Error): AsyncGenerator<Uint8Array> {
    yield Buffer.from('part');
    throw error;
  }
  for (const [error, code] of [
    [new Error('disk is full'), 'direct_failed'],
    [new FuncatronError('func_exited', 'gone'), 'func_exited'],
  ] as const) {
    const place = await runner.expect(async () => reply(failing(error)), 5_000);
    const { body } = await caller.send(place, pieces(1));
    await assert.rejects(whole(body), { code });
    const offered = await runner.offer(failing(error), 5_000);
    await assert.rejects(whole(await caller.fetch(offered)), { code });
  }
});

test('a request whose source fails breaks off at both sides', async () => {
  const seen = Promise.withResolvers<unknown>();
  const place = await runner.expect(async (body) => {
    await whole(body).catch(seen.resolve);
    return reply(Buffer.from('late'));
  }, 5_000);
  async function* stalling(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('part');
    throw new FuncatronError('request_timeout', 'the client stalled');
  }
  await assert.rejects(caller.send(place, stalling()), { code: 'request_timeout' });
  assert.equal(((await seen.promise) as FuncatronError).code, 'request_timeout');
});

test('a caller that leaves frees the other side, and the other way round', async () => {
  const cancelled = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<unknown>();
  const taken = Promise.withResolvers<void>();
  const source = held(Buffer.from('begun'));
  const place = await runner.expect(async (body, cancellation) => {
    cancellation.onCancel(() => cancelled.resolve());
    taken.resolve();
    await whole(body).catch(broken.resolve);
    return reply(Buffer.from('late'));
  }, 5_000);
  const cancellation = new Cancellation();
  const sending = caller.send(place, source.body, cancellation);
  await taken.promise;
  cancellation.cancel();
  await assert.rejects(sending, { code: 'cancelled' });
  await Promise.all([source.left, cancelled.promise]);
  assert.equal(((await broken.promise) as FuncatronError).code, 'cancelled');

  const offered = held(Buffer.from('begun'));
  const fetched = await caller.fetch(await runner.offer(offered.body, 5_000));
  for await (const chunk of fetched) {
    assert.equal(String(chunk), 'begun');
    break;
  }
  await offered.left;
});

test('a reader that is slow holds the source back', async () => {
  let made = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < 1000; at++) {
      made++;
      yield Buffer.alloc(64 * 1024);
    }
  }
  const body = await caller.fetch(await runner.offer(counted(), 5_000));
  const iterator = body[Symbol.asyncIterator]();
  await iterator.next();
  let before: number;
  do {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (made > before);
  assert(made < 500, `${made} of 1000 were made for a reader that took one`);
  let size = 0;
  for (let next = await iterator.next(); !next.done; next = await iterator.next())
    size += next.value.length;
  assert(size >= 999 * 64 * 1024);
});

test('a place is for one caller, for a while', async () => {
  let unused = 0;
  const take = async (body: Body): Promise<Reply> => reply(await whole(body));
  const used = await runner.expect(take, 5_000, () => unused++);
  await caller.send(used, pieces(1));
  const failed = { code: 'direct_failed', message: /token is not valid/ };
  await assert.rejects(caller.send(used, pieces(1)), failed);
  assert.equal(unused, 0);

  const missed = Promise.withResolvers<void>();
  const late = await runner.expect(take, 1, () => missed.resolve());
  await missed.promise;
  await assert.rejects(caller.send(late, pieces(1)), failed);

  const source = held();
  const offered = await runner.offer(source.body, 1);
  await source.left;
  await assert.rejects(caller.fetch(offered), failed);
});

test('a refused caller lets go of its body', async () => {
  const source = held();
  const place = { ...(await runner.offer(pieces(1), 5_000)) };
  await assert.rejects(caller.send(place, source.body), { code: 'direct_failed' });
  await source.left;
  const gone = held();
  const nowhere = { url: 'http://127.0.0.1:1', token: place.token };
  await assert.rejects(caller.send(nowhere, gone.body), { code: 'direct_failed' });
  await gone.left;
});

test('no more places than there may be', async () => {
  const small = await open({ placesMax: 2 });
  const first = await small.offer(pieces(1), 5_000);
  await small.offer(pieces(1), 5_000);
  await assert.rejects(small.offer(pieces(1), 5_000), { status: 503, message: /--direct-places/ });
  await whole(await caller.fetch(first));
  await small.offer(pieces(1), 5_000);
});

test('an address in use, and one that is none here, are told', async () => {
  const first = await open();
  const { port } = new URL((await first.offer(pieces(1), 5_000)).url);
  await assert.rejects((await open({ port: Number(port) })).listen(), { code: 'address_in_use' });
  await assert.rejects((await open({ host: '203.0.113.1' })).listen(), { code: 'option_invalid' });
});

test('close lets waiting places go and breaks what is under way', async () => {
  const closing = await open();
  const unused = Promise.withResolvers<void>();
  await closing.expect(
    async () => reply(Buffer.alloc(0)),
    60_000,
    () => unused.resolve(),
  );
  const source = held(Buffer.from('begun'));
  const body = await caller.fetch(await closing.offer(source.body, 5_000));
  const reading = whole(body);
  await Promise.all([
    assert.rejects(reading, { code: 'direct_failed' }),
    closing.close(),
    unused.promise,
    source.left,
  ]);
  await assert.rejects(closing.offer(pieces(1), 5_000), { code: 'direct_failed' });
});

test('silence is no loss, a lost side is', async () => {
  const stallTimeoutMs = 120;
  const quick = await open({ stallTimeoutMs });
  const place = await quick.expect(async (body) => {
    await new Promise((resolve) => setTimeout(resolve, 3 * stallTimeoutMs));
    return reply(await whole(body));
  }, 5_000);
  async function* slow(): AsyncGenerator<Uint8Array> {
    await new Promise((resolve) => setTimeout(resolve, 4 * stallTimeoutMs));
    yield Buffer.from('late');
  }
  const patient = await open({ stallTimeoutMs });
  assert.equal(String(await whole((await patient.send(place, slow())).body)), 'late');

  // One that shows its token, and no sign of life then.
  const lost = Promise.withResolvers<unknown>();
  const { url, token } = await quick.expect(async (body) => {
    await whole(body).catch(lost.resolve);
    return reply(Buffer.alloc(0));
  }, 5_000);
  const socket = dial(url);
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n`);
  socket.write('transfer-encoding: chunked\r\n\r\n');
  assert.equal(((await lost.promise) as FuncatronError).code, 'cancelled');
  await once(socket.resume(), 'close');
});

test('a reader that takes nothing is broken off', async () => {
  const quick = await open({ stallTimeoutMs: 60 });
  const left = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(64 * 1024);
    } finally {
      left.resolve();
    }
  }
  const { url, token } = await quick.offer(endless(), 5_000);
  const socket = dial(url);
  socket.pause();
  socket.write(`GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`);
  await left.promise;
  socket.destroy();
});

test('with TLS, and only with whom is trusted', async () => {
  const own = makeCertificate();
  const served = await open({ tls: own });
  const trusting = await open({ tls: own });
  const place = async (): Promise<DirectPlace> =>
    served.expect(async (body) => reply(await whole(body)), 5_000);
  const { body } = await trusting.send(await place(), pieces(3));
  assert.equal((await whole(body)).length, 3 * 64 * 1024);
  const failed = { code: 'direct_failed' };
  await assert.rejects(caller.send(await place(), pieces(3)), failed);
  const other = await open({ tls: makeCertificate() });
  await assert.rejects(other.send(await place(), pieces(3)), failed);
  // With an authority, the name has to be right, too: this certificate is for another.
  const named = await open({ tls: { ...own, ca: own.cert } });
  await assert.rejects(named.send(await place(), pieces(3)), failed);
  await assert.rejects((await open({ tls: { cert: 'none', key: 'none' } })).listen(), {
    code: 'option_invalid',
  });
});

test('rubbish is refused, and harms nobody', async () => {
  const url = (await runner.offer(pieces(0), 5_000)).url;
  const head = fc.oneof(
    fc.constantFrom(
      'GET / HTTP/1.1\r\nhost: a\r\n\r\n',
      'POST / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer \r\n\r\n',
      'POST / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer x.y\r\ncontent-length: 5\r\n\r\nab',
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n',
      'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
      `GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${'A'.repeat(12)}.${'B'.repeat(43)}\r\n\r\n`,
      `GET / HTTP/1.1\r\nx: ${'y'.repeat(10_000)}\r\n\r\n`,
    ),
    fc.string({ maxLength: 300 }),
  );
  await fc.assert(
    fc.asyncProperty(head, async (text) => {
      const socket = dial(url);
      let answer = '';
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.end(text);
      await once(socket, 'close');
      assert(!answer.startsWith('HTTP/1.1 200'), `${JSON.stringify(text)} got ${answer}`);
    }),
    { numRuns: 60 },
  );
  const place = await runner.expect(async (body) => reply(await whole(body)), 5_000);
  assert.equal((await whole((await caller.send(place, pieces(2))).body)).length, 2 * 64 * 1024);
});

test('rubbish behind a good token breaks that one connection', async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(bytes, async (rubbish) => {
      const seen = Promise.withResolvers<unknown>();
      const { url, token } = await runner.expect(async (body) => {
        seen.resolve(await whole(body).catch((thrown: unknown) => thrown));
        return reply(Buffer.alloc(0));
      }, 5_000);
      const socket = dial(url);
      socket.write(`POST / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n`);
      socket.write(`content-length: ${rubbish.length}\r\n\r\n`);
      socket.end(rubbish);
      socket.resume();
      const got = await seen.promise;
      const isWhole = Buffer.isBuffer(got) && rubbish.includes(3);
      assert(isWhole || got instanceof FuncatronError, String(got));
      await once(socket, 'close');
    }),
    { numRuns: 60 },
  );
});

function dial(url: string) {
  const { port, hostname } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  socket.on('error', () => undefined);
  return socket;
}

function makeCertificate(): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'funcatron-tls-'));
  const [cert, key] = [join(folder, 'cert'), join(folder, 'key')];
  const flags = `-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=other`;
  execFileSync('openssl', ['req', ...flags.split(' '), '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const pair = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}

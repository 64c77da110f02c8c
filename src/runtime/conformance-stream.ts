/** Conformance: bodies that come and go in chunks, with back-pressure. */
import assert from 'node:assert/strict';
import { json } from './conformance-call.ts';
import { collect, pattern, wired } from './conformance-subject.ts';
import type { Case } from './conformance-subject.ts';

const octets = { 'content-type': 'application/octet-stream' };
const streamed = { kind: 'binary', stream: true, headers: octets } as const;

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size)
    yield bytes.subarray(offset, offset + size);
}

export const streamCases: Case[] = [
  {
    name: 'an answer in chunks',
    async run({ call }) {
      const answer = await call('stream', { query: { n: 5 } });
      assert.equal(answer.status, 200);
      assert.match(String(answer.headers['content-type']), /^text\/plain/);
      assert.equal(answer.bytes.toString(), 'chunk 0\nchunk 1\nchunk 2\nchunk 3\nchunk 4\n');
    },
  },
  {
    name: 'an answer in chunks over the window',
    async run({ call }) {
      const answer = await call('stream', { query: { n: 50, size: 100_000 } });
      assert.equal(answer.bytes.length, 5_000_000);
      assert.ok(answer.bytes.equals(Buffer.alloc(5_000_000, 'x')));
    },
  },
  {
    name: 'nobody reads: the Func is held back; the reader leaves: it is told',
    only: wired,
    async run({ open, call, logged }) {
      const reply = await open('stream', { id: 'left', query: { n: 1_000_000, size: 100_000 } });
      assert.ok(!(reply.body instanceof Uint8Array));
      assert.equal((await call('text')).status, 200);
      for await (const chunk of reply.body) {
        assert.ok(chunk.length > 0);
        break;
      }
      await logged((line) => line.text === 'stream closed' && line.requestId === 'left');
    },
  },
  {
    name: 'a request in chunks is echoed as it comes',
    async run({ open }) {
      const bytes = pattern(3_000_000);
      const body = chunked(bytes, 70_000);
      const reply = await open('stream', { ...streamed, body });
      assert.equal(Buffer.compare(await collect(reply.body), bytes), 0);
    },
  },
  {
    name: 'a request that is whole, or empty, is a stream for a Func that takes one',
    async run({ open }) {
      for (const body of [pattern(300_000), pattern(10)]) {
        const reply = await open('stream', { ...streamed, body });
        assert.equal(Buffer.compare(await collect(reply.body), body), 0);
      }
    },
  },
  {
    name: 'a request without a body is an empty stream for a Func that takes one',
    only: wired,
    async run({ open }) {
      const reply = await open('stream', { kind: 'binary', stream: true });
      assert.equal((await collect(reply.body)).length, 0);
    },
  },
  {
    name: 'a request in chunks is whole for a Func that wants bytes',
    async run({ call }) {
      const body = chunked(Buffer.alloc(3_000_000, 1), 70_000);
      const got = json(await call('bigBody', { kind: 'binary', body, headers: octets }));
      assert.deepEqual(got, { received: 3_000_000, sum: 3_000_000 });
    },
  },
  {
    name: 'request and answer stream at the same time',
    only: wired,
    async run({ open }) {
      const asked: (() => void)[] = [];
      async function* pingPong(): AsyncGenerator<Uint8Array> {
        for (let turn = 0; turn < 3; turn++) {
          yield Buffer.from(`turn ${turn}`);
          await new Promise<void>((resolve) => asked.push(resolve));
        }
      }
      const reply = await open('stream', { ...streamed, body: pingPong() });
      assert.ok(!(reply.body instanceof Uint8Array));
      const got: string[] = [];
      for await (const chunk of reply.body) {
        got.push(Buffer.from(chunk).toString());
        // The next chunk is only sent once this one has come back.
        while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
        asked.shift()!();
      }
      assert.deepEqual(got, ['turn 0', 'turn 1', 'turn 2']);
    },
  },
  {
    name: 'a request in chunks is collected for a Func that wants it whole',
    only: wired,
    async run({ call }) {
      const body = chunked(Buffer.from(JSON.stringify({ list: pattern(2000).toJSON() })), 100);
      const facts = json(await call('echo', { kind: 'json', body }));
      assert.deepEqual(facts['body'], { list: pattern(2000).toJSON() });
    },
  },
  {
    name: 'a body over the largest frame goes in pieces',
    async run({ call }) {
      const body = Buffer.alloc(18 * 1024 * 1024, 1);
      const got = json(await call('bigBody', { kind: 'binary', body, headers: octets }));
      assert.deepEqual(got, { received: body.length, sum: body.length });
    },
  },
  {
    name: 'a request whose sender breaks fails its call',
    only: wired,
    async run({ open, call }) {
      async function* breaks(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('first');
        throw new Error('the client went away');
      }
      const request = { ...streamed, body: breaks() };
      await assert.rejects(open('stream', request).then((reply) => collect(reply.body)));
      assert.equal((await call('text')).status, 200);
    },
  },
];

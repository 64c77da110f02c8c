import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { FuncatronError } from '../errors.ts';
import { FrameReader, FrameWriter, frameBytesMax, frameType } from './wire.ts';
import { parseJson, readNumber, splitHead } from './wire.ts';
import type { FrameType } from './wire.ts';

interface Frame {
  type: number;
  stream: number;
  payload: Buffer;
}

const types = Object.values(frameType);
const frames = fc.array(
  fc.record({
    type: fc.constantFrom(...types),
    stream: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constant(new Uint8Array(9000).fill(7)),
      fc.constant(new Uint8Array(70_000).fill(9)),
    ),
  }),
  { maxLength: 20 },
);

/** What a writer puts on its socket. */
function encode(write: (writer: FrameWriter) => void): Buffer {
  const written: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  const writer = new FrameWriter(sink);
  write(writer);
  writer.flush();
  return Buffer.concat(written);
}

function decode(chunks: Iterable<Buffer>): Frame[] {
  const found: Frame[] = [];
  const reader = new FrameReader((type, stream, payload) => found.push({ type, stream, payload }));
  for (const chunk of chunks) reader.push(chunk);
  assert.equal(reader.atBoundary, true);
  return found;
}

function* split(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let offset = 0;
  for (let index = 0; offset < bytes.length; index++) {
    const size = sizes.length > 0 ? sizes[index % sizes.length]! : bytes.length;
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

const isProtocolError = (error: unknown): boolean =>
  error instanceof FuncatronError && error.code === 'worker_protocol' && error.status === 502;

test('frames survive being split at any byte', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 3000 })), (sent, sizes) => {
      const bytes = encode((writer) => {
        for (const frame of sent) writer.send(frame.type, frame.stream, frame.payload);
      });
      const got = decode(split(bytes, sizes));
      assert.equal(got.length, sent.length);
      got.forEach((frame, index) => {
        const wanted = sent[index]!;
        assert.equal(frame.type, wanted.type);
        assert.equal(frame.stream, wanted.stream);
        assert.equal(Buffer.compare(frame.payload, wanted.payload), 0);
      });
    }),
    { numRuns: 200 },
  );
});

test('frames survive being split at every byte', () => {
  const bytes = encode((writer) => {
    writer.send(frameType.data, 1, Buffer.from('one'));
    writer.send(frameType.end, 2);
    writer.sendNumber(frameType.ping, 0, 4_000_000_000);
  });
  for (let at = 1; at < bytes.length; at++) {
    const got = decode([bytes.subarray(0, at), bytes.subarray(at)]);
    assert.deepEqual(
      got.map((frame) => [frame.type, frame.stream]),
      [
        [frameType.data, 1],
        [frameType.end, 2],
        [frameType.ping, 0],
      ],
    );
    assert.equal(readNumber(got[2]!.payload), 4_000_000_000);
  }
});

test('heads and bodies come back as they were', () => {
  const text = fc.string({ unit: 'binary', maxLength: 200 }).map((value) => value.toWellFormed());
  fc.assert(
    fc.property(text, fc.uint8Array({ maxLength: 20_000 }), (value, body) => {
      const head = { value };
      const bytes = encode((writer) =>
        writer.sendBody(frameType.call, 5, JSON.stringify(head), body),
      );
      const [frame] = decode([bytes]);
      const got = splitHead(frame!.payload);
      assert.deepEqual(got.head, head);
      assert.equal(Buffer.compare(got.body, body), 0);
    }),
  );
});

test('a frame within one chunk is a slice of it, not a copy', () => {
  const bytes = encode((writer) => writer.sendBody(frameType.call, 1, '{}', Buffer.from('body')));
  const [frame] = decode([bytes]);
  assert.equal(splitHead(frame!.payload).body.buffer, bytes.buffer);
});

test('frames of one turn go out in one write', async () => {
  const writes: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const sink = new Writable({
    writev(chunks, done) {
      writes.push(chunks.length);
      done();
      resolve();
    },
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.length);
      done();
      resolve();
    },
  });
  const writer = new FrameWriter(sink);
  for (let index = 0; index < 100; index++) writer.send(frameType.data, index, Buffer.from('x'));
  assert.deepEqual(writes, []);
  await promise;
  assert.deepEqual(writes, [1000]);
});

test('garbage is a protocol error or frames, never anything else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 })), (chunks) => {
      const reader = new FrameReader((type, stream, payload) => {
        assert.ok(types.includes(type as FrameType));
        assert.ok(stream >= 0 && payload.length >= 0);
      });
      try {
        for (const chunk of chunks) reader.push(Buffer.from(chunk));
      } catch (error) {
        assert.ok(isProtocolError(error), String(error));
      }
    }),
  );
});

test('what is no frame is named', () => {
  const prefix = (length: number, type: number): Buffer => {
    const bytes = Buffer.alloc(9);
    bytes.writeUInt32BE(length);
    bytes[4] = type;
    return bytes;
  };
  const push = (bytes: Buffer) => () => new FrameReader(() => undefined).push(bytes);
  assert.throws(push(prefix(4, 1)), /frame length 4 is below 5/);
  assert.throws(push(prefix(frameBytesMax + 1, 1)), /over the limit of 16842752 bytes/);
  assert.throws(push(Buffer.from('HTTP/1.1 200 OK\r\n')), /frame length 1213486160 is over/);
  assert.throws(push(prefix(5, 0)), /frame type 0 is unknown/);
  assert.throws(push(prefix(5, 21)), /frame type 21 is unknown/);
  assert.throws(push(prefix(5, 21)), isProtocolError);
  assert.throws(() => splitHead(Buffer.from([0, 0])), /ends before its head/);
  assert.throws(() => splitHead(Buffer.from([0, 0, 0, 9, 123])), /longer than its frame/);
  assert.throws(() => parseJson(Buffer.from('{')), isProtocolError);
  assert.throws(() => readNumber(Buffer.from('x')), isProtocolError);
});

test('a frame over the limit is not sent', () => {
  const tooMuch = Buffer.alloc(frameBytesMax);
  assert.throws(() => encode((writer) => writer.send(frameType.data, 1, tooMuch)), RangeError);
});

test('the node worker’s own codec speaks the same', async () => {
  const { href } = new URL('../../workers/node/wire.js', import.meta.url);
  const theirs = await import(href);
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 3000 })), (sent, sizes) => {
      const ours = encode((writer) => {
        for (const frame of sent) writer.send(frame.type, frame.stream, frame.payload);
      });
      const got: Frame[] = [];
      const reader = new theirs.FrameReader((type: number, stream: number, payload: Buffer) =>
        got.push({ type, stream, payload }),
      );
      for (const chunk of split(ours, sizes)) reader.push(chunk);
      const written: Buffer[] = [];
      const sink = new Writable({
        write: (chunk, _, done) => (written.push(Buffer.from(chunk)), done()),
      });
      const writer = new theirs.FrameWriter(sink);
      for (const { type, stream, payload } of got) writer.send(type, stream, undefined, payload);
      writer.flush();
      assert.equal(Buffer.compare(Buffer.concat(written), ours), 0);
    }),
  );
});

test('the document shows frames as they are', () => {
  const document = readFileSync(new URL('../../docs/worker-protocol.md', import.meta.url), 'utf8');
  const shown = (name: string): Buffer => {
    const line = new RegExp(`^    ${name} +(.*)$`, 'm').exec(document)![1]!;
    const parts = line.split(/ {2,}/).map((part) => {
      const isHex = /^[0-9a-f]{2}( [0-9a-f]{2})*$/.test(part);
      return isHex ? Buffer.from(part.replaceAll(' ', ''), 'hex') : Buffer.from(part);
    });
    return Buffer.concat(parts);
  };
  const [hello, assigned] = decode([shown('HELLO'), shown('ASSIGNED')]);
  assert.deepEqual([hello!.type, assigned!.type], [frameType.hello, frameType.assigned]);
  const [call, reply] = decode([shown('CALL'), shown('REPLY')]);
  assert.deepEqual(splitHead(call!.payload).head, { id: 'r1', op: 'hi', kind: 'json' });
  assert.equal(splitHead(call!.payload).body.toString(), '{"n":1}');
  assert.equal(splitHead(reply!.payload).body.toString(), '"hi"');
  const hex = /^ {4}(?:[0-9a-f]{2} ?)+\n {4}(?:[0-9a-f]{2} ?)+$/m.exec(document)![0];
  assert.deepEqual(Buffer.from(hex.replace(/\s/g, ''), 'hex'), shown('CALL'));
  for (const [name, type] of Object.entries(frameType)) {
    const title = name.replace(/[A-Z]/, '_$&').toUpperCase();
    assert.ok(document.includes(`| ${type} | ${title} |`), title);
  }
  assert.ok(document.includes(String(frameBytesMax)));
});

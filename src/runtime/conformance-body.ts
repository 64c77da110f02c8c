/** Conformance: request bodies of every kind arrive as what the contract says they are. */
import assert from 'node:assert/strict';
import { FuncatronError } from '../errors.ts';
import { json } from './conformance-call.ts';
import { wired } from './conformance-subject.ts';
import type { Case, Request, Subject } from './conformance-subject.ts';

/** Sends a body to `echo`: it comes back as `wanted`, or, from who gets raw bytes, as it went. */
async function roundTrip(subject: Subject, request: Request, wanted: unknown): Promise<void> {
  const facts = json(await subject.call('echo', request));
  if (wired.includes(subject.kind)) return assert.deepEqual(facts['body'], wanted);
  const raw = Buffer.from(String(facts['raw']), 'base64');
  assert.equal(Buffer.compare(raw, request.body as Uint8Array), 0);
}

const unicode = { grüße: ['世界', '🎈', ' ', '\u0000', '"\\'], n: 1e21, none: null };

const boundary = '----fixture';
const multipart = [
  `--${boundary}\r\ncontent-disposition: form-data; name="title"\r\n\r\nholiday\r\n`,
  `--${boundary}\r\ncontent-disposition: form-data; name="photos"; filename="a.bin"\r\n`,
  'content-type: application/octet-stream\r\n\r\nAAA\r\n',
  `--${boundary}\r\ncontent-disposition: form-data; name="photos"; filename="b ü.txt"\r\n`,
  `content-type: text/plain\r\n\r\n\r\n--${boundary}--\r\n`,
].join('');
const files = [
  { filename: 'a.bin', contentType: 'application/octet-stream', bytes: Buffer.from('AAA') },
  { filename: 'b ü.txt', contentType: 'text/plain', bytes: Buffer.alloc(0) },
];

export const bodyCases: Case[] = [
  {
    name: 'a JSON body, unicode and all',
    run: (subject) =>
      roundTrip(
        subject,
        {
          kind: 'json',
          body: Buffer.from(JSON.stringify(unicode)),
          headers: { 'content-type': 'application/json' },
        },
        unicode,
      ),
  },
  {
    name: 'a text body',
    run: (subject) =>
      roundTrip(
        subject,
        { kind: 'text', body: Buffer.from('zwölf 🎈'), headers: { 'content-type': 'text/plain' } },
        'zwölf 🎈',
      ),
  },
  {
    name: 'a binary body',
    run: (subject) => {
      const body = Buffer.from([0, 255, 10, 13, 128]);
      return roundTrip(subject, { kind: 'binary', body }, { base64: body.toString('base64') });
    },
  },
  {
    name: 'bodies of no bytes',
    async run(subject) {
      const body = Buffer.alloc(0);
      await roundTrip(subject, { kind: 'json', body }, null);
      await roundTrip(subject, { kind: 'text', body }, '');
      await roundTrip(subject, { kind: 'binary', body }, { base64: '' });
      await roundTrip(subject, { kind: 'none', body }, null);
    },
  },
  {
    name: 'a form body',
    run: (subject) =>
      roundTrip(
        subject,
        {
          kind: 'form',
          body: Buffer.from('name=J%C3%BCrgen&age=42'),
          data: { name: 'Jürgen', age: 42 },
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        },
        { name: 'Jürgen', age: 42 },
      ),
  },
  {
    name: 'a multipart body with files',
    run: (subject) =>
      roundTrip(
        subject,
        {
          kind: 'multipart',
          body: Buffer.from(multipart),
          data: { title: 'holiday', photos: files },
          headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
        },
        {
          title: 'holiday',
          photos: files.map(({ filename, contentType, bytes }) => ({
            filename,
            contentType,
            base64: bytes.toString('base64'),
          })),
        },
      ),
  },
  {
    name: 'a JSON body that is no JSON fails before the Func runs',
    only: wired,
    async run({ call }) {
      await assert.rejects(call('echo', { kind: 'json', body: Buffer.from('{"a":') }), (error) => {
        assert.ok(error instanceof FuncatronError);
        assert.deepEqual([error.code, error.status], ['malformed_body', 400]);
        return true;
      });
    },
  },
];

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent, HTTP } from 'cloudevents';
import { readEvents } from './cloud-event.ts';
import type { Headers } from './message.ts';

const event = new CloudEvent({
  ...{ id: '1', source: '/shop', type: 'order.made', time: '2026-01-02T03:04:05.000Z' },
  ...{ datacontenttype: 'application/json', data: { sku: 'a' }, tenant: 'x' },
});
const bytes = (body: unknown): Uint8Array => Buffer.from(String(body));
const lower = (headers: object): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

test('binary and structured mode of the JavaScript SDK come out the same', () => {
  for (const { headers, body } of [HTTP.binary(event), HTTP.structured(event)]) {
    const [read, ...more] = readEvents({ headers: lower(headers), body: bytes(body) });
    assert.equal(more.length, 0);
    assert.deepEqual(JSON.parse(Buffer.from(read!.body).toString()), { sku: 'a' });
    const said = ['id', 'source', 'type', 'specversion', 'tenant'].map((name) => {
      return read!.headers[`ce-${name}`];
    });
    assert.deepEqual(said, ['1', '/shop', 'order.made', '1.0', 'x']);
    assert.match(String(read!.headers['content-type']), /^application\/json/);
  }
});

test('text, bytes, nothing and batches', () => {
  const attributes = { specversion: '1.0', id: '1', source: 's', type: 't' };
  const read = (extra: object, type = 'application/cloudevents+json; charset=utf-8') => {
    const body = Array.isArray(extra) ? extra : { ...attributes, ...extra };
    const events = readEvents({
      headers: { 'content-type': type },
      body: bytes(JSON.stringify(body)),
    });
    return events.map(({ body, headers }) => {
      return [Buffer.from(body).toString(), headers['content-type']];
    });
  };
  assert.deepEqual(read({ datacontenttype: 'text/plain', data: 'hi' }), [['hi', 'text/plain']]);
  assert.deepEqual(read({ data: 'hi' }), [['"hi"', 'application/json']]);
  assert.deepEqual(read({ data_base64: 'aGk=', datacontenttype: 'image/png' }), [
    ['hi', 'image/png'],
  ]);
  assert.deepEqual(read({}), [['', undefined]]);
  const two = [attributes, { ...attributes, data: 2 }];
  assert.equal(read(two, 'application/cloudevents-batch+json').length, 2);
  const plain = { headers: { 'content-type': 'text/plain' }, body: bytes('as it is') };
  assert.deepEqual(readEvents(plain), [plain]);
});

test('what says that it is an event and is none is refused', () => {
  const type = { 'content-type': 'application/cloudevents+json' };
  for (const [headers, body, expected] of [
    [type, 'no json', /no JSON/],
    [type, '[]', /no JSON object/],
    [type, '{"specversion":"0.3","id":"1","source":"s","type":"t"}', /0.3 is not 1.0/],
    [type, '{"specversion":"1.0","id":"1","source":"s"}', /attribute type is missing/],
    [type, '{"specversion":"1.0","id":"1","source":"s","type":"t","A-b":1}', /no name/],
    [type, '{"specversion":"1.0","id":"1","source":"s","type":{}}', /no text/],
    [{ 'content-type': 'application/cloudevents-batch+json' }, '{}', /no JSON array/],
    [{ 'ce-specversion': '1.0', 'ce-id': '1' }, '', /attribute source is missing/],
  ] as [Headers, string, RegExp][])
    assert.throws(() => readEvents({ headers, body: bytes(body) }), {
      code: 'event_refused',
      message: expected,
    });
});

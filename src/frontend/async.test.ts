import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, problemOf } from './fixture/client.ts';
import { answer, openDoor } from './fixture/door.ts';

const pet = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const content = { 'application/json': { schema: pet } };
const paths = {
  '/pets': { post: { operationId: 'add', requestBody: { required: true, content } } },
};
const jsonType = { 'content-type': 'application/json' };

test('an asynchronous call is checked, made durable, and answered 202', async (t) => {
  const done = Promise.withResolvers<void>();
  const { port, calls } = await openDoor(t, {
    paths,
    durable: true,
    handler: () => {
      done.resolve();
      return answer('');
    },
  });
  const headers = { ...jsonType, prefer: 'wait=1, respond-async' };
  const bad = await ask(port, '/pets', { method: 'POST', headers, body: '{}' });
  assert.equal(bad.status, 400);
  const body = JSON.stringify({ name: 'Rex' });
  const taken = await ask(port, '/pets', { method: 'POST', headers, body });
  assert.equal(taken.status, 202);
  assert.equal(taken.headers['preference-applied'], 'respond-async');
  assert.deepEqual(JSON.parse(taken.text), { id: taken.headers['x-request-id'] });
  await done.promise;
  assert.equal(calls[0]!.head.id, taken.headers['x-request-id']);
});

test('an operation may be asynchronous by itself', async (t) => {
  const document = {
    paths: { '/': { post: { operationId: 'a', 'x-funcatron': { async: true } } } },
  };
  const { port } = await openDoor(t, { document, durable: true });
  const taken = await ask(port, '/', { method: 'POST' });
  assert.deepEqual([taken.status, taken.headers['preference-applied']], [202, undefined]);
});

test('without a place to keep it an asynchronous call is refused', async (t) => {
  const { port, calls } = await openDoor(t);
  const refused = await ask(port, '/', { headers: { prefer: 'respond-async' } });
  assert.deepEqual([refused.status, problemOf(refused).code], [503, 'journal_failed']);
  assert.equal(calls.length, 0);
});

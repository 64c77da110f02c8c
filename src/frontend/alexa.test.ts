import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeAlexa, parseServices, readAlexa } from './alexa.ts';

const request = {
  session: { sessionId: 's', application: { applicationId: 'app' } },
  request: { intent: { name: 'Hello' } },
};
const read = (value: unknown) => readAlexa(Buffer.from(JSON.stringify(value)));

test('a request has a session, an application and an intent, none of them empty', () => {
  assert.deepEqual(read(request), { applicationId: 'app', intent: 'Hello' });
  const { session } = request;
  for (const bad of [
    null,
    [],
    'x',
    {},
    { ...request, session: { ...session, sessionId: '' } },
    { ...request, session: { ...session, application: [] } },
    { ...request, request: { intent: { name: 7 } } },
    { ...request, request: { type: 'LaunchRequest' } },
  ])
    assert.equal(read(bad), undefined);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      readAlexa(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      readAlexa(Buffer.from(text));
    }),
  );
});

test('services.json names intents and whose they are; others of it are passed over', () => {
  const services = [
    { type: 'alexa', provider: 'amazon', service: 'Hello', image: 'x', applicationId: 'a' },
    { type: 'alexa', service: 'Hello', applicationId: ['b', 'c'] },
    { type: 'alexa', service: 'Common' },
    { type: 'github', service: 'hook' },
  ];
  const parsed = parseServices(JSON.stringify({ version: '1.0', applicationId: 'd', services }));
  assert.deepEqual(
    [...parsed].map(([name, ids]) => [name, [...ids]]),
    [
      ['Hello', ['a', 'b', 'c']],
      ['Common', ['d']],
    ],
  );
  const bad: [unknown, RegExp][] = [
    [{}, /no list of services/],
    [{ services: [{ type: 'alexa' }] }, /has no name/],
    [{ services: [{ type: 'alexa', service: 'X' }] }, /add applicationId/],
    [{ services: [{ type: 'alexa', service: 'X', applicationId: [7] }] }, /add applicationId/],
  ];
  for (const [value, why] of bad) assert.throws(() => parseServices(JSON.stringify(value)), why);
  assert.throws(() => parseServices('{'), /JSON/);
});

test('who is not in it calls nothing, and without it nobody does', () => {
  const services = new Map([
    ['Hello', new Set(['a'])],
    ['Bye', new Set(['b'])],
  ]);
  const judge = (applicationId: string, intent: string) =>
    judgeAlexa(services, { applicationId, intent });
  judge('a', 'Hello');
  assert.throws(() => judge('b', 'Hello'), { code: 'unauthorized', component: 'frontend' });
  assert.throws(() => judge('x', 'Hello'), { code: 'unauthorized' });
  assert.throws(() => judge('x', 'None'), { code: 'unauthorized' });
  assert.throws(() => judge('a', 'None'), { code: 'no_route', message: /service: None/ });
  assert.throws(() => judge('a', 'constructor'), { code: 'no_route' });
  assert.throws(() => judgeAlexa(undefined, { applicationId: 'a', intent: 'Hello' }), {
    code: 'unauthorized',
    message: /--services/,
  });
});

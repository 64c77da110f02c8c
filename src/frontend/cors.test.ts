import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { answer, openDoor } from './fixture/door.ts';
import type { DoorSetup } from './fixture/door.ts';

const app = 'https://app.example.com';
const paths = {
  '/': { get: { operationId: 'g' }, put: { operationId: 'p' } },
  '/own': { get: { operationId: 'o', 'x-funcatron': { cors: false } } },
};
const withCors = (cors: unknown): DoorSetup => {
  return { document: { paths, 'x-funcatron': { runtime: 'node', handler: 'h.js', cors } } };
};
const preflight = (port: number, path: string, origin = app): Promise<Answer> => {
  const headers = {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-one, x-two',
  };
  return ask(port, path, { method: 'OPTIONS', headers });
};
const allows = ({ headers }: Answer): (string | undefined)[] =>
  ['origin', 'methods', 'headers', 'credentials'].map(
    (name) => headers[`access-control-allow-${name}`] as string | undefined,
  );

test('without configuration the door says nothing of origins', async (t) => {
  const { port } = await openDoor(t, { paths });
  for (const got of [
    await preflight(port, '/'),
    await ask(port, '/', { headers: { origin: app } }),
  ])
    assert.deepEqual(allows(got), [undefined, undefined, undefined, undefined]);
});

test('a preflight is answered at the door', async (t) => {
  const cors = { origins: [app], credentials: true, maxAge: '10m' };
  const { port, calls } = await openDoor(t, withCors(cors));
  const got = await preflight(port, '/');
  assert.equal(got.status, 204);
  assert.deepEqual(allows(got), [app, 'PUT', 'x-one, x-two', 'true']);
  assert.equal(got.headers['access-control-max-age'], '600');
  assert.equal(got.headers.vary, 'origin');
  const stranger = await preflight(port, '/', 'https://evil.example.com');
  assert.deepEqual(allows(stranger), [undefined, undefined, undefined, undefined]);
  assert.equal((await preflight(port, '/none')).status, 404);
  assert.equal(calls.length, 0);
});

test('answers and problems alike may be read by the origin', async (t) => {
  const cors = { origins: '*', headers: 'x-mine', expose: ['x-total'] };
  const forged = { 'access-control-allow-origin': 'https://forged', vary: 'accept' };
  const { port } = await openDoor(t, {
    ...withCors(cors),
    handler: () => answer('x', 200, forged),
  });
  for (const [path, status] of [
    ['/', 200],
    ['/none', 404],
  ] as const) {
    const got = await ask(port, path, { headers: { origin: app } });
    assert.equal(got.status, status);
    assert.deepEqual(allows(got), ['*', undefined, undefined, undefined]);
    assert.equal(got.headers['access-control-expose-headers'], 'x-request-id, x-total');
  }
  assert.equal(allows(await preflight(port, '/'))[2], 'x-mine');
  const same = await ask(port, '/');
  assert.deepEqual([same.headers.vary, allows(same)[0]], ['accept, origin', undefined]);
});

test('an operation may say otherwise than its bundle, a bundle than the installation', async (t) => {
  const options = { cors: { origins: [app] } };
  const { port } = await openDoor(t, { paths, options });
  const headers = { origin: app };
  assert.equal(allows(await ask(port, '/', { headers }))[0], app);
  assert.equal(allows(await ask(port, '/own', { headers }))[0], undefined);
  const refusing = await openDoor(t, { ...withCors(false), options });
  assert.equal(allows(await ask(refusing.port, '/', { headers }))[0], undefined);
});

test('OPTIONS that is no preflight lists the methods', async (t) => {
  const { port } = await openDoor(t, withCors(true));
  const got = await ask(port, '/', { method: 'OPTIONS' });
  assert.deepEqual([got.status, got.headers.allow], [204, 'GET, HEAD, OPTIONS, PUT']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, problemOf } from './fixture/client.ts';
import { openDoor } from './fixture/door.ts';

const document = {
  paths: {
    '/open': { get: { operationId: 'o', security: [] } },
    '/key': { get: { operationId: 'k', security: [{ key: [] }] } },
    '/basic': { get: { operationId: 'b', security: [{ basic: [] }] } },
  },
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'query', name: 'key' },
      basic: { type: 'http', scheme: 'basic' },
    },
  },
};
const basic = (text: string) => ({
  authorization: `Basic ${Buffer.from(text).toString('base64')}`,
});

test('who calls is established before the call, and travels with it', async (t) => {
  const security = { key: { keys: { partner: 's3cret' } }, basic: { users: { alice: 'pw' } } };
  const { port, calls } = await openDoor(t, { document, props: { security } });
  assert.equal((await ask(port, '/key?key=s3cret')).status, 200);
  assert.equal((await ask(port, '/basic', { headers: basic('alice:pw') })).status, 200);
  assert.equal((await ask(port, '/open')).status, 200);
  assert.deepEqual(
    calls.map(({ head }) => head.auth && [head.auth.scheme, head.auth.subject]),
    [['key', 'partner'], ['basic', 'alice'], undefined],
  );
  for (const path of ['/key', '/key?key=wrong', '/key?key=', '/basic']) {
    const refused = await ask(port, path);
    assert.deepEqual([refused.status, problemOf(refused).code], [401, 'unauthorized'], path);
  }
  const wrong = await ask(port, '/basic', { headers: basic('alice:PW') });
  assert.match(String(wrong.headers['www-authenticate']), /^Basic /);
  assert.equal(calls.length, 3);
});

test('a scheme nobody configured refuses', async (t) => {
  const { port, calls } = await openDoor(t, { document });
  const refused = await ask(port, '/key?key=x');
  assert.deepEqual([refused.status, problemOf(refused).code], [503, 'security_not_configured']);
  assert.equal((await ask(port, '/open')).status, 200);
  assert.equal(calls.length, 1);
});

test('configuration that is of no use refuses, and says so in the log alone', async (t) => {
  const props = { security: { key: { keys: 'hunter2' } } };
  const { port, calls } = await openDoor(t, { document, props });
  const refused = await ask(port, '/key?key=hunter2');
  assert.deepEqual([refused.status, problemOf(refused).code], [503, 'security_not_configured']);
  assert.doesNotMatch(refused.text, /hunter2/);
  assert.equal(calls.length, 0);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { contractOf, TestPlace } from './fixture/place.ts';

const responses = { 200: { description: 'fine' } };
const secured = {
  ...contractOf('/secured', ['/open']),
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'x-key' },
      login: { type: 'http', scheme: 'bearer' },
    },
  },
};
Object.assign(secured.paths, {
  '/key': { get: { operationId: 'op1', responses, security: [{ key: [] }] } },
  '/either': { get: { operationId: 'op2', responses, security: [{ key: [] }, { login: [] }] } },
  '/both': { get: { operationId: 'op3', responses, security: [{ key: [], login: [] }] } },
  '/anybody': { get: { operationId: 'op4', responses, security: [{ key: [] }, {}] } },
});

let place: TestPlace;
let sha: string;
before(async () => {
  place = await TestPlace.open();
  await place.node('runner');
  sha = await place.upload(secured);
});
after(() => place.close());

const enable = (security?: unknown) =>
  place.post('/api/v1/enable', { sha, props: security === undefined ? {} : { security } });

test('operations nobody can call are told when a bundle is enabled', async () => {
  const none = await enable();
  assert.equal(none.status, 200);
  assert.deepEqual(none.json.warnings, [
    '3 operations, such as GET /key, will refuse every call: ' +
      'give props.security.key or props.security.login (--props)',
  ]);
  const half = await enable({ key: { keys: ['k'] } });
  assert.deepEqual(half.json.warnings, [
    'GET /both will refuse every call: give props.security.login (--props)',
  ]);
  const all = await enable({ key: { keys: ['k'] }, login: { tokens: ['t'] } });
  assert.equal(all.json.warnings, undefined);
});

test('security that is of no use is refused before anything is enabled', async () => {
  const before = await place.get('/api/v1/routes');
  for (const security of ['x', { keys: {} }, { key: { keys: [] } }]) {
    const refused = await enable(security);
    assert.equal(refused.status, 400, JSON.stringify(security));
    assert.equal(refused.json.code, 'props_invalid');
    assert.match(refused.json.errors[0].at, /^\/security/);
  }
  assert.deepEqual((await place.get('/api/v1/routes')).json, before.json);
});

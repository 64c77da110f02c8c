import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FuncatronError } from '../errors.ts';
import { applyOverlay } from './overlay.ts';

const document = {
  openapi: '3.1.0',
  info: { title: 'Pets', version: '1' },
  servers: [{ url: '/v1' }],
  tags: ['a', 'b', 'c'],
  paths: {
    '/pets': {
      get: { operationId: 'list', deprecated: true, parameters: [{ name: 'a' }, { name: 'b' }] },
      post: { operationId: 'add' },
    },
    '/cats': { get: { operationId: 'cats', 'x-funcatron': { timeout: 3, env: { A: '1' } } } },
  },
};

function overlay(...actions: unknown[]) {
  return { overlay: '1.0.0', info: { title: 'Staging', version: '1' }, actions };
}

async function apply(...actions: unknown[]) {
  const { document: result } = await applyOverlay(document, overlay(...actions));
  return result as typeof document & Record<string, never>;
}

test('an update merges objects recursively, joins lists, replaces plain values', async () => {
  const result = await apply(
    { target: '$', update: { info: { title: 'Test' }, tags: ['d'], 'x-new': { a: [1] } } },
    {
      target: "$.paths['/cats'].get",
      update: { 'x-funcatron': { timeout: '9s', env: { B: '2' } } },
    },
  );
  assert.deepEqual(result.info, { title: 'Test', version: '1' });
  assert.deepEqual(result.tags, ['a', 'b', 'c', 'd']);
  assert.deepEqual(result['x-new'], { a: [1] });
  assert.deepEqual(result.paths['/cats'].get['x-funcatron'], {
    timeout: '9s',
    env: { A: '1', B: '2' },
  });
  assert.deepEqual(document.info.title, 'Pets');
});

test('an update of every match, and of a list', async () => {
  const result = await apply(
    { target: '$.paths.*.get', update: { security: [] } },
    { target: '$.servers', update: { url: '/v2' } },
    { target: "$.paths.*.get.parameters[?@.name=='b']", update: { required: true } },
  );
  assert.deepEqual(result.servers, [{ url: '/v1' }, { url: '/v2' }]);
  const { get } = result.paths['/pets'] as Record<string, Record<string, unknown>>;
  assert.deepEqual(get!['security'], []);
  assert.deepEqual(get!['parameters'], [{ name: 'a' }, { name: 'b', required: true }]);
  assert.equal('security' in result.paths['/pets'].post, false);
});

test('values of one update are not shared between its targets', async () => {
  const result = await apply(
    { target: '$.paths.*.get', update: { 'x-a': { list: [1] } } },
    { target: "$.paths['/cats'].get", update: { 'x-a': { list: [2] } } },
  );
  const pets = result.paths['/pets'].get as Record<string, unknown>;
  const cats = result.paths['/cats'].get as Record<string, unknown>;
  assert.deepEqual(pets['x-a'], { list: [1] });
  assert.deepEqual(cats['x-a'], { list: [1, 2] });
});

test('a removal takes members, and items wherever they stand', async () => {
  const result = await apply(
    { target: '$.tags[0,2,0]', remove: true },
    { target: '$..deprecated', remove: true },
    { target: '$.paths.*.post', remove: true, update: { ignored: 1 } },
    { target: "$..parameters[?@.name=='a']", remove: true },
    { target: '$.servers', remove: true },
    { target: '$', update: { servers: [{ url: '/test' }] } },
  );
  assert.deepEqual(result.tags, ['b']);
  assert.deepEqual(result.servers, [{ url: '/test' }]);
  assert.deepEqual(result.paths['/pets'], {
    get: { operationId: 'list', parameters: [{ name: 'b' }] },
  });
});

test('an action that does nothing is a warning', async () => {
  const actions = [
    { target: '$.nope', remove: true },
    { target: '$.info', description: 'idle' },
  ];
  const { warnings } = await applyOverlay(document, overlay(...actions));
  assert.deepEqual(
    warnings.map(({ at, message }) => `${at} ${message}`),
    [
      '/actions/0/target overlay: $.nope matches nothing',
      '/actions/1 overlay: the action does nothing',
    ],
  );
});

test('a bad overlay is refused, naming the action', async () => {
  const info = { title: 'x', version: '1' };
  const action = { target: '$.info', update: {} };
  const cases: [overlay: unknown, at: string, message: RegExp][] = [
    ['text', '', /no object/],
    [{ overlay: '2.0.0', info, actions: [action] }, '/overlay', /no version 1\.0/],
    [
      { overlay: '1.0.0', info: { title: 'x' }, actions: [action] },
      '/info',
      /lacks title or version/,
    ],
    [{ overlay: '1.0.0', info, actions: [] }, '/actions', /no list of actions/],
    [{ overlay: '1.0.0', info, action: [action] }, '/action', /did you mean actions/],
    [overlay(action, 'x'), '/actions/1', /no object/],
    [overlay({ update: {} }), '/actions/0/target', /no target/],
    [overlay({ target: '$.a', updte: {} }), '/actions/0/updte', /did you mean update/],
    [overlay({ target: '$.a', remove: 'yes' }), '/actions/0/remove', /not true or false/],
    [overlay(action, { target: '$.a[?(', remove: true }), '/actions/1/target', /is no JSONPath/],
    [overlay({ target: 'info', remove: true }), '/actions/0/target', /is no JSONPath/],
    [overlay({ target: '$', remove: true }), '/actions/0/target', /whole document/],
    [overlay({ target: '$.info.title', update: 'x' }), '/actions/0/target', /plain value/],
    [
      overlay({ target: '$.info', update: ['x'] }),
      '/actions/0/update',
      /is an object, update is not/,
    ],
    [
      overlay({ target: '$', update: { info: 'x' } }),
      '/actions/0/update/info',
      /an object in the doc/,
    ],
    [
      overlay({ target: '$', update: { tags: 'x' } }),
      '/actions/0/update/tags',
      /a list in the doc/,
    ],
    [
      overlay({ target: '$', update: JSON.parse('{"__proto__": {}}') }),
      '/actions/0/update/__proto__',
      /./,
    ],
  ];
  for (const [bad, at, message] of cases)
    await assert.rejects(applyOverlay(document, bad), (error: FuncatronError) => {
      assert.equal(error.code, 'overlay_invalid');
      assert.equal(error.errors?.[0]?.at, at);
      assert.match(error.message, message);
      return true;
    });
});

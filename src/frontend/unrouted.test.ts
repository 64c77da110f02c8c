import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuncatronError } from '../errors.ts';
import { ask, problemOf } from './fixture/client.ts';
import { createRoute, openDoor } from './fixture/door.ts';

const page = (operationId: string) => ({ get: { operationId } });

test('health and routes are shown where no bundle has them, without props', async (t) => {
  const setup = { basePath: '/v1', props: { password: 'hunter2' } };
  const { port, route } = await openDoor(t, setup);
  const health = await ask(port, '/healthz');
  assert.deepEqual(
    [health.status, JSON.parse(health.text)],
    [200, { status: 'ok', routes: 1, revision: 1 }],
  );
  const routes = await ask(port, '/__routes');
  const { host, basePath, queue, sha } = route;
  assert.deepEqual(JSON.parse(routes.text), {
    version: 1,
    routes: [{ host, path: basePath, queue, sha }],
  });
  assert.doesNotMatch(routes.text, /hunter2/);
  assert.equal((await ask(port, '/healthz', { method: 'HEAD' })).status, 200);
  assert.equal((await ask(port, '/healthz', { method: 'POST' })).status, 404);
});

test('a bundle may have these paths for itself', async (t) => {
  const { port, calls } = await openDoor(t, { paths: { '/healthz': page('h') } });
  assert.equal((await ask(port, '/healthz')).text, '{"ok":true}');
  assert.equal((await ask(port, '/__routes')).status, 200);
  assert.equal(calls.length, 1);
});

test('with nothing enabled the answer says what to do', async (t) => {
  const { port } = await openDoor(t, { bare: true });
  const refused = await ask(port, '/any');
  assert.equal(problemOf(refused).code, 'no_route');
  assert.match(problemOf(refused).detail, /funcatron deploy/);
});

test('documents are shown when told, where no operation is', async (t) => {
  const shown = await openDoor(t, { basePath: '/v1', options: { docs: true } });
  for (const folder of ['', '/v1']) {
    const moved = await ask(shown.port, `${folder}/ui`);
    assert.deepEqual([moved.status, moved.headers.location], [302, `${folder}/ui/`]);
    const html = await ask(shown.port, `${folder}/ui/`);
    assert.match(String(html.headers['content-type']), /^text\/html/);
    assert.match(html.text, /data-document="..\/openapi.json"/);
    assert.equal((await ask(shown.port, `${folder}/ui/swagger-ui.css`)).status, 200);
    assert.equal((await ask(shown.port, `${folder}/ui/package.json`)).status, 404);
    const document = JSON.parse((await ask(shown.port, `${folder}/openapi.json`)).text);
    assert.deepEqual([document.info.title, document.servers], ['fixture', [{ url: '/v1' }]]);
  }
  const own = await openDoor(t, { paths: { '/ui/': page('u') }, options: { docs: true } });
  assert.equal((await ask(own.port, '/ui/')).text, '{"ok":true}');
  const hidden = await openDoor(t);
  assert.equal((await ask(hidden.port, '/openapi.json')).status, 404);
  const bare = await openDoor(t, { bare: true, options: { docs: true } });
  assert.equal((await ask(bare.port, '/ui/')).status, 404);
});

test('the last build error is shown while the last good version serves', async (t) => {
  let problem: FuncatronError | undefined = new FuncatronError('build_failed', 'a.ts:1:2\n  ☃ }');
  const notice = () => problem?.toProblem();
  const { port, frontend } = await openDoor(t, { bare: true, options: { notice } });
  const never = await ask(port, '/any');
  assert.deepEqual([never.status, problemOf(never).code], [500, 'build_failed']);
  await frontend.setRoutes([createRoute()], 1);
  for (const [path, status] of [
    ['/', 200],
    ['/none', 404],
  ] as const) {
    const got = await ask(port, path);
    assert.equal(got.status, status);
    assert.equal(got.headers['funcatron-build-error'], 'build_failed: a.ts:1:2 }');
  }
  problem = undefined;
  assert.equal((await ask(port, '/')).headers['funcatron-build-error'], undefined);
});

test('what shall happen before a call has happened when it is routed', async (t) => {
  const steps: string[] = [];
  const setup = { bare: true, options: { beforeCall: () => rebuild } };
  const { port, frontend } = await openDoor(t, setup);
  const rebuild = (async () => {
    await new Promise((resolve) => setImmediate(resolve));
    await frontend.setRoutes([createRoute()], 1);
    steps.push('built');
  })();
  assert.equal((await ask(port, '/')).status, 200);
  assert.deepEqual(steps, ['built']);
});

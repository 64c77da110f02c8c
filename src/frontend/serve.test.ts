import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { FuncatronError } from '../errors.ts';
import { hang, openDoor } from './fixture/door.ts';
import { ask, problemOf, Wire } from './fixture/client.ts';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const pet = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const paths = {
  '/pets': {
    get: {
      operationId: 'list',
      parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', default: 10 } }],
      responses: { 200: { description: 'ok', ...json({ type: 'array' }) } },
    },
    post: { operationId: 'add', requestBody: { required: true, ...json(pet) } },
  },
  '/pets/{petId}': {
    get: {
      operationId: 'show',
      parameters: [{ name: 'petId', in: 'path', required: true, schema: { type: 'integer' } }],
    },
  },
};
const jsonType = { 'content-type': 'application/json' };

test('a call reaches the queue matched, coerced and marked', async (t) => {
  const before = Date.now();
  const { port, calls, contract } = await openDoor(t, { paths, basePath: '/v1' });
  const { status, headers, text } = await ask(port, '/v1/pets/12?x=%41&y', {
    headers: {
      host: 'Example.COM:99',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      tracestate: 'a=b',
    },
  });
  assert.equal(status, 200);
  assert.equal(text, '{"ok":true}');
  assert.equal(headers['content-length'], '11');
  const { head, body, cancellation } = calls[0]!;
  assert.equal(head.id, headers['x-request-id']);
  assert.equal(head.operation, 'GET /pets/{petId}');
  assert.equal(head.checked, contract.id);
  assert.equal(head.kind, 'none');
  assert.deepEqual(head.params!.path, { petId: 12 });
  assert.deepEqual(
    [head.method, head.scheme, head.host, head.path, head.query, head.remote],
    ['GET', 'http', 'example.com', '/v1/pets/12', 'x=%41&y', '127.0.0.1'],
  );
  assert.equal(head.headers.tracestate, 'a=b');
  assert.match(String(head.headers.traceparent), /^00-4bf9/);
  assert.ok(head.deadline >= before + 30_000 && head.deadline <= Date.now() + 30_000);
  assert.equal((body as Uint8Array).byteLength, 0);
  assert.equal(cancellation?.cancelled, false);
});

test('the base path itself is the path / of its bundle', async (t) => {
  const { port, calls } = await openDoor(t, { basePath: '/v1' });
  for (const path of ['/v1', '/v1/', '/v1?x'])
    assert.equal((await ask(port, path)).status, 200, path);
  assert.deepEqual(new Set(calls.map(({ head }) => head.operation)), new Set(['GET /']));
});

test('a body is parsed and checked before it costs a place in a queue', async (t) => {
  const { port, calls } = await openDoor(t, { paths });
  const body = JSON.stringify({ name: 'Rex' });
  const good = await ask(port, '/pets', { method: 'POST', headers: jsonType, body });
  assert.equal(good.status, 200);
  assert.deepEqual(calls[0]!.data, { name: 'Rex' });
  assert.equal(calls[0]!.head.kind, 'json');
  assert.equal(Buffer.from(calls[0]!.body as Uint8Array).toString(), body);
  const cases: [string, string, Record<string, string>][] = [
    ['bad_body', '{}', jsonType],
    ['malformed_body', '{"name":', jsonType],
    ['bad_body', '', {}],
    ['unsupported_media_type', 'name=Rex', { 'content-type': 'application/x-www-form-urlencoded' }],
  ];
  for (const [code, sent, headers] of cases) {
    const bad = await ask(port, '/pets', { method: 'POST', headers, body: sent });
    assert.equal(problemOf(bad).code, code, sent);
  }
  assert.equal(calls.length, 1);
});

test('what the contract refuses is a problem that says what and where', async (t) => {
  const { port, calls, url } = await openDoor(t, { paths, basePath: '/v1' });
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const bad = await ask(port, '/v1/pets/x', { headers: { 'x-request-id': 'me-1' } });
  const problem = problemOf(bad);
  assert.equal(bad.status, 400);
  assert.equal(bad.headers['x-request-id'], 'me-1');
  assert.deepEqual(
    [problem.type, problem.status, problem.code, problem.component, problem.requestId],
    ['urn:funcatron:error:bad_parameter', 400, 'bad_parameter', 'contract', 'me-1'],
  );
  assert.deepEqual([problem.errors![0]!.in, problem.errors![0]!.at], ['path', 'petId']);
  const cases: [string, string, number, string][] = [
    ['GET', '/v1/nowhere', 404, 'not_found'],
    ['GET', '/v10/pets', 404, 'no_route'],
    ['PUT', '/', 404, 'no_route'],
    ['DELETE', '/v1/pets', 405, 'method_not_allowed'],
    ['GET', '/v1/pets?limit=many', 400, 'bad_parameter'],
    ['GET', '/v1/pets?limit=%zz', 400, 'bad_parameter'],
  ];
  for (const [method, path, status, code] of cases) {
    const refused = await ask(port, path, { method });
    assert.deepEqual([refused.status, problemOf(refused).code], [status, code], path);
    assert.equal('stack' in problemOf(refused), false);
  }
  assert.equal(calls.length, 0);
});

test('a method the path has not is told which it has', async (t) => {
  const { port } = await openDoor(t, { paths });
  const refused = await ask(port, '/pets', { method: 'PUT' });
  assert.equal(refused.status, 405);
  assert.deepEqual(refused.headers.allow!.split(', ').toSorted(), [
    'GET',
    'HEAD',
    'OPTIONS',
    'POST',
  ]);
  const options = await ask(port, '/pets', { method: 'OPTIONS' });
  assert.deepEqual([options.status, options.headers.allow], [204, refused.headers.allow]);
  assert.equal(options.headers['access-control-allow-origin'], undefined);
  assert.equal((await ask(port, '*', { method: 'OPTIONS' })).status, 204);
});

test('HEAD is the GET, its body dropped and its length kept', async (t) => {
  const { port, calls } = await openDoor(t, { paths });
  const { status, headers, text } = await ask(port, '/pets/1', { method: 'HEAD' });
  assert.deepEqual([status, headers['content-length'], text], [200, '11', '']);
  assert.equal(calls[0]!.head.method, 'GET');
  const missing = await ask(port, '/none', { method: 'HEAD' });
  assert.equal(missing.status, 404);
  assert.ok(Number(missing.headers['content-length']) > 0);
});

test('an unacceptable answer is refused before the call', async (t) => {
  const { port, calls } = await openDoor(t, { paths });
  const refused = await ask(port, '/pets', { headers: { accept: 'text/html' } });
  assert.deepEqual([refused.status, problemOf(refused).code], [406, 'not_acceptable']);
  assert.equal(
    (await ask(port, '/pets', { headers: { accept: 'text/html, */*;q=0.1' } })).status,
    200,
  );
  assert.equal(calls.length, 1);
});

test('a request id that is not sane is replaced', async (t) => {
  const { port } = await openDoor(t);
  for (const id of ['a b', 'x'.repeat(129), '"']) {
    const { headers } = await ask(port, '/', { headers: { 'x-request-id': id } });
    assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/);
  }
});

test('a breach is refused, reported or let through, as the bundle says', async (t) => {
  for (const request of ['enforce', 'report', 'off']) {
    const document = { paths, 'x-funcatron': { runtime: 'node', validate: { request } } };
    const { port, calls, lines } = await openDoor(t, { document });
    const statuses = [
      (await ask(port, '/pets/x?a=1&a=2&b=3')).status,
      (await ask(port, '/pets', { method: 'POST', headers: jsonType, body: '{}' })).status,
      (await ask(port, '/pets', { method: 'POST', headers: jsonType, body: '{' })).status,
      (await ask(port, '/pets', { headers: { accept: 'image/png' } })).status,
    ];
    const refuses = request === 'enforce';
    assert.deepEqual(statuses, refuses ? [400, 400, 400, 406] : [200, 200, 200, 200], request);
    assert.equal(
      lines.filter(({ level }) => level === 'warn').length,
      request === 'report' ? 4 : 0,
    );
    if (refuses) continue;
    assert.equal(calls[0]!.head.params!.path.petId, 'x');
    assert.equal(calls[1]!.head.kind, 'json');
    for (const { head } of calls) assert.ok(head.checked);
  }
});

test('an error behind the door is the answer, with its own component', async (t) => {
  const faults = [
    new FuncatronError('func_failed', 'it broke'),
    new FuncatronError('queue_full', 'full', { headers: { 'retry-after': '1' } }),
    new TypeError('secret inside'),
  ];
  const setup = {
    handler: () => {
      throw faults.shift();
    },
  };
  const { port, lines } = await openDoor(t, setup);
  const failed = problemOf(await ask(port, '/'));
  assert.deepEqual([failed.status, failed.code, failed.component], [500, 'func_failed', 'func']);
  const full = await ask(port, '/');
  assert.deepEqual([full.status, full.headers['retry-after']], [503, '1']);
  const inside = await ask(port, '/');
  assert.equal(problemOf(inside).code, 'internal');
  assert.doesNotMatch(inside.text, /secret|stack/);
  const line = lines.find(({ level }) => level === 'error');
  assert.equal(line!.requestId, inside.headers['x-request-id']);
});

test('a call over its deadline is a 504', async (t) => {
  const document = {
    paths: { '/': { get: { operationId: 'slow' } } },
    'x-funcatron': { runtime: 'node', handler: 'h.js', timeout: '30ms' },
  };
  const { port } = await openDoor(t, { document, handler: () => new Promise(() => undefined) });
  const { status, text } = await ask(port, '/');
  assert.equal(status, 504, text);
});

test('a client that goes away cancels its call', async (t) => {
  const cancelled = Promise.withResolvers<void>();
  const { port, calls } = await openDoor(t, {
    handler: (call) => {
      const hanging = hang(call);
      hanging.catch(cancelled.resolve);
      return hanging;
    },
  });
  const wire = await Wire.open(port);
  await wire.send('GET / HTTP/1.1\r\nhost: h\r\n\r\n');
  while (calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  wire.close();
  await cancelled.promise;
});

test('a client that goes away while it sends costs no place in a queue', async (t) => {
  const { port, calls, metrics } = await openDoor(t, { paths });
  const wire = await Wire.open(port);
  await wire.send(
    'POST /pets HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n{"name"',
  );
  while (inFlight(metrics) === 0) await new Promise((resolve) => setImmediate(resolve));
  wire.close();
  await once(wire.socket, 'close');
  while (inFlight(metrics) > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(calls.length, 0);
});

test('calls are counted by bundle, operation and status, refusals by code', async (t) => {
  const { port, metrics } = await openDoor(t, { paths });
  await ask(port, '/pets/1');
  await ask(port, '/pets/2');
  await ask(port, '/pets/x');
  await ask(port, '/none');
  const samples = (name: string) =>
    metrics.snapshot().find((family) => family.name === name)!.samples;
  const calls = samples('funcatron_calls_total').map(({ labels, value }) => [labels, value]);
  const labels = { bundle: 'fixture', operation: 'GET /pets/{petId}' };
  assert.deepEqual(calls, [
    [{ ...labels, status: '200' }, 2],
    [{ ...labels, status: '400' }, 1],
  ]);
  assert.equal(
    samples('funcatron_call_seconds')[0]!.buckets!.reduce((a, b) => a + b),
    3,
  );
  const rejected = samples('funcatron_rejected_total').map((one) => [one.labels.code, one.value]);
  assert.deepEqual(rejected, [
    ['bad_parameter', 1],
    ['not_found', 1],
  ]);
});

test('calls leave a line each only when told', async (t) => {
  const quiet = await openDoor(t);
  await ask(quiet.port, '/');
  assert.deepEqual(quiet.lines, []);
  const loud = await openDoor(t, { options: { accessLog: true } });
  const { headers } = await ask(loud.port, '/');
  const [line] = loud.lines;
  assert.deepEqual(
    [line!.requestId, line!.bundle, line!.method, line!.path, line!.status],
    [headers['x-request-id'], 'fixture', 'GET', '/', 200],
  );
});

function inFlight(metrics: {
  snapshot(): { name: string; samples: { value: number }[] }[];
}): number {
  const family = metrics.snapshot().find(({ name }) => name === 'funcatron_calls_in_flight');
  return family!.samples[0]!.value;
}

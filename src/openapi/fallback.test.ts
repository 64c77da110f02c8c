import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCall } from '../runner/check.ts';
import { empty } from '../message.ts';
import type { Call, CallHead } from '../message.ts';
import { checkDocument } from './check.ts';
import { loadContract } from './load.ts';

const text = (fallback: string): string =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'All', version: '1' },
    servers: [{ url: '/function/echo' }],
    'x-funcatron': { runtime: 'watchdog', fallback, env: { fprocess: 'cat' } },
    paths: {
      '/': { post: { operationId: 'call', requestBody: json, responses: answer } },
      '/health': { get: { operationId: 'health', responses: answer } },
    },
  });
const json = { required: true, content: { 'application/json': { schema: { type: 'object' } } } };
const answer = { '200': { description: 'It', content: { 'application/json': {} } } };

const load = (fallback = 'call') =>
  loadContract({ file: 'c.json', text: text(fallback) }, { id: 'c' });

test('what no other operation takes is the fallback’s', async () => {
  const { match } = await load();
  const find = (method: string, path: string): string => {
    const found = match(method, path);
    return found && 'operation' in found ? found.operation.operationId : 'none';
  };
  assert.equal(find('GET', '/health'), 'health');
  assert.equal(find('HEAD', '/health'), 'health');
  for (const method of ['POST', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    assert.equal(find(method, '/health'), 'call');
    assert.equal(find(method, '/any/%2F/where'), 'call');
  }
  assert.equal(find('POST', '/'), 'call');
});

test('it gets bodies as they are, whatever its contract says of them', async () => {
  const operation = (await load()).operation('POST /')!;
  assert.ok(operation.isFallback);
  const bytes = Buffer.from('no json');
  assert.deepEqual(operation.body({}, bytes), { kind: 'binary', value: bytes });
  assert.deepEqual(operation.body({}, empty), { kind: 'none', value: undefined });
  operation.negotiate({ accept: 'image/png' });
  assert.equal(operation.reply(500, {}, bytes), undefined);
  assert.deepEqual(operation.params({}, 'a=%zz', {}).query, {});
});

test('a runner finds it for a call that no door has checked', async () => {
  const contract = await load();
  const head: CallHead = {
    ...{ v: 1, action: 'call', id: 'i', method: 'PATCH', scheme: 'http', host: 'h', query: '' },
    ...{ path: '/elsewhere/a/b', headers: {}, remote: '', deadline: Date.now() + 1000 },
  };
  const outside: Call = { head: { ...head, path: '/other' }, body: empty };
  const call: Call = { head, body: Buffer.from('x') };
  const { operation, kind } = checkCall(contract, call, '/elsewhere');
  assert.equal(operation.operationId, 'call');
  assert.equal(kind, 'binary');
  assert.deepEqual([head.method, head.path, head.rest], ['PATCH', '/elsewhere/a/b', '/a/b']);
  assert.throws(() => checkCall(contract, outside, '/elsewhere'), { code: 'not_found' });
});

test('a fallback that is not there is told of, when checked and when loaded', async () => {
  await assert.rejects(load('cal'), (error: Error & { errors?: { mend?: string }[] }) => {
    assert.equal(error.errors?.[0]?.mend, 'did you mean call?');
    return true;
  });
  const issues = await checkDocument({ file: 'c.json', text: text('cal') });
  assert.ok(
    issues.some(({ at }) => at === '/x-funcatron/fallback'),
    JSON.stringify(issues),
  );
});

/** What Funcs in node may return, throw, log and ask for. */
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { FuncatronError } from '../errors.ts';
import { Cancellation } from '../message.ts';
import { fixtureAssignment } from './conformance.ts';
import { json } from './conformance-call.ts';
import { collect, openSubject } from './conformance-subject.ts';
import type { Answer, Subject } from './conformance-subject.ts';
import { nodeRuntime } from './node.ts';

const dir = join(import.meta.dirname, 'fixture', 'node-edge');
const names =
  'same result throws transact history unmade chatter flood cwd whole listens greet nested.deep.name nested.deep.self';
const assignment = fixtureAssignment(dir, {
  handler: 'handler.mjs',
  funcs: [...names.split(' '), 'constructor', 'nested.deep', 'get-pets'].map((operationId) => ({
    operationId,
  })),
  props: {
    money: { type: 'ledger', at: 'the bank' },
    clock: { type: 'clock', zone: 'UTC' },
    odd: { type: 'nobody' },
    plain: { a: 1 },
  },
});

describe('Funcs in node', () => {
  let subject: Subject;
  before(async () => {
    subject = await openSubject({ kind: 'node', runtime: nodeRuntime, assignment });
  });
  after(() => subject.close());

  const result = (of: string): Promise<Answer> => subject.call('result', { query: { of } });
  const rejects = (promise: Promise<unknown>, code: string, text: RegExp): Promise<void> =>
    assert.rejects(promise, (error) => {
      assert.ok(error instanceof FuncatronError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, text);
      return true;
    });

  test('are found by name, by path and in the default export; nothing inherited is', async () => {
    assert.equal(json(await subject.call('nested.deep.name')), 'found');
    assert.equal(json(await subject.call('greet')), 'hello');
    assert.deepEqual(subject.assigned.missing.map((entry) => entry.operationId).sort(), [
      'constructor',
      'get-pets',
      'nested.deep',
    ]);
    const [, , pets] = subject.assigned.missing;
    assert.match(pets!.mend, /export { yourFunction as "get-pets" } from handler.mjs; it exports/);
  });

  test('are told what else the request said', async () => {
    assert.deepEqual(json(await subject.call('whole', { query: { a: 'b c' } })), {
      operationId: 'whole',
      scheme: 'http',
      host: 'fixture.test',
      query: 'a=b+c',
      remote: '127.0.0.1',
    });
  });

  test('run in the bundle’s folder', async () => {
    assert.deepEqual(json(await subject.call('cwd')), [dir, true]);
  });

  const plain: Record<string, unknown> = {
    array: [1, { a: null }],
    null: null,
    string: 'a "string"',
    number: 42.5,
    date: '1970-01-01T00:00:00.000Z',
    error: { is: 'data' },
    'status-as-data': { status: 'open', body: 1 },
    'status-and-more': { status: 200, body: 1, extra: 2 },
    'odd-status-as-data': { status: 7 },
    'large-json': ['x'.repeat(17 * 1024 * 1024)],
  };
  for (const [of, value] of Object.entries(plain))
    test(`return JSON: ${of}`, async () => {
      const answer = await result(of);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.headers, { 'content-type': 'application/json' });
      assert.deepEqual(json(answer), value);
    });

  const octets = { 'content-type': 'application/octet-stream' };
  const shaped: Record<string, [number, Record<string, unknown>, string]> = {
    'body-object': [201, { 'content-type': 'application/json' }, '{"made":true}'],
    'body-string': [200, { 'content-type': 'text/css' }, 'a {}'],
    'body-none': [304, {}, ''],
    headers: [200, { 'set-cookie': ['a=1', 'b=2'], 'x-n': '5' }, ''],
    'headers-list': [200, { 'set-cookie': ['a=1', 'b=2'], 'x-n': '5' }, ''],
    response: [202, { 'content-type': 'application/json', 'x-a': 'b' }, '{"a":1}'],
    'response-empty': [204, {}, ''],
    'response-stream': [200, { 'x-a': 'b' }, 'first second'],
    blob: [200, { 'content-type': 'text/x-blob' }, 'ab'],
    'array-buffer': [200, octets, '\x01\x02\x03'],
    'data-view': [200, octets, '\x01\x02'],
    readable: [200, octets, 'ab'],
    'web-stream': [200, octets, 'web'],
    generator: [200, octets, 'one two'],
    'generator-waits': [200, octets, 'late'],
  };
  for (const [of, [status, headers, body]] of Object.entries(shaped))
    test(`return a response: ${of}`, async () => {
      const answer = await result(of);
      assert.equal(answer.status, status);
      assert.deepEqual(answer.headers, headers);
      assert.equal(answer.bytes.toString(), body);
    });

  test('a Response that is whole is one piece, so that it can be checked', async () => {
    for (const [of, whole] of Object.entries({ response: true, blob: false, generator: false })) {
      const reply = await subject.open('result', { query: { of } });
      assert.equal(reply.body instanceof Uint8Array, whole, of);
      await collect(reply.body);
    }
  });

  const bad: Record<string, RegExp> = {
    'bad-status': /status 7; use an integer of 200 to 599/,
    'bad-header': /header that HTTP does not allow: "x-a"/,
    'bad-header-name': /header that HTTP does not allow: "x a"/,
    'huge-header': /headers the Func returned are too long/,
    bigint: /what JSON cannot express/,
    cycle: /what JSON cannot express/,
    symbol: /returned a symbol/,
    'response-used': /whose body was read/,
    'generator-object': /stream gave a object; give strings or bytes/,
  };
  for (const [of, text] of Object.entries(bad))
    test(`return what is no response: ${of}`, () => rejects(result(of), 'func_bad_result', text));

  test('throw anything', async () => {
    const thrown = (of: string): Promise<Answer> => subject.call('throws', { query: { of } });
    await rejects(thrown('string'), 'func_failed', /a string/);
    await rejects(thrown('undefined'), 'func_failed', /undefined/);
    await rejects(thrown('odd-status'), 'func_failed', /not http/);
    await assert.rejects(thrown('cause'), (error: FuncatronError) => {
      assert.match(error.funcStack!, /^Error: outer\n\s+at .*handler\.mjs:\d+/);
      assert.match(error.funcStack!, /\[cause\]: Error: inner\n\s+at .*handler\.mjs:\d+/);
      assert.doesNotMatch(error.funcStack!, /workers\/node|node:internal/);
      assert.ok(!error.funcStack!.includes(dir), 'files are named as in the bundle');
      return true;
    });
    const line = await subject.logged(({ text }) => text.includes('[cause]: Error: inner'));
    assert.equal(line.level, 'error');
  });

  test('throw while they stream: at once is an answer, later breaks it', async () => {
    await assert.rejects(result('generator-throws'), { code: 'func_failed', status: 404 });
    const reply = await subject.open('result', { query: { of: 'generator-throws-late' } });
    assert.equal(reply.head.status, 200);
    await rejects(collect(reply.body), 'func_failed', /after the first chunk/);
  });

  test('middleware sees the data first and the result last, and may answer', async () => {
    const request = { kind: 'json', body: Buffer.from('{"wrap":true}') } as const;
    assert.deepEqual(json(await subject.call('same', request)), {
      wrap: true,
      wrapped: 'outer, inner',
      after: 'inner',
    });
    const answered = await subject.call('same', { headers: { 'x-outer': 'answers' } });
    assert.deepEqual(json(answered), { answered: 'outside' });
  });

  test('services: committed when the Func returned, rolled back when it threw', async () => {
    const history = async (): Promise<unknown> => json(await subject.call('history'));
    const transact = (query: Record<string, number>): Promise<Answer> =>
      subject.call('transact', { query });
    await history();
    assert.deepEqual(json(await transact({})), { at: 'the bank', zone: 'UTC' });
    assert.deepEqual(await history(), ['begin money', 'commit']);
    await rejects(transact({ fails: 1 }), 'func_failed', /changed my mind/);
    assert.deepEqual(await history(), ['begin money', 'rollback']);
    await rejects(transact({ refuses: 1 }), 'func_failed', /the ledger refuses/);
    assert.deepEqual(await history(), ['begin money']);
    assert.equal((await transact({ streams: 1 })).bytes.toString(), 'UTC the bank');
    assert.deepEqual(await history(), ['begin money', 'streaming', 'commit']);
    await rejects(subject.call('unmade'), 'func_failed', /props.odd has type "nobody"/);
    assert.ok(subject.logs.some((line) => line.text === 'opened money at the bank'));
  });

  test('what they say is logged with its level and their request', async () => {
    await subject.call('chatter', { id: 'chatty' });
    const last = await subject.logged((line) => line.text === 'after the answer');
    assert.equal(last.requestId, 'chatty');
    const said = subject.logs.filter((line) => line.requestId === 'chatty');
    const find = (pattern: RegExp): string | undefined =>
      said.find((line) => pattern.test(line.text))?.level;
    assert.equal(find(/^a debug line$/), 'debug');
    assert.equal(find(/^a warning of 3 { deep: \[ 1 \] }$/), 'warn');
    assert.equal(find(/^Error: an error line\n\s+at /), 'error');
    assert.equal(find(/│ \(index\) │ a │/), 'info');
    assert.equal(find(/^two lines$/), 'info');
    assert.equal(find(/^in one write$/), 'info');
    assert.equal(find(/^no line end$/), 'warn');
    assert.equal(find(/^Error: as the message\n\s+at /), 'error');
    assert.equal(find(/^{ not: 'text' }$/), 'debug');
    assert.equal(find(/^x{65536}\.\.\. \(34464 more cut\)$/), 'info');
    const { fields } = said.find((line) => line.text === 'with fields')!;
    assert.equal(fields!['big'], '1');
    assert.equal((fields!['error'] as Error).message, 'a field');
    const cyclic = said.find((line) => line.text === 'with a cycle')!;
    assert.match(String(cyclic.fields!['text']), /Circular/);
  });

  test('what listens to the signal speaks for its call', async () => {
    const cancellation = new Cancellation();
    const gone = rejects(subject.call('listens', { id: 'ear', cancellation }), 'cancelled', /./);
    await subject.logged((line) => line.text === 'listening');
    cancellation.cancel();
    await gone;
    const heard = await subject.logged((line) => line.text === 'heard it');
    assert.equal(heard.requestId, 'ear');
  });

  test('a flood of lines loses lines, not the answer', async () => {
    const before = subject.logs.length;
    assert.equal((await subject.call('flood')).status, 204);
    const dropped = await subject.logged((line) => /^dropped \d+ lines/.test(line.text));
    assert.equal(dropped.level, 'warn');
    assert.ok(subject.logs.length - before < 50_000);
  });
});

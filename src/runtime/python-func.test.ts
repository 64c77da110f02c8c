/** What Funcs in Python may return, raise, log and use; the conformance run has the rest. */
import assert from 'node:assert/strict';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FuncatronError } from '../errors.ts';
import { Cancellation } from '../message.ts';
import { fixtureAssignment } from './conformance.ts';
import { openSubject } from './conformance-subject.ts';
import type { Request, Subject } from './conformance-subject.ts';
import { pythonRuntime } from './python.ts';
import type { Assignment } from './runtime.ts';

const fixture = fileURLToPath(new URL('fixture/python', import.meta.url));

function open(module: string, names: string, over: Partial<Assignment> = {}): Promise<Subject> {
  const funcs = names.split(' ').map((name) => ({ operationId: `${module}.${name}` }));
  const assignment = fixtureAssignment(fixture, { funcs, concurrency: 4, ...over });
  return openSubject({ kind: 'python', runtime: pythonRuntime, assignment });
}

async function failure(promise: Promise<unknown>): Promise<FuncatronError> {
  const error: unknown = await promise.then(
    () => assert.fail('it should have failed'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof FuncatronError, String(error));
  return error;
}

const item = (name: string): Request => ({
  kind: 'json',
  body: Buffer.from(JSON.stringify({ item: name })),
});

describe('what a Func returns', () => {
  let subject: Subject;
  const call = async (name: string, request?: Request): Promise<string> =>
    (await subject.call(`results.${name}`, request)).bytes.toString();
  const names =
    'rich plain_dataclass like_a_response with_status with_headers generated nothing_generated ' +
    'fails_before_it_yields fails_after_it_yields from_a_def coroutine_from_a_def bad_type ' +
    'bad_number bad_key bad_circle bad_header bad_chunk counter method variadic too_many getPet';
  before(async () => {
    subject = await open('results', names);
  });
  after(() => subject.close());

  test('the types of the standard library are JSON', async () => {
    assert.deepEqual(JSON.parse(await call('rich')), {
      pets: [{ name: 'Rex', born: '2020-02-29' }],
      at: '2026-01-02T03:04:05+00:00',
      price: 1.25,
      id: '00000000-0000-0000-0000-000000000001',
      colour: 'red',
      half: '\ud800',
    });
    assert.equal(await call('plain_dataclass'), '{"name":"Rex","born":"2020-02-29"}');
  });

  test('a response is told from a body', async () => {
    assert.equal(await call('like_a_response'), '{"status":"sold","body":"large"}');
    const created = await subject.call('results.with_status');
    assert.deepEqual([created.status, created.bytes.toString()], [201, '{"id":7}']);
    const { headers } = await subject.call('results.with_headers');
    assert.deepEqual(headers, {
      'content-type': 'text/csv',
      'x-count': '2',
      'set-cookie': ['a=1', 'b=2'],
    });
  });

  test('generators stream, wherever they come from', async () => {
    assert.equal(await call('generated'), 'one two');
    assert.equal(await call('nothing_generated'), '');
    assert.equal(await call('from_a_def'), 'ab');
    assert.equal(await call('coroutine_from_a_def'), '"awaited"');
  });

  test('a generator that fails fails its call, begun or not', async () => {
    const early = await failure(subject.open('results.fails_before_it_yields'));
    assert.match(early.message, /KeyError: 'early'/);
    const late = await failure(call('fails_after_it_yields'));
    assert.match(late.message, /KeyError: 'late'/);
  });

  for (const [name, what] of [
    ['bad_type', /returned a object at \/pets\/0\/owner, which JSON cannot hold/],
    ['bad_number', /the number nan at \/1/],
    ['bad_key', /a dict with a key of type tuple at \/inner/],
    ['bad_circle', /Circular reference/],
    ['bad_header', /'x' holds a line break/],
    ['bad_chunk', /yielded a int/],
  ] as const)
    test(`${name.replace('_', ' ')} is named, and where it is`, async () => {
      const error = await failure(call(name));
      assert.equal(error.code, 'func_bad_result');
      assert.match(error.message, what);
    });

  test('whatever can be called is a Func', async () => {
    assert.equal(await call('counter'), '1');
    assert.equal(await call('counter'), '2');
    assert.equal(await call('method'), '"results.method"');
    assert.equal(await call('variadic'), '2');
    assert.equal(await call('getPet', { params: { path: { petId: 9 } } }), '9');
    const [missing] = subject.assigned.missing;
    assert.equal(missing?.operationId, 'results.too_many');
    assert.match(missing.mend, /needs 3 positional arguments; a Func is given \(data, ctx\)/);
  });
});

describe('what a Func does wrong', () => {
  const names =
    'outer leaves leaves_at_once segfaults unavailable asks_for_too_much keeps_too_much ' +
    'writes_past_python prints_in_thread forks hangs never_ends';
  let subject: Subject;
  const call = (name: string, id = name) => subject.call(`faults.${name}`, { id });
  const reopen = (over: Partial<Assignment> = {}) => open('faults', names, over);
  before(async () => {
    subject = await reopen();
  });
  after(() => subject.close());

  test('the stack has the user’s lines, causes too, and none of ours', async () => {
    const error = await failure(call('outer'));
    assert.match(error.message, /RuntimeError: outer broke/);
    const stack = error.funcStack!;
    assert.match(stack, /^Traceback[^]*File "faults.py", line \d+, in outer\n\s+inner\(\)/);
    assert.match(stack, /ValueError: inner broke[^]*direct cause[^]*RuntimeError: outer broke$/);
    assert.doesNotMatch(stack, /funcatron_worker/);
    await subject.logged((line) => line.text === stack && line.requestId === 'outer');
  });

  test('sys.exit ends its call, os._exit the worker', async () => {
    assert.match((await failure(call('leaves'))).message, /the Func called sys.exit\(3\)/);
    assert.equal((await failure(call('unavailable'))).status, 503);
    const other = await reopen();
    try {
      assert.equal((await failure(other.call('faults.leaves_at_once'))).code, 'func_exited');
      assert.equal((await other.exit).code, 7);
    } finally {
      await other.close();
    }
  });

  test('a segmentation fault says in which line', async () => {
    const other = await reopen();
    try {
      const error = await failure(other.call('faults.segfaults'));
      assert.equal(error.code, 'func_exited');
      assert.equal((await other.exit).signal, 'SIGSEGV');
      assert.match((await other.exit).lastWords, /faults.py", line \d+ in segfaults/);
    } finally {
      await other.close();
    }
  });

  test('too much memory at once fails the call, and the worker lives', async () => {
    const error = await failure(call('asks_for_too_much'));
    assert.match(error.message, /out of memory: .* x-funcatron.memory/);
    assert.equal((await call('forks')).status, 200);
  });

  test('a worker that stays full of memory says so and ends', async () => {
    const other = await reopen({ memoryBytesMax: 128 * 1024 * 1024 });
    try {
      const error = await failure(other.call('faults.keeps_too_much'));
      assert.equal(error.code, 'func_memory');
      assert.match((await other.exit).lastWords, /holds on to most of x-funcatron.memory/);
    } finally {
      await other.close();
    }
  });

  test('output from outside the call’s own code is the bundle’s', async () => {
    await call('writes_past_python');
    await subject.logged((line) => line.text === 'from below' && !line.requestId);
    await call('prints_in_thread');
    await subject.logged((line) => line.text === 'of the bundle' && !line.requestId);
    await subject.logged((line) => line.text === 'ZeroDivisionError: division by zero');
  });

  test('a forked child speaks for itself', async () => {
    assert.equal((await call('forks')).bytes.toString(), '"from the parent"');
    await subject.logged((line) => line.text === 'from the child');
  });

  test('calls that ignore their cancel take no thread from others', async () => {
    const other = await reopen({ concurrency: 1 });
    try {
      for (let turn = 0; turn < 3; turn++) {
        const cancellation = new Cancellation();
        const hung = failure(other.open('faults.hangs', { cancellation }));
        assert.equal(await other.worker.ping(20_000), true);
        cancellation.cancel();
        assert.equal((await hung).code, 'cancelled');
      }
      assert.equal((await other.call('faults.forks')).status, 200);
    } finally {
      await other.close();
    }
  });

  test('a thread left behind does not hold up the end', async () => {
    const other = await reopen();
    await other.call('faults.never_ends');
    await other.worker.drain();
    assert.equal((await other.exit).code, 0);
    await other.close();
  });
});

describe('services and middleware', () => {
  let dir: string;
  let subject: Subject;
  const names = 'add bad_result listed add_async add_through_loop plain broken unknown';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fct-'));
    const file = join(dir, 'orders.db');
    const props = {
      db: { type: 'sqlite', file },
      adb: { type: 'async-sqlite', file },
      mdb: { type: 'async-sqlite', file: join(dir, 'other.db') },
      cache: { type: 'plain' },
      bad: { type: 'broken' },
      unserved: { type: 'nobody-has-it' },
      level: 5,
    };
    subject = await open('orders', names, { props });
  });
  after(async () => {
    await subject.close();
    await rm(dir, { recursive: true, force: true });
  });
  const listed = async (): Promise<string> =>
    (await subject.call('orders.listed')).bytes.toString();

  test('what a Func did is committed when it returns, and rolled back when it fails', async () => {
    const added = await subject.call('orders.add', item('apple'));
    assert.equal(added.bytes.toString(), '{"traced":{"added":"apple"}}');
    await failure(subject.call('orders.add', { ...item('refused'), id: 'refuses' }));
    await failure(subject.call('orders.bad_result'));
    await subject.call('orders.add_async', item('pear'));
    await failure(subject.call('orders.add_async', item('refused')));
    await subject.call('orders.add_through_loop', item('elsewhere'));
    assert.equal(await listed(), 'apple\npear\n');
    await subject.logged((line) => line.text === 'rolled back');
  });

  test('a commit that fails fails the call', async () => {
    const error = await failure(subject.call('orders.broken'));
    assert.match(error.message, /OSError: the disk is full/);
  });

  test('a handle without transactions, and a service that is not there', async () => {
    assert.equal((await subject.call('orders.plain')).bytes.toString(), '"handle of cache"');
    const error = await failure(subject.call('orders.unknown'));
    assert.match(error.message, /no service 'nowhere'.*open now: db, adb, mdb, cache, bad/);
  });

  test('middleware may answer itself', async () => {
    const answer = await subject.call('orders.add', { ...item('x'), headers: { 'x-deny': '1' } });
    assert.deepEqual([answer.status, answer.bytes.toString()], [403, 'denied']);
    assert.doesNotMatch(await listed(), /x/);
  });

  test('async middleware goes around Funcs of every kind', async () => {
    const around = await open('around', 'in_thread on_loop generated');
    try {
      for (const name of ['in_thread', 'on_loop']) {
        const { bytes } = await around.call(`around.${name}`, { ...item('a'), id: name });
        const inside = { data: { wrapped: { item: 'a' } }, seen: name };
        assert.deepEqual(JSON.parse(bytes.toString()), { around: inside });
      }
      const { bytes } = await around.call('around.generated', item('a'));
      assert.equal(bytes.toString(), "{'wrapped': {'item': 'a'}}");
    } finally {
      await around.close();
    }
  });

  test('services are closed when the worker drains', async () => {
    await subject.worker.drain();
    await access(join(dir, 'orders.db.closed'));
    await subject.logged((line) => line.text === 'closed');
  });
});

describe('a body as it comes', () => {
  let subject: Subject;
  before(async () => {
    subject = await open('bodies', 'reads reads_async mixed loads copies');
  });
  after(() => subject.close());

  async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  test('is read like a file, in `def` and in `async def`', async () => {
    const bytes = Buffer.alloc(1_500_000, 'abcdefgh');
    for (const body of [bytes, inPieces(bytes, 1000), inPieces(bytes, 200_000)]) {
      const request = { kind: 'binary', stream: true, body } as const;
      const { bytes: got } = await subject.call('bodies.reads', request);
      assert.deepEqual(JSON.parse(got.toString()), {
        first: 'abcde',
        nothing: 0,
        rest: bytes.length - 5,
      });
    }
    const body = inPieces(bytes, 100_000);
    const request = { kind: 'binary', stream: true, body } as const;
    const { bytes: got } = await subject.call('bodies.reads_async', request);
    assert.deepEqual(JSON.parse(got.toString()), {
      first: 'abcde',
      rest: bytes.length - 5,
      end: 0,
    });
  });

  test('is taken by whatever takes a file', async () => {
    const send = async (name: string, text: string): Promise<unknown> => {
      const body = inPieces(Buffer.from(text), 2);
      const request = { kind: 'binary', stream: true, body } as const;
      return JSON.parse((await subject.call(`bodies.${name}`, request)).bytes.toString());
    };
    assert.deepEqual(await send('mixed', 'abcdefg'), ['abc', 'defg']);
    assert.deepEqual(await send('loads', '{"a": [1, 2]}'), { a: [1, 2] });
    assert.equal(await send('copies', 'x'.repeat(999)), 999);
  });
});

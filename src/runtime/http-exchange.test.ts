import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Cancellation, empty } from '../message.ts';
import type { Body, CallHead, Reply } from '../message.ts';
import { allGone, leftovers, uniqueSleep } from '../watchdog/fixture/leftover.ts';
import { collect } from './conformance-subject.ts';
import { fixtureAssignment } from './conformance.ts';
import { httpRuntime } from './http.ts';
import type { FuncLog, Worker, WorkerExit } from './runtime.ts';

const dir = fileURLToPath(new URL('fixture/http', import.meta.url));
const limits = { timeout: 30_000 };

interface Open {
  worker: Worker;
  exit: Promise<WorkerExit>;
  logged(text: string): Promise<void>;
  call(op: string, head?: Partial<CallHead>, body?: Body, end?: Cancellation): Promise<Reply>;
}

async function open(command: string[], assignTimeoutMs = 20_000): Promise<Open> {
  const logs: FuncLog[] = [];
  let heard = (): void => undefined;
  const { promise: exit, resolve: onExit } = Promise.withResolvers<WorkerExit>();
  const onLog = (line: FuncLog): void => {
    logs.push(line);
    heard();
  };
  const options = { socketDir: dir, assignTimeoutMs };
  const worker = await httpRuntime.start(options, { onLog, onExit });
  await worker.assign(fixtureAssignment(dir, { command }));
  return {
    worker,
    exit,
    async logged(text) {
      while (!logs.some((line) => line.text === text))
        await new Promise<void>((resolve) => (heard = resolve));
    },
    call(operationId, head = {}, body = empty, cancellation) {
      const whole: CallHead = {
        v: 1,
        action: 'call',
        id: `${operationId}-id`,
        method: 'POST',
        scheme: 'https',
        host: 'fixture.test',
        path: `/base/${operationId}`,
        query: '',
        headers: {},
        remote: '192.0.2.1',
        deadline: Date.now() + 30_000,
        ...head,
      };
      const call = { operationId, head: whole, body, kind: 'binary' as const };
      return worker.call(cancellation ? { ...call, cancellation } : call);
    },
  };
}

const text = async (reply: Promise<Reply>): Promise<string> =>
  (await collect((await reply).body)).toString();

let shared: Open;
before(async () => {
  shared = await open(['node', 'odd.js']);
});
after(async () => {
  await shared.worker.drain();
  assert.equal((await shared.exit).signal, 'SIGTERM');
});

test('headers travel, but not those of the connection nor forged ones', limits, async () => {
  const headers = {
    host: 'fixture.test:8080',
    connection: 'keep-alive, x-private',
    'x-private': 'p',
    'transfer-encoding': 'chunked',
    expect: '100-continue',
    'x-request-id': 'forged',
    'x-funcatron-auth': 'forged',
    'x-forwarded-for': '198.51.100.7',
    accept: ['a', 'b'],
  };
  const auth = { scheme: 'key', subject: 'Jürgen' };
  const got = JSON.parse(await text(shared.call('headers', { headers, auth, method: 'GET' })));
  assert.equal(got.host, 'fixture.test:8080');
  assert.equal(got['x-request-id'], 'headers-id');
  assert.equal(got['x-funcatron-operation'], 'headers');
  assert.deepEqual(JSON.parse(got['x-funcatron-auth']), auth);
  assert.equal(got['x-forwarded-for'], '198.51.100.7, 192.0.2.1');
  assert.equal(got['x-forwarded-proto'], 'https');
  assert.equal(got.accept, 'a, b');
  for (const name of ['x-private', 'expect', 'transfer-encoding'])
    assert.equal(got[name], undefined, name);
  const { head } = await shared.call('hop', { method: 'GET' });
  assert.equal(head.headers['x-private'], undefined);
  assert.deepEqual(head.headers['set-cookie'], ['a=1', 'b=2']);
});

test('what may be sent twice is, when its connection was closed under it', limits, async () => {
  assert.equal(await text(shared.call('once', { method: 'GET' })), 'request 2');
  const wanted = { code: 'func_failed', message: /closed the connection without an answer/ };
  await assert.rejects(shared.call('once', { method: 'POST' }), wanted);
  assert.equal(await text(shared.call('once', { method: 'POST' })), 'request 4');
});

test('an answer that is no HTTP, and one that breaks off', limits, async () => {
  await assert.rejects(shared.call('rubbish'), { code: 'func_bad_result', message: /no HTTP/ });
  await assert.rejects(text(shared.call('half')), { code: 'func_failed' });
});

test('an answer may come before the request is over', limits, async () => {
  const body = (async function* () {
    for (;;) yield Buffer.alloc(10_000);
  })();
  const reply = await shared.call('early', {}, body);
  assert.equal(reply.head.status, 413);
});

test('a request that breaks off is the caller’s fault', limits, async () => {
  const body = (async function* () {
    yield Buffer.from('begun');
    throw new Error('the client went away');
  })();
  const wanted = { code: 'cancelled', message: /the client went away/ };
  await assert.rejects(shared.call('hang', {}, body), wanted);
});

test('a request that cannot be forwarded is refused', limits, () =>
  assert.rejects(shared.call('headers', { path: '/a b' }), { code: 'bad_request' }),
);

test('a stream comes as it is written; its reader leaving is told', limits, async () => {
  const { body } = await shared.call('endless', { method: 'GET' });
  assert.ok(!(body instanceof Uint8Array));
  for await (const chunk of body) {
    assert.match(Buffer.from(chunk).toString(), /data: tick/);
    break;
  }
  await shared.logged('reader left');
});

test('a cancelled call is told to the program', limits, async () => {
  const { worker, call, logged } = await open(['node', 'odd.js']);
  const cancellation = new Cancellation();
  const hang = assert.rejects(call('hang', {}, empty, cancellation), { code: 'cancelled' });
  await text(call('headers', { method: 'GET' }));
  cancellation.cancel();
  await hang;
  await logged('caller left');
  worker.kill();
});

test('a blocked program answers no ping; its end is every caller’s answer', limits, async () => {
  const { worker, call, logged, exit } = await open(['node', 'odd.js']);
  assert.equal(await worker.ping(20_000), true);
  const block = assert.rejects(call('block'), { code: 'func_exited', message: /SIGKILL/ });
  await logged('blocking');
  assert.equal(await worker.ping(50), false);
  worker.kill();
  await Promise.all([block, exit]);
  assert.equal(worker.pid, undefined);
});

test('a program that exits fails its calls, and says so once', limits, async () => {
  const { worker, call, exit } = await open(['node', 'odd.js']);
  await assert.rejects(call('exit'), { code: 'func_exited', message: /exit status 7/ });
  assert.deepEqual(await exit, { code: 7, signal: null, lastWords: '' });
  await worker.drain();
});

test('a program that cannot start is told of, with its last words', limits, async () => {
  await assert.rejects(open(['node', 'unready.js', 'exit']), {
    code: 'worker_start_failed',
    message: /exit status 4 before it accepted connections.*PORT; it last wrote: no database/,
  });
  await assert.rejects(open(['node', 'unready.js', 'deaf'], 200), {
    code: 'worker_start_failed',
    message: /accepted no connection on port \d+ within 200 ms/,
  });
  await assert.rejects(open(['no-such-program']), {
    code: 'worker_start_failed',
    message: /"no-such-program" is neither/,
  });
});

test('a worker that is killed while its program starts leaves nothing', limits, async () => {
  const token = uniqueSleep();
  const events = { onLog: () => undefined, onExit: () => undefined };
  const worker = await httpRuntime.start({ socketDir: dir }, events);
  const command = ['sh', '-c', `exec sleep ${token}`];
  const assigning = worker.assign(fixtureAssignment(dir, { command }));
  const refused = assert.rejects(assigning, { code: 'worker_start_failed' });
  while ((await leftovers(token)).length === 0);
  worker.kill();
  await Promise.all([refused, allGone(token)]);
});

test('a program whose port was taken gets another', limits, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fct-'));
  try {
    const { worker, call } = await open(['node', 'unready.js', 'taken', join(folder, 'once')]);
    assert.equal(await text(call('any')), 'taken on 127.0.0.1');
    worker.kill();
  } finally {
    await rm(folder, { recursive: true });
  }
});

const ipv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === '::1');

test('a program may listen on the IPv6 loopback', { ...limits, skip: !ipv6 }, async () => {
  const { worker, call } = await open(['node', 'unready.js', 'ipv6']);
  assert.equal(await text(call('any')), 'ipv6 on ::1');
  assert.equal(await worker.ping(20_000), true);
  worker.kill();
});

test('what a killed program started is killed with it', limits, async () => {
  const token = uniqueSleep();
  const script = `setsid sleep ${token} & exec node odd.js`;
  const { worker, exit } = await open(['sh', '-c', script]);
  worker.kill();
  await exit;
  await allGone(token);
});

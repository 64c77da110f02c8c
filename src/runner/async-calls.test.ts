import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCallId, readNotice, tronCall } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import { createLog } from '../log.ts';
import { tronQueues } from '../message.ts';
import type { AsyncHead, Body, Call, Reply, Route } from '../message.ts';
import { AsyncCalls } from './async-calls.ts';

const log = createLog({ level: 'silent' });
const sha = 'a'.repeat(64);
const place = { host: null, basePath: '/', queue: 'q' };
const route: Route = { ...place, name: 'shop', sha, revision: 1, props: {} };
const about = { queue: 'q', bundle: 'shop', method: 'POST', path: '/pets' };

function open(options: { resultBytesMax?: number; bytesMax?: number } = {}) {
  const { resultBytesMax = 100, bytesMax = Infinity } = options;
  const published: { queue: string; call: Call }[] = [];
  const broker = {
    publish: async (queue: string, call: Call) => {
      if ((call.body as Uint8Array).length > bytesMax)
        throw new FuncatronError('body_too_large', 'for this broker');
      published.push({ queue, call });
    },
  };
  const notices = () => {
    const told = published.filter(({ queue }) => queue === tronQueues.calls);
    return told.map(({ call }) => readNotice(call));
  };
  return { calls: new AsyncCalls({ broker, log, resultBytesMax }), published, notices };
}

function callOf(async: Partial<AsyncHead> = {}): Call {
  const call = tronCall('/pets', Buffer.from('{}'), { ...async });
  return { ...call, head: { ...call.head, operation: 'POST /pets' } };
}

function reply(body: Body, status = 200): Reply {
  const headers = { 'content-type': 'text/plain' };
  return { head: { v: 1, action: 'answer', id: '', status, headers }, body };
}

test('a result is told whole, and posted where it was asked for', async () => {
  const { calls, published, notices } = open();
  const call = callOf({ tries: 2, callback: 'https://a.test/' });
  await calls.handle(call, route, async () => reply(Buffer.from('fine'), 404));
  const [{ kind, notice, result }] = notices() as [ReturnType<typeof readNotice>];
  const { id, async } = call.head;
  assert.equal(kind, 'done');
  assert.deepEqual(notice, {
    ...{ ...about, id, acceptedAt: async!.acceptedAt, at: notice.at, tries: 2 },
    ...{ operation: 'POST /pets', callback: 'https://a.test/' },
    reply: { status: 404, headers: { 'content-type': 'text/plain' }, truncated: false },
  });
  assert.equal(Buffer.from(result).toString(), 'fine');
  const posted = published.find(({ queue }) => queue === tronQueues.callbacks)!.call;
  assert.equal(posted.head.async!.callback, 'https://a.test/');
  assert.equal(posted.head.headers['x-function-status'], '404');
  assert.equal(String(posted.body), 'fine');
});

test('a call that lasts is told of as running, one that does not is not', async () => {
  const { calls, notices } = open();
  await calls.handle(callOf(), route, async () => reply(Buffer.from('soon')));
  const seen = Promise.withResolvers<Reply>();
  const long = calls.handle(callOf({ tries: 1 }), route, () => seen.promise);
  while (notices().length < 2) await new Promise(setImmediate);
  seen.resolve(reply(Buffer.from('late')));
  await long;
  assert.deepEqual(
    notices().map(({ kind, notice }) => [kind, notice.tries]),
    [
      ['done', 0],
      ['running', 1],
      ['done', 1],
    ],
  );
});

test('a body over the limit is read out and left out, whole or in chunks', async () => {
  const { calls, notices } = open({ resultBytesMax: 10 });
  let read = 0;
  const chunks = async function* () {
    for (; read < 5; read++) yield Buffer.from('1234');
  };
  for (const body of [Buffer.from('12345678901'), chunks(), Buffer.from('1234567890')])
    await calls.handle(callOf(), route, async () => reply(body));
  assert.equal(read, 5);
  assert.deepEqual(
    notices().map(({ notice, result }) => [notice.reply!.truncated, result.length]),
    [
      [true, 0],
      [true, 0],
      [false, 10],
    ],
  );
});

test('a broker that takes less than the limit gets the notice without the body', async () => {
  const { calls, notices, published } = open({ resultBytesMax: 5000, bytesMax: 2000 });
  const call = callOf({ callback: 'https://a.test/' });
  await calls.handle(call, route, async () => reply(Buffer.alloc(3000)));
  assert.deepEqual(notices()[0]!.notice.reply!.truncated, true);
  const posted = published.find(({ queue }) => queue === tronQueues.callbacks)!.call;
  assert.equal(posted.head.headers['x-funcatron-truncated'], 'true');
});

test('a failure and a reply of 500 are failed tries, told and passed on', async () => {
  const { calls, notices } = open();
  const runs: (() => Promise<Reply>)[] = [
    async () => {
      throw new FuncatronError('func_failed', 'no', { funcStack: 'at x' });
    },
    async () => reply(Buffer.from('oh'), 503),
    async () => {
      const error = new FuncatronError('func_timeout', 'late').toProblem();
      return { ...reply(Buffer.alloc(0)), head: { ...reply('' as never).head, error } };
    },
  ];
  const codes = ['func_failed', 'func_failed', 'func_timeout'];
  for (const [index, run] of runs.entries())
    await assert.rejects(calls.handle(callOf({ tries: index }), route, run), {
      code: codes[index],
    });
  const told = notices().map(({ kind, notice: { tries, error } }) => [kind, tries, error!.status]);
  assert.deepEqual(told, [
    ['failed-try', 1, 500],
    ['failed-try', 2, 503],
    ['failed-try', 3, 504],
  ]);
  assert.equal(notices()[0]!.notice.error!.stack, undefined);
});

test('a call is cancelled in hand, or not begun, and may be redriven', async () => {
  const { calls, notices } = open();
  const call = callOf();
  const running = calls.handle(call, route, ({ cancellation }) => {
    return new Promise((_resolve, reject) => {
      cancellation!.onCancel(() => reject(new FuncatronError('cancelled', 'nobody waits')));
    });
  });
  calls.cancel([call.head.id]);
  await running;
  const never = callOf();
  calls.cancel([never.head.id]);
  await calls.handle(never, route, () => assert.fail('it was begun'));
  assert.deepEqual(
    notices().map(({ kind }) => kind),
    ['cancelled', 'cancelled'],
  );
  const later = { ...never.head.async!, acceptedAt: Date.now() + 1 };
  const redriven = { ...never, head: { ...never.head, async: later } };
  await calls.handle(redriven, route, async () => reply(Buffer.from('')));
  assert.equal(notices()[2]!.kind, 'done');
});

test('a cancelled id is remembered while there are not too many', async () => {
  const { calls, notices } = open();
  const [first, last] = [callOf(), callOf()];
  calls.cancel([first.head.id]);
  calls.cancel(Array.from({ length: 10_000 }, () => newCallId()));
  calls.cancel([last.head.id]);
  for (const call of [first, last])
    await calls.handle(call, route, async () => reply(Buffer.from('')));
  assert.deepEqual(
    notices().map(({ kind }) => kind),
    ['done', 'cancelled'],
  );
});

test('a result that cannot be told is no result: the call is to run again', async () => {
  const failing = {
    publish: async () => {
      throw new FuncatronError('broker_unavailable', 'gone');
    },
  };
  const calls = new AsyncCalls({ broker: failing, log, resultBytesMax: 10 });
  const done = calls.handle(callOf(), route, async () => reply(Buffer.from('')));
  await assert.rejects(done, { code: 'broker_unavailable' });
  const failed = calls.handle(callOf(), route, async () => {
    throw new FuncatronError('func_failed', 'its own');
  });
  await assert.rejects(failed, { code: 'func_failed' });
});

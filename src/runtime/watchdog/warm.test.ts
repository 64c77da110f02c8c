import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cancellation } from '../../message.ts';
import { collect } from '../conformance-subject.ts';
import { openWatchdog } from './fixture/open.ts';
import type { Watchdog } from './fixture/open.ts';

const limits = { timeout: 60_000 };

async function warm(env: Record<string, string>, use: (own: Watchdog) => Promise<void>) {
  const watchdog = await openWatchdog({ fprocess: './warm.pl', mode: 'warm', ...env });
  try {
    await use(watchdog);
  } finally {
    await watchdog.close();
  }
}

const to = (path: string) => ({ rest: path });

test('one process answers call after call', limits, () =>
  warm({}, async ({ call, logged }) => {
    const first = await call('', to('/pid'));
    assert.match(String(first.headers['x-duration-seconds']), /^\d+\.\d{6}$/);
    assert.equal((await call('', to('/pid'))).text, first.text);
    assert.equal((await call('', to('/served'))).text, '3');
    const bytes = Buffer.from([0, 10, 255, 13]);
    assert.deepEqual((await call(bytes)).bytes, bytes);
    assert.equal((await call('')).bytes.length, 0);
    await logged(/^POST \/served - 200 - ContentLength: 1B \(\d+\.\d{4}s\)$/);
  }),
);

test('it is told of the call, and may set status and headers', limits, () =>
  warm({}, async ({ call }) => {
    const headers = { 'x-github-event': 'push', cookie: ['a=1', 'b=2'] };
    const facts = JSON.parse((await call('', { ...to('/head?q=1'), headers })).text);
    assert.deepEqual(facts.headers, { 'X-Github-Event': ['push'], Cookie: ['a=1', 'b=2'] });
    assert.deepEqual([facts.id, facts.remote], ['the-id', '127.0.0.1']);
    const answer = await call('', to('/status'));
    assert.deepEqual([answer.status, answer.text], [404, 'never']);
    assert.equal(answer.headers['content-type'], 'text/x');
    assert.deepEqual(answer.headers['x-a'], ['1', '2']);
  }),
);

test('calls at a time have processes of their own, up to the limit', limits, () =>
  warm({ warm_processes: '2' }, async ({ call }) => {
    const pids = await Promise.all(Array.from({ length: 20 }, () => call('', to('/pid'))));
    assert.ok(new Set(pids.map(({ text }) => text)).size <= 2);
  }),
);

test('a large answer comes as it is written', limits, () =>
  warm({}, async ({ open, call }) => {
    const { head, body } = await open(undefined, to('/large'));
    assert.ok(!(body instanceof Uint8Array));
    assert.equal(head.headers['content-length'], '3000000');
    assert.equal((await collect(body)).length, 3_000_000);
    assert.equal((await call('', to('/served'))).text, '2');
  }),
);

test('whoever breaks the frame is replaced, and its call told', limits, () =>
  warm({ warm_processes: '1' }, async ({ call }) => {
    const broken = { code: 'func_bad_result' };
    await assert.rejects(call('', to('/banner')), { ...broken, message: /"Welcome!"/ });
    assert.equal((await call('', to('/served'))).text, '1');
    await assert.rejects(call('', to('/inject')), { ...broken, message: /the header "X-A"/ });
    assert.equal((await call('', to('/served'))).text, '1');
  }),
);

test('an answer too many concerns no call', limits, () =>
  warm({ warm_processes: '1' }, async ({ call, logged }) => {
    assert.equal((await call('', to('/twice'))).text, 'a');
    await logged(/broke the frame of its answers: it wrote .* no call had asked for/);
    assert.equal((await call('', to('/served'))).text, '1');
  }),
);

test('whoever ends is replaced, and its call told how', limits, () =>
  warm({ warm_processes: '1' }, async ({ call, logged }) => {
    const wanted = { code: 'func_exited', message: /exit status 7.*it last wrote: last words/ };
    await assert.rejects(call('', to('/exit')), wanted);
    assert.equal((await logged(/^last words$/)).requestId, 'the-id');
    await assert.rejects(call('', to('/half')), { code: 'func_exited', message: /exit status 0/ });
    assert.equal((await call('', to('/served'))).text, '1');
  }),
);

test('whoever is late is replaced', limits, () =>
  warm({ warm_processes: '1', exec_timeout: '200ms' }, async ({ call }) => {
    await assert.rejects(call('', to('/sleep')), { code: 'func_timeout', message: /0\.2s/ });
  }),
);

test('a call that is given up takes its process with it; one that waits does not', limits, () =>
  warm({ warm_processes: '1' }, async ({ open, call, worker }) => {
    const pid = (await call('', to('/pid'))).text;
    const [first, second] = [new Cancellation(), new Cancellation()];
    const given = { code: 'cancelled' };
    const slow = assert.rejects(open(undefined, to('/sleep'), first), given);
    const waits = assert.rejects(open(undefined, to('/pid'), second), given);
    await new Promise((resolve) => setImmediate(resolve));
    second.cancel();
    await waits;
    const next = call('', to('/pid'));
    first.cancel();
    await slow;
    assert.notEqual((await next).text, pid);
    assert.equal(worker.open, 0);
  }),
);

test('those that nobody calls are ended, but one', limits, () =>
  warm({ warm_processes: '4', warm_idle: '100ms' }, async ({ call, logs }) => {
    await Promise.all(Array.from({ length: 4 }, () => call('', to('/pid'))));
    const byes = (): number => logs.filter(({ text }) => text === 'bye').length;
    while (byes() < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.match((await call('', to('/served'))).text, /^[1-9]$/);
    assert.equal(byes(), 3);
  }),
);

test('draining lets calls end, then the programs by themselves', limits, async () => {
  const watchdog = await openWatchdog({ fprocess: './warm.pl', mode: 'warm' });
  const answer = watchdog.call('last');
  await watchdog.worker.drain();
  assert.equal((await answer).text, 'last');
  await watchdog.logged(/^bye$/);
  assert.equal((await watchdog.exit).code, 0);
  await assert.rejects(watchdog.call('x'), { code: 'func_exited' });
});

test('a body that has to be held has a bound', limits, () =>
  warm({ body_max: '1000' }, async ({ call }) => {
    await assert.rejects(call('x'.repeat(1001)), { code: 'body_too_large', message: /body_max/ });
  }),
);

test('a program that is not there is 500 and named', limits, () =>
  warm({ fprocess: 'no-such-program' }, async ({ call }) => {
    const { status, text } = await call('x');
    assert.equal(status, 500);
    assert.equal(text, 'exec: "no-such-program": executable file not found in $PATH\n');
  }),
);

test('variables are the platform’s and the bundle’s, none of ours', limits, () =>
  warm({ OWN: 'x' }, async ({ call }) => {
    const names = (await call('', to('/env'))).text.split('\n');
    assert.ok(names.includes('OWN'));
    const leaked = names.filter((name) => /^(FUNCATRON_|NODE_)/.test(name));
    assert.deepEqual(leaked, ['FUNCATRON_PROGRAM']);
  }),
);

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findPort } from '../../watchdog/port.ts';
import { collect } from '../conformance-subject.ts';
import { openWatchdog } from './fixture/open.ts';
import type { Watchdog } from './fixture/open.ts';

const limits = { timeout: 60_000 };

async function http(env: Record<string, string>, use: (own: Watchdog) => Promise<void>) {
  const watchdog = await openWatchdog({ fprocess: 'node server.mjs', mode: 'http', ...env });
  try {
    await use(watchdog);
  } finally {
    await watchdog.close();
  }
}

const to = (rest: string, more = {}) => ({ method: 'GET', rest, ...more });

test('a request is the program’s as it came, but for the path before it', limits, () =>
  http({}, async ({ call, logged }) => {
    const headers = { host: 'shop.test:8080', 'x-forwarded-proto': 'https', connection: 'close' };
    const { status, text, headers: got } = await call('', to('/a%20b', { query: 'c=d', headers }));
    assert.equal(status, 200);
    assert.match(String(got['x-duration-seconds']), /^\d+\.\d{6}$/);
    const seen = JSON.parse(text);
    assert.deepEqual([seen.method, seen.url], ['GET', '/a%20b?c=d']);
    assert.equal(seen.headers.host, 'shop.test:8080');
    assert.equal(seen.headers['x-forwarded-proto'], 'https');
    assert.equal(seen.headers['x-request-id'], 'the-id');
    assert.ok(seen.port);
    await logged(/^GET \/a%20b\?c=d - 200 - ContentLength: \d+B/);
    assert.deepEqual((await logged(/^listening$/)).fields, { stream: 'stdout' });
    assert.deepEqual((await logged(/^with a warning$/)).fields, { stream: 'stderr' });
  }),
);

test('its status and headers are the answer’s', limits, () =>
  http({}, async ({ call }) => {
    const { status, text, headers } = await call('', to('/teapot'));
    assert.deepEqual([status, text, headers['x-own']], [418, 'short', 'yes']);
  }),
);

test('it listens where upstream_url says, with its path before', limits, async () => {
  const port = await findPort();
  const http_upstream_url = `http://127.0.0.1:${port}/base/`;
  await http({ fprocess: `node server.mjs ${port}`, http_upstream_url }, async ({ call }) => {
    const seen = JSON.parse((await call('', to('/x'))).text);
    assert.deepEqual([seen.url, seen.port], ['/base/x', null]);
  });
});

test('a port that is somebody else’s is not mistaken for the program’s', limits, async () => {
  const server = createServer((_, response) => response.end('not it'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const upstream_url = `http://127.0.0.1:${port}`;
    const wanted = { code: 'worker_start_failed', message: new RegExp(`upstream_url, ${port}`) };
    const env = { fprocess: `node server.mjs ${port}`, mode: 'http', upstream_url };
    await assert.rejects(openWatchdog(env), wanted);
  } finally {
    server.close();
  }
});

const within = (time: string) => ({ headers: { 'x-timeout': time } });

test('one that is late is 504, one that hangs up is 500', limits, () =>
  http({ exec_timeout: '20s' }, async ({ call, open }) => {
    const late = await call('', to('/slow', within('300ms')));
    assert.deepEqual([late.status, late.text], [504, '']);
    const { status, text, headers } = await call('', to('/hangup'));
    assert.deepEqual([status, text], [500, '']);
    assert.equal(headers['x-openfaas-internal'], 'of-watchdog');
    // Time enough to begin in, whatever else the machine does.
    const { body } = await open(undefined, to('/drip', within('2s')));
    await assert.rejects(collect(body), { code: 'cancelled' });
  }),
);

test('exec_timeout is the most a call may take', limits, () =>
  http({ exec_timeout: '300ms' }, async ({ call }) => {
    assert.equal((await call('', to('/slow'))).status, 504);
    assert.equal((await call('', to('/slow', within('1h')))).status, 504);
  }),
);

test('X-Timeout shortens the time, and no more', limits, () =>
  http({ exec_timeout: '20s' }, async ({ call }) => {
    assert.equal((await call('', to('/slow', within('100ms')))).status, 504);
    assert.equal((await call('', to('/', within('1h')))).status, 200);
    await assert.rejects(call('', to('/', within('soon'))), { code: 'bad_request' });
  }),
);

test('events and lines are not cut off by the time of a call', limits, () =>
  http({ exec_timeout: '1s' }, async ({ call }) => {
    assert.equal((await call('', to('/events'))).text, 'data: 0\n\ndata: 1\n\ndata: 2\n\n');
    assert.equal((await call('', to('/lines'))).text, '{"n":0}\n{"n":1}\n{"n":2}\n');
  }),
);

test('a WebSocket is carried, other modes refuse one', limits, async () => {
  const headers = {
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-version': '13',
  };
  const head = to('/socket', { headers, upgrade: 'websocket' });
  const said = async function* () {
    yield Buffer.from('raw bytes');
  };
  await http({ exec_timeout: '30s' }, async ({ open }) => {
    const { head: answer, body } = await open(said(), head);
    assert.equal(answer.status, 101);
    assert.equal((await collect(body)).toString(), 'raw bytes');
  });
  const fork = await openWatchdog({ fprocess: 'cat' });
  await assert.rejects(fork.open(said(), head), { code: 'upgrade_unsupported' });
  await fork.close();
});

test('a program that ends ends its watchdog', limits, async () => {
  const watchdog = await openWatchdog({ fprocess: 'node server.mjs', mode: 'http' });
  await assert.rejects(watchdog.call('', to('/exit')), { code: 'func_exited' });
  assert.equal((await watchdog.exit).code, 3);
});

test('it is asked to end when its calls have', limits, async () => {
  const watchdog = await openWatchdog({ fprocess: 'node server.mjs', mode: 'http' });
  await watchdog.call('', to('/'));
  await watchdog.worker.drain();
  await watchdog.logged(/^asked to end$/);
  assert.equal((await watchdog.exit).code, 0);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startWatchdog } from './watchdog.ts';
import type { StandAlone } from './watchdog.ts';

const limits = { timeout: 60_000 };
const root = fileURLToPath(new URL('../../..', import.meta.url));
const fixtures = join(root, 'src/runtime/watchdog/fixture');
const free = { port: '0', metrics_port: '0', healthcheck_interval: '0' };

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchdog-'));
});
after(() => rm(dir, { recursive: true }));

interface Own extends StandAlone {
  lines: string[];
  ask(path: string, options?: Asked): Promise<Got>;
  logged(pattern: RegExp): Promise<void>;
}
interface Asked {
  method?: string;
  body?: string | Uint8Array;
  headers?: Record<string, string | string[]>;
}
interface Got {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

async function alone(env: Record<string, string>, use: (own: Own) => Promise<void>): Promise<void> {
  const lines: string[] = [];
  let heard = (): void => undefined;
  const line = (stream: string) => (one: string) => {
    lines.push(stream + one);
    heard();
  };
  const own = await startWatchdog(
    { PATH: process.env['PATH'], TMPDIR: dir, ...free, ...env },
    fixtures,
    { out: line('out '), err: line('err ') },
  );
  const logged = async (pattern: RegExp): Promise<void> => {
    while (!lines.some((one) => pattern.test(one)))
      await new Promise<void>((resolve) => (heard = resolve));
  };
  const ask: Own['ask'] = (path, options) => get(own.port, path, options);
  const given = Object.assign(own, { lines, ask, logged });
  try {
    await use(given);
  } finally {
    await own.terminate('a test', true);
  }
}

async function get(port: number, path: string, asked: Asked = {}): Promise<Got> {
  const { method = 'GET', body, headers = {} } = asked;
  const sent = request({ port, path, method, headers, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const bytes = await buffer(response);
  return { status: response.statusCode!, headers: response.headers, text: bytes.toString() };
}

test('a request is a process: in, out, variables, lines', limits, () =>
  alone({ fprocess: 'cat' }, async ({ ask, logged }) => {
    const headers = { 'content-type': 'text/x-own' };
    const {
      status,
      text: said,
      headers: got,
    } = await ask('/a', { method: 'POST', body: 'hi', headers });
    assert.deepEqual([status, said, got['content-type']], [200, 'hi', 'text/x-own']);
    assert.match(String(got['x-duration-seconds']), /^\d+\.\d{6}$/);
    await logged(/^err \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d Forking fprocess\.$/);
    await logged(/ Wrote 2 Bytes - Duration: \d+\.\d{6}s$/);
  }),
);

test('the container’s own variables reach the program', limits, () =>
  alone({ fprocess: 'env', OF_THE_CONTAINER: 'yes', http_proxy: 'x' }, async ({ ask }) => {
    const headers = { 'x-foo-bar': ['1', '2'], 'x-call-id': 'the-id', host: 'shop:8080' };
    const lines = (await ask('/a%20b?c=%20', { headers })).text.split('\n');
    for (const line of [
      'OF_THE_CONTAINER=yes',
      'http_proxy=x',
      'fprocess=env',
      'Http_Path=/a b',
      'Http_Query=c=%20',
      'Http_Host=shop:8080',
      'Http_X_Foo_Bar=1',
      'Http_X_Call_Id=the-id',
      'Http_Method=GET',
    ])
      assert.ok(lines.includes(line), `${line} in ${lines.join()}`);
  }),
);

test('methods are those of the classic watchdog', limits, () =>
  alone({ fprocess: 'cat' }, async ({ ask }) => {
    for (const method of ['HEAD', 'OPTIONS'])
      assert.equal((await ask('/', { method })).status, 405, method);
    assert.equal((await ask('/', { method: 'PATCH', body: 'x' })).text, 'x');
  }),
);

test('it is healthy while its lock file is there', limits, async () => {
  const lock = join(dir, '.lock');
  await alone({ fprocess: 'cat' }, async ({ ask }) => {
    const { status, text: said } = await ask('/_/health');
    assert.deepEqual([status, said], [200, 'OK']);
    assert.equal((await ask('/_/health', { method: 'POST' })).status, 405);
    assert.equal((await ask('/_/ready')).status, 200);
    await rm(lock);
    assert.equal((await ask('/_/health')).status, 503);
    assert.equal((await ask('/_/ready')).status, 503);
    assert.equal((await ask('/')).status, 200);
  });
  await alone({ fprocess: 'cat', suppress_lock: 'true' }, async ({ ask }) => {
    assert.ok(!existsSync(lock));
    assert.equal((await ask('/_/health')).status, 200);
  });
});

test('it counts by OpenFaaS’s names, on a port of their own', limits, () =>
  alone({ fprocess: 'cat' }, async ({ ask, metricsPort }) => {
    await ask('/', { method: 'POST', body: 'x' });
    await ask('/', { method: 'HEAD' });
    const { text: said } = await get(metricsPort, '/metrics');
    assert.match(said, /^http_requests_total\{code="200",method="post"\} 1$/m);
    assert.match(said, /^http_requests_total\{code="405",method="head"\} 1$/m);
    assert.match(said, /^http_request_duration_seconds_bucket\{le="0.005",code="200"/m);
    assert.match(said, /^http_requests_in_flight 0$/m);
  }),
);

test('large bodies pass both ways, and none is kept', limits, () =>
  alone({ fprocess: 'cat' }, async ({ port }) => {
    const size = 64 * 2 ** 20;
    const sent = request({
      port,
      method: 'POST',
      headers: { 'content-length': size },
      agent: false,
    });
    const chunk = Buffer.alloc(2 ** 20, 'x');
    const writing = (async () => {
      for (let at = 0; at < size; at += chunk.length)
        if (!sent.write(chunk)) await once(sent, 'drain');
      sent.end();
    })();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let bytes = 0;
    for await (const one of response) bytes += (one as Buffer).length;
    await writing;
    assert.equal(bytes, size);
  }),
);

test('a program that wants none of its body answers all the same', limits, () =>
  alone({ fprocess: 'true' }, async ({ ask }) => {
    const { status } = await ask('/', { method: 'POST', body: Buffer.alloc(3 * 2 ** 20) });
    assert.equal(status, 200);
  }),
);

test('a client that goes away ends its program', limits, () =>
  alone({ fprocess: 'sleep 1000', mode: 'streaming' }, async ({ port, logged, metricsPort }) => {
    const sent = request({ port, agent: false });
    sent.on('error', () => undefined);
    sent.end();
    const inFlight = async (): Promise<string> => (await get(metricsPort, '/metrics')).text;
    while (!(await inFlight()).includes('http_requests_in_flight 1'));
    sent.destroy();
    while (!(await inFlight()).includes('http_requests_in_flight 0'));
    await logged(/Listening on port/);
  }),
);

test('max_inflight refuses, and is not ready', limits, () =>
  alone({ fprocess: 'cat', max_inflight: '1', mode: 'streaming' }, async ({ ask, port }) => {
    const sent = request({ port, method: 'POST', agent: false });
    sent.write('a');
    const [slow] = (await once(sent, 'response')) as [IncomingMessage];
    const { status, text: said, headers } = await ask('/');
    assert.equal(status, 429);
    assert.match(said, /^Concurrent request limit exceeded\. Max concurrent requests: 1/);
    assert.equal(headers['x-openfaas-internal'], 'faas-middleware');
    assert.equal((await ask('/_/ready')).status, 429);
    sent.end('b');
    assert.equal(await text(slow), 'ab');
  }),
);

test('mode http: proxied, ready by its own path, WebSockets, the program’s streams', limits, () =>
  alone(
    { fprocess: 'node server.mjs', mode: 'http', ready_path: '/teapot' },
    async ({ ask, port, logged }) => {
      const seen = JSON.parse((await ask('/x?y', { headers: { host: 'shop' } })).text);
      assert.deepEqual([seen.url, seen.headers.host], ['/x?y', 'shop']);
      assert.equal((await ask('/_/ready')).status, 418);
      assert.equal((await ask('/events')).text, 'data: 0\n\ndata: 1\n\ndata: 2\n\n');
      await logged(/^out \d{4}\S+ \S+ stdout: listening$/);
      await logged(/^err \d{4}\S+ \S+ stderr: with a warning$/);
      const socket = connect(port, '127.0.0.1');
      const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
      const head = `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`;
      socket.write(head);
      let got = '';
      socket.on('data', (chunk) => (got += String(chunk)));
      while (!got.includes('\r\n\r\n')) await once(socket, 'data');
      assert.match(got, /^HTTP\/1\.1 101 /);
      socket.write('raw');
      while (!got.endsWith('raw')) await once(socket, 'data');
      socket.destroy();
    },
  ),
);

test('a program of mode http that ends takes its watchdog with it', limits, () =>
  alone({ fprocess: 'node server.mjs', mode: 'http', prefix_logs: 'false' }, async (own) => {
    await own.logged(/^out listening$/);
    await own.ask('/exit').catch(() => undefined);
    assert.equal(await own.ended, 1);
    await own.logged(/Forked function has terminated: exit status 3$/);
  }),
);

test('asked to end, it says so, and finishes what it has', limits, async () => {
  const env = { fprocess: 'cat', mode: 'streaming', healthcheck_interval: '300ms' };
  await alone(env, async (own) => {
    const { port } = own;
    const sent = request({ port, method: 'POST', agent: false });
    sent.write('first ');
    const [slow] = (await once(sent, 'response')) as [IncomingMessage];
    void own.terminate('SIGTERM');
    assert.equal((await own.ask('/_/health')).status, 503);
    const { status, headers } = await own.ask('/');
    assert.deepEqual([status, headers.connection], [200, 'close']);
    await own.logged(/draining: 1 requests/);
    await assert.rejects(get(port, '/'), { code: 'ECONNREFUSED' });
    sent.end('last');
    assert.equal(await text(slow), 'first last');
    assert.equal(await own.ended, 0);
  });
});

test('what cannot be is said at the start', limits, async () => {
  await assert.rejects(
    alone({}, async () => undefined),
    { message: /set the variable fprocess/ },
  );
  await assert.rejects(
    alone({ fprocess: 'cat', port: 'x' }, async () => undefined),
    {
      message: /the variable port is "x"/,
    },
  );
  await alone({ fprocess: 'cat' }, async ({ port, metricsPort }) => {
    const env = { fprocess: 'cat' };
    const taken = { code: 'address_in_use' };
    const same = alone({ ...env, port: String(port) }, async () => undefined);
    await assert.rejects(same, { ...taken, message: /variable port/ });
    const metrics = alone({ ...env, metrics_port: String(metricsPort) }, async () => undefined);
    await assert.rejects(metrics, { ...taken, message: /metrics_port/ });
  });
});

test(
  'called fwatchdog, it checks health by its exit code and ends by SIGTERM',
  limits,
  async () => {
    const name = join(dir, 'fwatchdog');
    await symlink(join(root, 'bin/funcatron.js'), name);
    const TMPDIR = await mkdtemp(join(dir, 'own-'));
    const env = { ...process.env, ...free, TMPDIR, fprocess: 'cat' };
    const checked = async (flag: string): Promise<number> => {
      const child = spawn(process.execPath, [name, flag], { env, stdio: 'ignore' });
      return ((await once(child, 'exit')) as [number])[0];
    };
    assert.equal(await checked('-run-healthcheck'), 1);
    const child = spawn(process.execPath, [name], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    while (!said.includes('Writing lock-file')) await once(child.stderr, 'data');
    const port = Number(/Listening on port: (\d+)/.exec(said)![1]);
    assert.equal((await get(port, '/', { method: 'POST', body: 'x' })).text, 'x');
    assert.equal(await checked('-run-healthcheck'), 0);
    assert.equal(await checked('--run-healthcheck'), 0);
    assert.equal(await checked('--what'), 2);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal(code, 0);
    assert.equal(await checked('-run-healthcheck'), 1);
  },
);

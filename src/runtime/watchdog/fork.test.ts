import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cancellation } from '../../message.ts';
import { allGone, leftovers, uniqueSleep } from '../../watchdog/fixture/leftover.ts';
import { collect } from '../conformance-subject.ts';
import { openWatchdog, rough } from './fixture/open.ts';
import type { Watchdog } from './fixture/open.ts';

const limits = { timeout: 60_000 };

/** Runs `use` with a watchdog, and ends it whatever happens. */
async function given(
  env: Record<string, string>,
  use: (watchdog: Watchdog) => Promise<void>,
): Promise<void> {
  const watchdog = await openWatchdog(env);
  try {
    await use(watchdog);
  } finally {
    await watchdog.close();
  }
}

const classic = (fprocess: string, use: (watchdog: Watchdog) => Promise<void>, env = {}) =>
  given({ fprocess, ...env }, use);

test('what comes in goes out, timed and logged as OpenFaaS does', limits, () =>
  classic('cat', async ({ call, logged }) => {
    const { status, headers, text } = await call('hello', {
      headers: { 'content-type': 'text/x-own' },
    });
    assert.deepEqual([status, text, headers['content-type']], [200, 'hello', 'text/x-own']);
    assert.match(String(headers['x-duration-seconds']), /^\d+\.\d{6}$/);
    await logged(/^Forking fprocess\.$/);
    await logged(/^Wrote 5 Bytes - Duration: \d+\.\d{6}s$/);
  }),
);

test('a type that nobody says is that of the bytes', limits, () =>
  classic('cat', async ({ call }) => {
    const typeOf = async (text: string) => (await call(text)).headers['content-type'];
    assert.equal(await typeOf('<html>'), 'text/html; charset=utf-8');
    assert.equal(await typeOf('plain'), 'text/plain; charset=utf-8');
    assert.equal(await typeOf('%PDF-1.7'), 'application/pdf');
  }),
);

test('content_type is that of every answer', limits, () =>
  classic(
    'cat',
    async ({ call }) => {
      const { headers } = await call('x', { headers: { 'content-type': 'text/x-own' } });
      assert.equal(headers['content-type'], 'text/x-set');
    },
    { content_type: 'text/x-set' },
  ),
);

test('the variables of a request', limits, () =>
  classic('env', async ({ call }) => {
    const { text } = await call('12345', {
      query: 'x=%20&y',
      rest: '/a%20b',
      headers: { 'x-foo-bar': ['first', 'second'], 'x-github-event': 'push', host: 'h:8080' },
    });
    const lines = text.split('\n');
    for (const line of [
      'Http_Method=POST',
      'Http_Path=/a b',
      'Http_Query=x=%20&y',
      'Http_Host=h:8080',
      'Http_ContentLength=5',
      'Http_Content_Length=5',
      'Http_X_Foo_Bar=first',
      'Http_X_Github_Event=push',
    ])
      assert.ok(lines.includes(line), `${line} in\n${text}`);
    assert.ok(!(await call()).text.includes('Http_Query'));
  }),
);

test('none of the platform’s own variables reaches a program', limits, async () => {
  process.env['FUNCATRON_SECRET_OF_OURS'] = 'leak';
  try {
    await classic('env', async ({ call }) => {
      const { text } = await call();
      const names = text.split('\n').map((line) => line.split('=')[0]!);
      const known =
        /^(|Http_\w+|FUNCATRON_(REQUEST_ID|PROGRAM)|fprocess|PATH|HOME|LANG|TMPDIR|TZ)$/;
      assert.deepEqual(
        names.filter((name) => !known.test(name)),
        [],
      );
    });
  } finally {
    delete process.env['FUNCATRON_SECRET_OF_OURS'];
  }
});

test('headers inject nothing: no fact, no other variable, no line', limits, () =>
  classic('env -0', async ({ call }) => {
    const headers = { method: 'FAKE', path: '/fake', 'x-a': '1\nPATH=/evil', 'ld-preload': 'x' };
    const variables = (await call('', { headers })).text.split('\0');
    assert.ok(variables.includes('Http_Method=POST'));
    assert.ok(variables.includes('Http_Path=/a/b'));
    assert.ok(variables.includes('Http_X_A=1\nPATH=/evil'));
    assert.ok(variables.includes('Http_Ld_Preload=x'));
    assert.equal(variables.filter((one) => one.startsWith('PATH=')).length, 1);
    await assert.rejects(call('', { headers: { 'x-a': 'a\0b' } }), { code: 'bad_request' });
  }),
);

test('cgi_headers false tells nothing of the request', limits, () =>
  classic(
    'env',
    async ({ call }) => {
      assert.ok(!/^Http_/m.test((await call()).text));
    },
    { cgi_headers: 'false' },
  ),
);

test('marshal_request puts all of it on standard input', limits, () =>
  classic(
    'cat',
    async ({ call }) => {
      const headers = { 'x-b': 'b', accept: ['a', 'c'] };
      const { text } = await call('hi', { headers });
      const header = '{"Accept":["a","c"],"X-B":["b"]}';
      assert.equal(text, `{"header":${header},"body":{"raw":"aGk="}}`);
      const chunks = (async function* () {
        yield Buffer.from('h');
        yield Buffer.from('i');
      })();
      assert.equal((await call(chunks, { headers })).text, text);
    },
    { marshal_request: 'true' },
  ),
);

test('a status that is not 0 is 500, and what was written follows', limits, () =>
  classic('./fail.sh', async ({ call, logged }) => {
    const { status, text, headers } = await call();
    assert.deepEqual([status, text], [500, 'exit status 3\nout\nerr\nmore\n']);
    assert.match(String(headers['content-type']), /^text\/plain/);
    await logged(/^exit status 3$/);
  }),
);

test('combine_output false sends standard error to the log', limits, () =>
  classic(
    './fail.sh',
    async ({ call, logged }) => {
      assert.equal((await call()).text, 'exit status 3\nout\nmore\n');
      const { level, requestId, fields } = await logged(/^err$/);
      assert.deepEqual([level, requestId, fields], ['warn', 'the-id', { stream: 'stderr' }]);
    },
    { combine_output: 'false' },
  ),
);

test('a signal is 500 and named', limits, () =>
  classic(rough('segfault.sh'), async ({ call }) => {
    const { status, text } = await call();
    assert.equal(status, 500);
    assert.match(text, /^signal: segmentation fault\n/);
  }),
);

test('a missing binary is 500 and named, and found once it is there', limits, async () => {
  await classic('no-such-program', async ({ call }) => {
    const { status, text } = await call();
    const wanted = 'exec: "no-such-program": executable file not found in $PATH\n';
    assert.deepEqual([status, text], [500, wanted]);
  });
  await classic('./no-such-program', async ({ call }) => {
    assert.equal((await call()).text, 'fork/exec ./no-such-program: no such file or directory\n');
  });
});

test('quotes in fprocess stay what they are', limits, () =>
  classic(`printf [%s] 'a "b c"`, async ({ call }) => {
    assert.equal((await call()).text, `['a]["b][c"]`);
  }),
);

test('only the methods of the classic watchdog are taken', limits, () =>
  classic('cat', async ({ call }) => {
    for (const method of ['HEAD', 'OPTIONS', 'PROPFIND'])
      assert.equal((await call('', { method })).status, 405, method);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'])
      assert.equal((await call('', { method })).status, 200, method);
  }),
);

test('exec_timeout kills, 408, also one that ignores SIGTERM', limits, async () => {
  const token = uniqueSleep();
  await classic(
    `${rough('stubborn.sh')} ${token}`,
    async ({ call }) => {
      const { status, text } = await call();
      assert.deepEqual([status, text], [408, 'Killed process.\n']);
      await allGone(token);
    },
    { exec_timeout: '100ms' },
  );
});

test('what a program leaves behind goes with it, daemons too', limits, async () => {
  const token = uniqueSleep();
  await classic(`${rough('daemons.sh')} ${token}`, async ({ call }) => {
    assert.equal((await call()).status, 200);
    await allGone(token);
  });
});

test('closing stdin early, writing before reading, saying nothing', limits, async () => {
  const much = Buffer.alloc(3_000_000, 'x');
  await classic(rough('close-stdin.sh'), async ({ call }) => {
    assert.equal((await call(much)).status, 200);
  });
  await classic(rough('write-first.pl'), async ({ call }) => {
    assert.equal((await call(much)).status, 200);
  });
  await classic('true', async ({ call }) => {
    const { status, bytes } = await call(much);
    assert.deepEqual([status, bytes.length], [200, 0]);
  });
});

test('a gigabyte passes through at flat memory', limits, () =>
  classic('head -c 1073741824 /dev/zero', async ({ open }) => {
    const before = process.memoryUsage().rss;
    const { head, body } = await open();
    assert.equal(head.status, 200);
    assert.ok(!(body instanceof Uint8Array));
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.byteLength;
    assert.equal(bytes, 1024 ** 3);
    assert.ok(process.memoryUsage().rss - before < 300 * 2 ** 20);
  }),
);

test('one over the limit is broken off, and the option named', limits, async () => {
  const watchdog = await openWatchdog({ fprocess: 'yes' }, {}, { replyBytesMax: 2_000_000 });
  const { body } = await watchdog.open();
  await assert.rejects(collect(body), { code: 'func_bad_result', message: /--reply-max/ });
  await watchdog.close();
});

test('max_inflight is 429, with its header', limits, () =>
  classic(
    'cat',
    async ({ call, open }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const slow = open(
        (async function* () {
          await promise;
          yield Buffer.from('late');
        })(),
      );
      const { status, text, headers } = await call('x');
      assert.equal(status, 429);
      assert.equal(text.trim(), 'Concurrent request limit exceeded. Max concurrent requests: 1');
      assert.equal(headers['x-openfaas-internal'], 'faas-middleware');
      resolve();
      assert.equal((await collect((await slow).body)).toString(), 'late');
    },
    { max_inflight: '1' },
  ),
);

test('a cancelled call takes its program with it', limits, async () => {
  const token = uniqueSleep();
  await classic(`sleep ${token}`, async ({ open, worker }) => {
    const cancellation = new Cancellation();
    const slow = assert.rejects(open(undefined, {}, cancellation), { code: 'cancelled' });
    while ((await leftovers(token)).length === 0);
    cancellation.cancel();
    await slow;
    await allGone(token);
    while (worker.open > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

test('serializing: any end but 0 is 500 and its name alone', limits, async () => {
  const mode = { mode: 'serializing' };
  await classic(
    'cat',
    async ({ call, logged }) => {
      const { status, text, headers } = await call('hi', { query: 'y=1' });
      assert.deepEqual([status, text], [200, 'hi']);
      assert.equal(headers['content-type'], 'application/octet-stream');
      await logged(/^POST \/a\/b\?y=1 - 200 - ContentLength: 2B \(\d\.\d{4}s\)$/);
    },
    mode,
  );
  await classic(
    'false',
    async ({ call }) => {
      const { status, text } = await call();
      assert.deepEqual([status, text], [500, 'exit status 1']);
    },
    mode,
  );
  await classic(
    'sleep 20',
    async ({ call }) => {
      const { status, text } = await call();
      assert.deepEqual([status, text], [500, 'signal: killed']);
    },
    { ...mode, exec_timeout: '50ms' },
  );
});

test('streaming: 200 whatever happens, as it comes', limits, async () => {
  const mode = { mode: 'streaming' };
  await classic(
    './late.sh',
    async ({ open, logged }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const { head, body } = await open(
        (async function* () {
          await promise;
          yield Buffer.from('go\n');
        })(),
      );
      assert.equal(head.status, 200);
      resolve();
      assert.equal((await collect(body)).toString(), 'early\ngo\n');
      await logged(/^exit status 4$/);
    },
    mode,
  );
  await classic(
    'sleep 20',
    async ({ call }) => {
      const { status, text } = await call();
      assert.deepEqual([status, text], [200, '']);
    },
    { ...mode, exec_timeout: '50ms' },
  );
});

test('no watchdog starts without a program, or with a bad variable', limits, async () => {
  const wanted = { code: 'worker_start_failed' };
  await assert.rejects(openWatchdog({}), { ...wanted, message: /set the variable fprocess/ });
  await assert.rejects(openWatchdog({ fprocess: 'cat', exec_timeout: 'soon' }), {
    ...wanted,
    message: /the variable exec_timeout is "soon"/,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CallHead } from '../message.ts';
import { openRuntime, openShimRuntime } from './runtime.ts';
import type { Swagger } from './shim-link.ts';
import { connectShim } from './fixture/shim-client.ts';
import type { ShimFunc, TestShim } from './fixture/shim-client.ts';
import type { ShimRuntime } from './shim.ts';
import type { ShimDoorOptions } from './shim-door.ts';

const lineBytesMax = 4_096;

interface World {
  door: ShimRuntime;
  port: number;
  said: string[];
  swaggers: Swagger[];
  shim(funcs?: Record<string, ShimFunc>, greets?: boolean): Promise<TestShim>;
}

/** A door that listens, and whatever connects. */
async function atDoor(
  work: (world: World) => Promise<void>,
  over: Partial<ShimDoorOptions> = {},
): Promise<void> {
  const said: string[] = [];
  const swaggers: Swagger[] = [];
  const door = await openShimRuntime({
    lineBytesMax,
    onSwagger: (_, swagger) => swaggers.push(swagger),
    onGone: () => said.push('gone'),
    say: (text) => said.push(text),
    ...over,
  });
  const shims: TestShim[] = [];
  try {
    const port = await door.listen(0);
    const shim: World['shim'] = async (funcs = {}, greets = true) => {
      const one = await connectShim(port, funcs, greets);
      shims.push(one);
      return one;
    };
    await work({ door, port, said, swaggers, shim });
  } finally {
    await Promise.all(shims.map((one) => one.close()));
    await door.close();
  }
}

const soon = (): Promise<void> => new Promise((go) => setImmediate(go));

const lineOf = (text: string): string => `${Buffer.from(text).toString('base64')}\n`;

/** Lines a shim may send by mistake, and what it is told. */
const badLines: [title: string, line: string, told: RegExp][] = [
  ['no Base64', '{"cmd":"hello"}\n', /a line is no Base64; each line is Base64 of JSON/],
  ['no JSON', lineOf('cmd: hello'), /no Base64 of JSON: /],
  ['no UTF-8', '/////w==\n', /no Base64 of JSON: /],
  ['a list', lineOf('[1]'), /the JSON of a line is no object/],
  ['null', lineOf('null'), /the JSON of a line is no object/],
  ['no cmd', lineOf('{"command":"hello"}'), /has no text "cmd"/],
  ['an unknown cmd', lineOf('{"cmd":"bye"}'), /there is no cmd "bye"; a shim says hello, setSwag/],
  [
    'an answer to nothing',
    lineOf('{"cmd":"reply","replyTo":"x"}'),
    /no call waits for replyTo "x"/,
  ],
  ['a Swagger that is none', lineOf('{"cmd":"setSwagger","swagger":7}'), /no text "swagger"/],
];

for (const [title, line, told] of badLines)
  test(`${title}: the shim is told, and stays`, async () => {
    await atDoor(async ({ door, said, swaggers, shim: open }) => {
      const shim = await open();
      shim.sendRaw(line);
      const { cmd, message } = await shim.next();
      assert.equal(cmd, 'error');
      assert.match(String(message), told);
      shim.setSwagger('good');
      shim.send({ cmd: 'nothing' });
      await shim.next();
      assert.deepEqual(swaggers, [{ text: 'good', file: undefined }]);
      assert.ok(door.link);
      assert.ok(said.some((text) => told.test(text)));
    });
  });

test('who goes on making no sense is sent away', async () => {
  await atDoor(async ({ shim: open, door }) => {
    const shim = await open();
    for (let n = 1; n < 10; n++) {
      shim.sendRaw('???\n');
      assert.doesNotMatch(String((await shim.next())['message']), /is closed/);
    }
    shim.sendRaw('???\n');
    assert.match(String((await shim.next())['message']), /the connection is closed$/);
    await shim.closed;
    assert.equal(door.link, undefined);
  });
});

test('a line that is too long names the option, and ends the connection', async () => {
  await atDoor(async ({ shim: open }) => {
    const shim = await open();
    for (let n = 0; n < 5; n++) shim.sendRaw('a'.repeat(1_000));
    assert.match(String((await shim.next())['message']), /longer than 4 KiB \(--shim-line-max\)/);
    await shim.closed;
  });
});

test('a line in pieces, lines at once, empty ones and CRLF', async () => {
  await atDoor(async ({ shim: open, swaggers }) => {
    const shim = await open({}, false);
    const line = lineOf('{"cmd":"setSwagger","swagger":"ä","file":"src/funcatron.yaml"}');
    for (const byte of line) {
      shim.sendRaw(byte);
      await soon();
    }
    shim.sendRaw(`\n\r\n${line}${line.replace('\n', '\r\n')}`);
    shim.send({ cmd: 'nothing' });
    await shim.next();
    assert.deepEqual(swaggers, Array(3).fill({ text: 'ä', file: 'src/funcatron.yaml' }));
  });
});

test('a request for a page is told what this is', async () => {
  await atDoor(async ({ shim: open }) => {
    const browser = await open({}, false);
    browser.sendRaw('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.match(
      String((await browser.next())['message']),
      /no Base64.*; the connection is closed/,
    );
    await browser.closed;
  });
});

test('who says nothing is sent away in the end', async () => {
  const work = async ({ shim: open }: World): Promise<void> => {
    const silent = await open({}, false);
    assert.match(String((await silent.next())['message']), /nothing came for 50ms; .*hello/);
    await silent.closed;
  };
  await atDoor(work, { patience: { greetMs: 50 } });
});

test('who says nothing keeps nobody out; whoever greets first is there', async () => {
  await atDoor(async ({ shim: open, door }) => {
    const silent = await open({}, false);
    const first = await open();
    while (!door.link) await soon();
    assert.equal(door.link.name, `127.0.0.1:${first.socket.localPort}`);
    silent.send({ cmd: 'hello' });
    assert.match(String((await silent.next())['message']), /another dev shim is connected/);
  });
});

test('the runtime shim is opened by dev alone', async () => {
  await assert.rejects(openRuntime('shim'), {
    ...{ code: 'runtime_unsupported', message: /only in "funcatron dev"/ },
  });
});

test('one that has been silent for long keeps its place while it answers', async () => {
  const work = async ({ shim: open, door }: World): Promise<void> => {
    const first = await open();
    while (!door.link) await soon();
    const second = await open();
    assert.match(String((await second.next())['message']), /another dev shim is connected: 127/);
    assert.deepEqual([first.invoked.length, first.socket.destroyed], [1, false]);
  };
  await atDoor(work, { patience: { silentMs: 0 } });
});

test('one that does not answer gives way to the next', async () => {
  const work = async ({ shim: open, door, said }: World): Promise<void> => {
    const hung = await open({ $ping: () => undefined });
    while (!door.link) await soon();
    const next = await open();
    const { message } = await hung.next();
    assert.match(String(message), /gives way to 127.*: it did not answer for 50ms/);
    while (door.link?.name !== `127.0.0.1:${next.socket.localPort}`) await soon();
    assert.ok(said.some((text) => text.includes('gives way')));
  };
  await atDoor(work, { patience: { silentMs: 0, answerMs: 50 } });
});

test('no bytes whatever bring it down', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({
        cmd: fc.constantFrom('hello', 'setSwagger', 'reply', 'invoke'),
        swagger: fc.anything(),
      })
      .map((one) => JSON.stringify(one) ?? ''),
    fc
      .record({ cmd: fc.constant('reply'), replyTo: fc.string(), response: fc.jsonValue() })
      .map((one) => JSON.stringify(one)),
  );
  const line = fc.oneof(
    text.map(lineOf),
    fc.base64String().map((one) => `${one}\n`),
    fc.uint8Array(),
  );
  await atDoor(async ({ shim: open, door }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const shim = await open({}, false);
        for (const one of lines) shim.sendRaw(one);
        shim.socket.end();
        await shim.closed;
        while (door.link) await soon();
      }),
      { numRuns: 60 },
    );
  });
});

test('whatever a shim answers, a call ends with a response or an error that says why', async () => {
  const known = new Set(['func_bad_result', 'func_failed']);
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(200, 404, 500, 99, '200', null));
  const response = fc.oneof(
    fc.jsonValue(),
    fc.record({ status: value, headers: value, body: value }, { requiredKeys: [] }),
  );
  await atDoor(async ({ shim: open, door }) => {
    const shim = await open({ f: () => undefined });
    while (!door.link) await soon();
    const silent = { onLog: () => undefined, onExit: () => undefined };
    const worker = await door.start({ socketDir: '' }, silent);
    await worker.assign({
      ...{ sha: '', name: 'n', version: '1', dir: '', funcs: [], props: {}, env: {} },
      ...{ concurrency: 1, memoryBytesMax: 1, stacks: true },
    });
    const head: CallHead = {
      ...{ v: 1, action: 'call', id: 'r', method: 'GET', scheme: 'http', host: 'h', path: '/' },
      ...{ query: '', headers: {}, remote: '', deadline: Date.now() + 60_000 },
    };
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(response, fc.boolean(), async (given, decodeBody) => {
        const call = { operationId: 'f', head, body: new Uint8Array(), kind: 'none' } as const;
        const outcome = worker.call(call);
        await shim.called(++seen);
        const { replyTo } = shim.invoked.at(-1)!;
        shim.send({ cmd: 'reply', replyTo, decodeBody, response: given });
        try {
          const { head: replied, body } = await outcome;
          assert.ok(replied.status >= 200 && replied.status <= 599);
          assert.ok(body instanceof Uint8Array);
        } catch (thrown) {
          assert.ok(known.has((thrown as { code: string }).code), String(thrown));
        }
      }),
      { numRuns: 100 },
    );
    worker.kill();
  });
});

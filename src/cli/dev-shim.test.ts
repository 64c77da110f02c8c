import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openDev } from './fixture/dev.ts';
import type { Dev } from './fixture/dev.ts';
import { takePort } from './fixture/port.ts';
import { contractText, createProject, jsProject } from './fixture/project.ts';
import type { Project } from './fixture/project.ts';
import { connectShim } from '../runtime/fixture/shim-client.ts';
import type { ShimFunc, TestShim } from '../runtime/fixture/shim-client.ts';

/** A Swagger as samples of the original have it. */
function swaggerText(over: { base?: string; time?: string; extra?: string } = {}): string {
  const { base = '/sample', time = '/time', extra = '' } = over;
  return `swagger: "2.0"
info: { title: Sample, version: "1.0.0" }
basePath: ${base}
consumes: [application/json]
produces: [application/json]
${extra}
paths:
  ${time}:
    get:
      operationId: sample.Time
      parameters:
        - { name: zone, in: query, type: string }
        - { name: ids, in: query, type: array, items: { type: integer } }
        - { name: X-Who, in: header, type: string }
      responses: { 200: { description: fine, schema: { type: object } } }
  /data/{cnt}:
    post:
      operationId: sample.Data
      parameters:
        - { name: cnt, in: path, required: true, type: integer }
        - name: data
          in: body
          schema: { type: object, properties: { name: { type: string }, age: { type: integer } } }
      responses: { 200: { description: fine } }
    delete:
      operationId: sample.Gone
      parameters: [{ name: cnt, in: path, required: true, type: integer }]
      responses: { 204: { description: gone } }
`;
}

const json = (value: unknown, over: object = {}) => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
  ...over,
});

const funcs: Record<string, ShimFunc> = {
  'sample.Time': () => json({ time: 'now' }),
  'sample.Data': ({ req }) => json((req['parameters'] as Record<string, unknown>)['body']),
  'sample.Gone': () => ({ status: 204 }),
};

interface World {
  dev: Dev;
  project: Project;
  shim(funcs?: Record<string, ShimFunc>): Promise<TestShim>;
}

/** Dev for shims alone, and whatever shims a test connects. */
async function inDev(
  work: (world: World) => Promise<void>,
  flags: Record<string, string> = {},
  project = createProject(),
): Promise<void> {
  const dev = await openDev(project, { shim: 'true', ...flags });
  const shims: TestShim[] = [];
  const shim: World['shim'] = async (own = funcs) => {
    const one = await connectShim(dev.shimPort, own);
    shims.push(one);
    return one;
  };
  try {
    await work({ dev, project, shim });
  } finally {
    await Promise.all(shims.map((one) => one.close()));
    await dev.close();
  }
}

/** Sends a Swagger and waits until it serves. */
async function serve({ terminal }: Dev, shim: TestShim, text = swaggerText()): Promise<void> {
  terminal.clear();
  shim.setSwagger(text);
  await terminal.until(/^serving /m);
}

test('no shim: 404 in the words of the original, and dev says what it waits for', async () => {
  await inDev(async ({ dev }) => {
    const { status, body } = await dev.ask('/sample/time');
    assert.equal(status, 404);
    assert.equal(body.code, 'no_route');
    assert.match(body.detail, /^No Swagger Defined\. Unable to route request/);
    assert.ok(dev.terminal.said.includes(`dev shim at port ${dev.shimPort}`));
  });
});

test('Funcs run in the program that connected: GET, POST, DELETE, 400, 404, 406', async () => {
  await inDev(async ({ dev, shim: open }) => {
    const shim = await open();
    await serve(dev, shim);
    assert.match(dev.terminal.output, /^sample 1\.0\.0 at http:.*\/sample$/m);
    assert.deepEqual(await dev.ask('/sample/time?zone=UTC'), {
      ...{ status: 200, notice: null, body: { time: 'now' } },
    });
    const post = (cnt: string, body: string, type = 'application/json') =>
      dev.ask(`/sample/data/${cnt}`, { method: 'POST', headers: { 'content-type': type }, body });
    const { status, body } = await post('3', '{"name":"David","age":52}');
    assert.deepEqual([status, body], [200, { data: { name: 'David', age: 52 } }]);
    assert.equal((await dev.ask('/sample/data/3', { method: 'DELETE' })).status, 204);
    assert.equal((await post('many', '{}')).body.code, 'bad_parameter');
    assert.equal((await post('3', '{"age":"old"}')).body.code, 'bad_body');
    assert.equal((await post('3', '{')).body.code, 'malformed_body');
    assert.equal((await dev.ask('/sample/nothing')).body.code, 'not_found');
    assert.equal((await dev.ask('/other')).body.code, 'no_route');
    assert.match((await dev.ask('/ui/')).body, /swagger-ui/);
    assert.deepEqual(
      shim.invoked.map((one) => one.class),
      ['sample.Time', 'sample.Data', 'sample.Gone'],
    );
  });
});

test('the request map has what the interface promises', async () => {
  await inDev(async ({ dev, shim: open }) => {
    const shim = await open();
    await serve(dev, shim);
    await dev.ask('/sample/time?zone=a&ids=1&ids=2', { headers: { 'X-Who': 'me' } });
    await dev.ask('/sample/data/7', {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"age":1}' },
    });
    const [get, post] = shim.invoked.map(({ req }) => req);
    const { host, port } = new URL(dev.url);
    assert.partialDeepStrictEqual(get, {
      'request-method': 'get',
      uri: '/sample/time',
      scheme: 'http',
      'server-name': '127.0.0.1',
      'server-port': Number(port),
      'query-string': 'zone=a&ids=1&ids=2',
      'query-params': { zone: 'a', ids: ['1', '2'] },
      headers: { host },
      parameters: { path: {}, query: { zone: 'a' }, header: { 'X-Who': 'me' }, body: {} },
      body: '',
      swagger: { request: { operationId: 'sample.Time' }, key: ['get', '/time'] },
      $bundle: { name: 'sample', version: '1.0.0' },
    });
    assert.equal(typeof get!['$requestId'], 'string');
    assert.partialDeepStrictEqual(post, {
      'request-method': 'post',
      'query-string': null,
      headers: { 'content-type': 'application/json', 'Content-Type': 'application/json' },
      parameters: { path: { cnt: 7 }, query: {}, body: { data: { age: 1 } } },
      body: Buffer.from('{"age":1}').toString('base64'),
    });
  });
});

test('forms, files, and bodies of megabytes go through; what is over a line does not', async () => {
  const text = `openapi: 3.1.0
info: { title: Sample, version: "1.0.0" }
servers: [{ url: /sample }]
paths:
  /form:
    post:
      operationId: sample.Form
      requestBody:
        content:
          multipart/form-data:
            schema:
              type: object
              properties: { age: { type: integer }, photo: { type: string, format: binary } }
      responses: { 200: { description: fine } }
  /blob:
    post:
      operationId: sample.Blob
      x-funcatron: { direct: true }
      requestBody: { content: { application/octet-stream: {} } }
      responses: { 200: { description: fine } }
`;
  const echo: ShimFunc = ({ req }) => ({ body: Buffer.from(String(req['body']), 'base64') });
  const form: ShimFunc = ({ req }) =>
    json((req['parameters'] as Record<string, unknown>)['formData']);
  const work = async ({ dev, shim: open }: World): Promise<void> => {
    await serve(dev, await open({ 'sample.Blob': echo, 'sample.Form': form }), text);
    const body = new FormData();
    body.set('age', '7');
    body.set('photo', new Blob(['abc'], { type: 'image/png' }), 'a.png');
    const photo = { filename: 'a.png', 'content-type': 'image/png', size: 3, bytes: 'YWJj' };
    const formed = await dev.ask('/sample/form', { method: 'POST', body });
    assert.deepEqual(formed.body, { age: 7, photo });
    const headers = { 'content-type': 'application/octet-stream' };
    const send = (bytes: Uint8Array<ArrayBuffer>) =>
      fetch(`${dev.url}/sample/blob`, { method: 'POST', headers, body: bytes });
    const blob = randomBytes(2 * 2 ** 20);
    const answer = await send(blob);
    assert.equal(answer.status, 200);
    assert.ok(blob.equals(Buffer.from(await answer.arrayBuffer())));
    const refused = (await (await send(randomBytes(5 * 2 ** 20))).json()) as { detail: string };
    assert.match(refused.detail, /longer than 4 MiB \(--shim-line-max\)/);
  };
  await inDev(work, { shimLineMax: '4Mi' });
});

test('parameters that were not given are null, lists of them empty', async () => {
  await inDev(async ({ dev, shim: open }) => {
    const shim = await open();
    await serve(dev, shim);
    await dev.ask('/sample/time');
    const { parameters } = shim.invoked[0]!.req as { parameters: Record<string, unknown> };
    assert.deepEqual(parameters['query'], { zone: null, ids: [] });
    assert.deepEqual(parameters['header'], { 'X-Who': null });
  });
});

test('a Func that throws: 500 with its words, the stack in dev and in the log', async () => {
  const failing = {
    'sample.Time': () => {
      throw new Error('java.lang.IllegalStateException: on purpose');
    },
  };
  await inDev(async ({ dev, shim: open }) => {
    await serve(dev, await open(failing));
    const { status, body } = await dev.ask('/sample/time');
    assert.equal(status, 500);
    assert.equal(body.code, 'func_failed');
    assert.match(body.detail, /sample\.Time threw java\.lang\.IllegalStateException: on purpose$/);
    assert.match(body.stack, /at Sample\.apply\(Sample\.java:12\)/);
    const logs = async () => (await fetch(`${dev.tron}/api/v1/logs`)).text();
    while (!(await logs()).includes('Sample.java:12'));
    assert.equal((await dev.ask('/sample/data/1', { method: 'DELETE' })).body.code, 'func_failed');
  });
});

test('its Swagger is edited: the next request goes by it, a faulty one changes nothing', async () => {
  await inDev(async ({ dev, shim: open }) => {
    const shim = await open();
    await serve(dev, shim);
    shim.setSwagger(swaggerText({ time: '/clock' }));
    await dev.terminal.until(/^new {3}GET +\/sample\/clock/m);
    assert.equal((await dev.ask('/sample/clock')).status, 200);
    assert.equal((await dev.ask('/sample/time')).status, 404);

    shim.setSwagger(swaggerText({ time: '/bad' }).replace('type: integer }\n', 'type: intger }\n'));
    const error = await shim.next();
    assert.equal(error['cmd'], 'error');
    assert.match(String(error['message']), /funcatron\.yaml:\d+/);
    assert.match(String(error['message']), /intger/);
    await dev.terminal.until(/error contract_invalid: .*\n[^]*the last good version goes on/);
    const after = await dev.ask('/sample/clock');
    assert.equal(after.status, 200);
    assert.match(String(after.notice), /intger/);

    shim.setSwagger(swaggerText({ base: '/moved' }));
    await dev.terminal.until(/^new {3}GET +\/moved\/time/m);
    assert.deepEqual(
      [(await dev.ask('/moved/time')).status, (await dev.ask('/sample/clock')).status],
      [200, 404],
    );
    assert.equal((await dev.ask('/moved/time')).notice, null);
  });
});

test('a Swagger that was never right: 500 with the reason until one is', async () => {
  await inDev(async ({ dev, shim: open }) => {
    const shim = await open();
    shim.setSwagger('swagger: "2.0"\npaths: [');
    assert.match(String((await shim.next())['message']), /^funcatron\.yaml:\d+: /);
    const { status, body } = await dev.ask('/sample/time');
    assert.deepEqual([status, body.code], [500, 'contract_invalid']);
    await serve(dev, shim);
    assert.equal((await dev.ask('/sample/time')).status, 200);
  });
});

test('a second shim is told who is there, and sent away; it may come once the first has gone', async () => {
  await inDev(async ({ dev, shim: open }) => {
    const first = await open();
    await serve(dev, first);
    const second = await open();
    const { cmd, message } = await second.next();
    assert.equal(cmd, 'error');
    const address = `127.0.0.1:${first.socket.localPort}`;
    assert.ok(String(message).includes(`another dev shim is connected: ${address}, since 20`));
    await second.closed;
    assert.equal((await dev.ask('/sample/time')).status, 200);
    await first.close();
    await dev.terminal.until(/the dev shim went away/);
    await serve(dev, await open());
    assert.equal((await dev.ask('/sample/time')).status, 200);
  });
});

test('a shim that goes: its calls in hand fail, and then nothing serves there', async () => {
  await inDev(async ({ dev, shim: open }) => {
    const shim = await open({ 'sample.Time': () => undefined, 'sample.Data': () => undefined });
    await serve(dev, shim);
    const calls = [
      dev.ask('/sample/time'),
      dev.ask('/sample/data/1', {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' },
      }),
      dev.ask('/sample/time'),
    ];
    await shim.called(calls.length);
    await shim.close();
    for (const { status, body } of await Promise.all(calls)) {
      assert.deepEqual([status, body.code], [502, 'func_exited']);
      assert.match(body.detail, /the dev shim went away/);
    }
    const after = await dev.ask('/sample/time');
    assert.equal(after.status, 404);
    assert.match(after.body.detail, /^No Swagger Defined/);
  });
});

test('a timeout of the contract holds; --shim-timeout is over it, and an answer too late is told', async () => {
  const slow: ShimFunc = () => new Promise((resolve) => setTimeout(() => resolve(json({})), 1_000));
  const text = swaggerText({ extra: 'x-funcatron: { timeout: 100ms }' });
  await inDev(async ({ dev, shim: open }) => {
    await serve(dev, await open({ 'sample.Time': slow }), text);
    const { status, body } = await dev.ask('/sample/time');
    assert.deepEqual([status, body.code], [504, 'func_timeout']);
    await dev.terminal.until(/sample\.Time answered too late; --shim-timeout/);
  });
  await inDev(
    async ({ dev, shim: open }) => {
      await serve(dev, await open({ 'sample.Time': slow }), text);
      assert.equal((await dev.ask('/sample/time')).status, 200);
    },
    { shimTimeout: '1h' },
  );
});

test('props of dev are taken up while the shim stays, and reach its Funcs', async () => {
  const project = createProject({ 'props.json': '{"word":"one"}' });
  const props: ShimFunc = ({ req }) => json(req['$props'] ?? null);
  const work = async ({ dev, shim: open }: World): Promise<void> => {
    await serve(dev, await open({ 'sample.Time': props }));
    assert.deepEqual((await dev.ask('/sample/time')).body, { word: 'one' });
    project.write('props.json', '{"word":"another"}');
    assert.deepEqual((await dev.ask('/sample/time')).body, { word: 'another' });
  };
  await inDev(work, { props: 'props.json' }, project);
});

test('beside a folder: the shim has its place while it is there, and saves wait for it', async () => {
  const project = jsProject({ base: '/sample', paths: { '/time': 'hello' } });
  const work = async ({ dev, shim: open }: World): Promise<void> => {
    assert.deepEqual((await dev.ask('/sample/time')).body, { said: 'Hello' });
    const shim = await open();
    await serve(dev, shim);
    assert.deepEqual((await dev.ask('/sample/time')).body, { time: 'now' });
    project.write('dist/main.js', "exports.hello = () => ({ said: 'Hi' });\n");
    assert.deepEqual((await dev.ask('/sample/time')).body, { time: 'now' });
    dev.terminal.clear();
    await shim.close();
    await dev.terminal.until(/^serving /m);
    assert.deepEqual((await dev.ask('/sample/time')).body, { said: 'Hi' });
  };
  await inDev(work, { shim: 'false' }, project);
});

test('a port in use: a warning, and the folder is served; without a folder dev ends', async () => {
  const { port, server } = await takePort();
  try {
    const shimPort = String(port);
    await inDev(
      async ({ dev }) => {
        assert.match(dev.terminal.said, /^warning: .*127\.0\.0\.1:\d+.*--shim-port/m);
        assert.equal((await dev.ask('/shop/hello')).status, 200);
      },
      { shim: 'false', shimPort },
      jsProject(),
    );
    const project = createProject();
    await assert.rejects(openDev(project, { shim: 'true', shimPort }), { code: 'address_in_use' });
    project.close();
  } finally {
    server.close();
  }
});

test('a contract that names the runtime shim is built and served nowhere else', async () => {
  const settings = '{ runtime: shim }';
  const project = createProject({ 'funcatron.yaml': contractText({ settings }) });
  const work = async ({ dev }: World): Promise<void> => {
    const { status, body } = await dev.ask('/shop/hello');
    assert.deepEqual([status, body.code], [500, 'runtime_unsupported']);
  };
  await inDev(work, { shim: 'false' }, project);
});

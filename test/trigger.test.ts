/** What calls Funcs besides requests: schedules and chains in `serve`, events over real brokers. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy } from './fixture/bundle.ts';
import type { BundleSpec } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import { staged } from './fixture/server.ts';

/** A bundle whose Funcs note what they are called with; `notes` reads that. */
function noting(file: string) {
  writeFileSync(file, '');
  const code = `
import { appendFileSync } from 'node:fs';
const note = (name, data, ctx) => {
  const { method, path, headers, auth } = ctx;
  const said = { name, data, method, path, headers, auth, requestId: ctx.requestId };
  appendFileSync(${JSON.stringify(file)}, JSON.stringify(said) + '\\n');
};
export const first = (data, ctx) => { note('first', data, ctx); return { n: data.n + 1 }; };
export const second = (data, ctx) => { note('second', data, ctx); return { n: data.n * 10 }; };
export const third = (data, ctx) => { note('third', data, ctx); return { ok: true }; };
export const loop = (data, ctx) => { note('loop', data, ctx); return data; };
export const strict = (data, ctx) => { note('strict', data, ctx); return data; };
export const stream = async function* () { yield 'x'; };
export const tick = (data, ctx) => { note('tick', data, ctx); return null; };
export const taken = (data, ctx) => { note('taken', data, ctx); return data; };
`;
  const notes = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { files: { 'app.mjs': code }, settings: { handler: 'app.mjs' }, notes };
}

const number = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
const takesNumber = {
  requestBody: { required: true, content: { 'application/json': { schema: number } } },
};
const then = (operationId: string, next: string, more: object = {}) => {
  // oxlint-disable-next-line unicorn/no-thenable -- an object of data, which nobody awaits
  return { operationId, 'x-funcatron': { then: next, ...more } };
};

async function until<T>(
  what: string,
  find: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) {
    const found = await find();
    if (found !== undefined) return found;
  }
  throw new Error(`never happened: ${what}`);
}

const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

staged(
  'a result is the next Func’s request, across bundles, with the same trace',
  async (stage) => {
    const server = await stage.serve({ flags: ['--hops-max', '3'] });
    const { files, settings, notes } = noting(join(stage.dir, 'notes'));
    const one: BundleSpec = {
      ...{ name: 'one', files, settings },
      operations: {
        'POST /first': { ...takesNumber, ...then('first', 'two#second') },
        'POST /loop': then('loop', 'loop'),
        'POST /nowhere': then('strict', 'gone#strict'),
        'GET /stream': then('stream', 'loop'),
      },
    };
    const two: BundleSpec = {
      ...{ name: 'two', files, settings },
      operations: {
        'POST /second': { ...takesNumber, ...then('second', 'third') },
        'POST /third': 'third',
      },
    };
    for (const spec of [one, two]) await deploy(server, spec);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await ask(
      `${server.door}/one/first`,
      post({ n: 1 }, { traceparent, 'x-request-id': 'origin-1' }),
    );
    assert.equal(answer.text, '{"n":2}', 'the caller has the first result');
    const third = await until('the third ran', () => notes().find(({ name }) => name === 'third'));
    assert.deepEqual(third.data, { n: 20 });
    assert.equal(third.headers.traceparent, traceparent);
    assert.equal(third.headers['x-funcatron-origin'], 'origin-1');
    assert.equal(third.path, '/two/third');

    await ask(`${server.door}/one/loop`, post({ n: 1 }));
    await until('the chain was ended', () =>
      server.lines.find(({ code }) => code === 'hops_exceeded'),
    );
    const loops = notes().filter(({ name }) => name === 'loop').length;
    assert.ok(loops >= 4, 'one call and three hops');

    const nowhere = await ask(`${server.door}/one/nowhere`, post({ n: 1 }));
    assert.equal(nowhere.status, 502);
    assert.match(nowhere.text, /"code":"then_failed".*|no bundle gone is enabled/);
    const stream = await ask(`${server.door}/one/stream`);
    assert.match(stream.text, /its result is a stream/);
  },
);

staged('a result that breaks the next contract is told, and nothing is called', async (stage) => {
  const server = await stage.serve();
  const { files, settings, notes } = noting(join(stage.dir, 'notes'));
  await deploy(server, {
    ...{ name: 'one', files, settings },
    operations: {
      'POST /third': then('third', 'second'),
      'POST /second': { ...takesNumber, operationId: 'second' },
    },
  });
  const answer = await ask(`${server.door}/one/third`, post({ n: 1 }));
  assert.equal(answer.status, 502);
  assert.match(answer.text, /second was not called with the result of third/);
  assert.ok(!notes().some(({ name }) => name === 'second'));
});

staged('a schedule calls its Func, once a slot, and ends with its bundle', async (stage) => {
  const server = await stage.serve();
  const { files, settings, notes } = noting(join(stage.dir, 'notes'));
  const tick = { operationId: 'tick', 'x-funcatron': { schedule: '* * * * * *' } };
  const { sha } = await deploy(server, {
    ...{ name: 'clock', files, settings },
    operations: { 'POST /tick': tick },
  });
  await until('three slots came', () => (notes().length >= 3 ? true : undefined));
  const slots = notes().map(({ headers }) => headers['x-funcatron-slot'] as string);
  assert.equal(new Set(slots).size, slots.length);
  const disabled = await ask(`${server.tron}/api/v1/disable`, post({ sha }));
  assert.equal(disabled.status, 200, disabled.text);
  await sleep(1_100);
  const after = notes().length;
  await sleep(2_500);
  assert.equal(notes().length, after, 'no slot comes any more');
});

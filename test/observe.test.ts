/** What can be seen from outside: every line of a call names it, and numbers are true. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import type { Bundle } from './fixture/bundle.ts';
import { ask, problemOf } from './fixture/client.ts';
import { readExposition } from './fixture/prometheus.ts';
import type { Sample } from './fixture/prometheus.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { LogLine, Server } from './fixture/server.ts';

const code = `
import { setTimeout as sleep } from 'node:timers/promises';
export const main = async (_, ctx) => {
  console.log('said before');
  ctx.log.warn('logged', { price: 3, requestId: 'forged', bundle: 'forged', sha: 'forged' });
  await sleep(5);
  console.error('said after');
  process.stdout.write('without an end');
  return { headers: ctx.headers, requestId: ctx.requestId };
};
export const fails = () => { throw new Error('of the Func'); };
export const wrong = () => ({ n: 'no number' });
export const waits = () => new Promise(() => {});
export const dies = () => process.exit(3);
`;
const python = `
import sys, logging
def main(data, ctx):
    print("said before")
    ctx.log.warn("logged", price=3)
    print("said after", file=sys.stderr)
    logging.getLogger("x").error("by logging")
    return {"headers": ctx.headers, "requestId": ctx.request_id}
`;
const schema = { type: 'object', properties: { n: { type: 'integer' } } };
const responses = { 200: { description: 'x', content: { 'application/json': { schema } } } };
const operations = {
  'GET /': 'main',
  'GET /fails': 'fails',
  'GET /wrong': { operationId: 'wrong', responses },
  'GET /waits': { operationId: 'waits', 'x-funcatron': { timeout: '100ms' } },
  'POST /dies': 'dies',
};
const stage = new Stage();
let server: Server;
let bundles: Record<string, Bundle> = {};

before(async () => {
  server = await stage.serve({ flags: ['--access-log'] });
  const app = { 'app.py': python };
  const process = ['sh', '-c', 'echo "said by a program" >&2; printf %s "$Http_Traceparent"'];
  bundles = {
    node: await deploy(server, nodeBundle('node', code, { operations })),
    python: await deploy(server, {
      name: 'python',
      operations: { 'GET /': 'main' },
      settings: { handler: 'app.py' },
      files: app,
    }),
    program: await deploy(server, {
      name: 'program',
      operations: { 'GET /': { operationId: 'main', 'x-funcatron': { process } } },
    }),
  };
});
after(() => stage.close());

/** Lines of a call, once `msg` is among them. */
async function linesOf(requestId: string, msg: string): Promise<LogLine[]> {
  await server.line((line) => line.requestId === requestId && line.msg.includes(msg));
  return server.lines.filter((line) => line.requestId === requestId);
}

test('every line of a call carries request id, bundle and SHA, whatever wrote it', async () => {
  const expected: Record<string, string[]> = {
    node: ['said before', 'logged', 'said after', 'without an end', 'answered'],
    python: ['said before', 'logged', 'said after', 'by logging', 'answered'],
    program: ['said by a program', 'answered'],
  };
  for (const [name, texts] of Object.entries(expected)) {
    const headers = { 'x-request-id': `id-of-${name}` };
    const answer = await ask(`${server.door}/${name}`, { headers });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['x-request-id'], `id-of-${name}`);
    for (const text of texts) {
      const lines = await linesOf(`id-of-${name}`, text);
      for (const { bundle, sha } of lines)
        assert.deepEqual([bundle, sha], [name, bundles[name]!.sha], text);
    }
  }
  const [logged] = server.lines.filter(({ msg }) => msg === 'logged');
  assert.deepEqual([logged!.price, logged!.level], [3, 'warn']);
});

test('calls at the same time do not mix their lines up', async () => {
  const ids = Array.from({ length: 20 }, (_, at) => `mixed-${at}`);
  await Promise.all(
    ids.map((id) => ask(`${server.door}/node`, { headers: { 'x-request-id': id } })),
  );
  for (const id of ids) {
    const lines = await linesOf(id, 'answered');
    for (const text of ['said before', 'logged', 'said after'])
      assert.equal(lines.filter(({ msg }) => msg === text).length, 1, `${text} of ${id}`);
  }
});

test('what the platform has to say of a call names it, too', async () => {
  const cases = [
    ['GET', 'fails', 'of the Func'],
    ['GET', 'wrong', 'breaks the contract'],
    ['POST', 'dies', 'the worker ended during the call'],
    ['GET', 'waits', 'did not answer in time'],
  ] as const;
  for (const [method, path, text] of cases) {
    const id = `platform-${path}`;
    await ask(`${server.door}/node/${path}`, { method, headers: { 'x-request-id': id } });
    const [line] = (await linesOf(id, text)).filter(({ msg }) => msg.includes(text));
    assert.deepEqual([line!.bundle, line!.sha], ['node', bundles.node!.sha], text);
  }
});

test('request ids are made where none is given, and those that could do harm are replaced', async () => {
  const made = new Set<string>();
  for (const given of [undefined, 'x'.repeat(300), 'a b', '"quoted"', 'a,b', '<script>']) {
    const headers: Record<string, string> = given === undefined ? {} : { 'x-request-id': given };
    const answer = await ask(`${server.door}/node`, { headers });
    const id = String(answer.headers['x-request-id']);
    assert.match(id, /^[\w.:/=+@-]{1,200}$/, given ?? 'none given');
    assert.equal((JSON.parse(answer.text) as { requestId: string }).requestId, id);
    made.add(id);
  }
  assert.equal(made.size, 6);
  const missed = await ask(`${server.door}/nowhere`, { headers: { 'x-request-id': 'of-404' } });
  assert.equal(problemOf(missed).requestId, 'of-404');
});

test('traceparent reaches every Func as it came', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers = { traceparent, tracestate: 'a=b' };
  for (const name of ['node', 'python']) {
    const { text } = await ask(`${server.door}/${name}`, { headers });
    const seen = (JSON.parse(text) as { headers: Record<string, string> }).headers;
    assert.deepEqual([seen.traceparent, seen.tracestate], [traceparent, 'a=b'], name);
  }
  assert.equal((await ask(`${server.door}/program`, { headers })).text, traceparent);
});

test('funcatron logs finds the lines of one call, and those of one bundle', async () => {
  const headers = { 'x-request-id': 'to-be-found' };
  await ask(`${server.door}/node`, { headers });
  await ask(`${server.door}/python`);
  const logs = async (...flags: string[]): Promise<LogLine[]> => {
    const { code, out, err } = await stage.run('logs', '--tron', server.tron, ...flags);
    assert.equal(code, 0, err);
    return out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogLine);
  };
  await until(async () => (await logs('--request', 'to-be-found')).length >= 4);
  for (const line of await logs('--request', 'to-be-found'))
    assert.deepEqual(
      [line.requestId, line.bundle, line.sha],
      ['to-be-found', 'node', bundles.node!.sha],
    );
  const ofPython = await logs('--bundle', 'python');
  assert.ok(ofPython.length >= 3 && ofPython.every(({ bundle }) => bundle === 'python'));
  assert.deepEqual(await logs('--request', 'unknown'), []);
});

test('both doors say that they are healthy', async () => {
  for (const url of [server.door, server.tron]) {
    const { status, text } = await ask(`${url}/healthz`);
    assert.deepEqual([status, (JSON.parse(text) as { status: string }).status], [200, 'ok']);
  }
});

test('the metrics are valid Prometheus text, and count what happened', async () => {
  for (let at = 0; at < 5; at++) await ask(`${server.door}/node/fails`);
  await ask(`${server.door}/node/dies`, { method: 'POST' });
  const scrape = async (): Promise<Map<string, Sample[]>> => {
    const { headers, text } = await ask(`${server.tron}/metrics`);
    assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
    return readExposition(text);
  };
  const before = await scrape();
  for (let at = 0; at < 7; at++) await ask(`${server.door}/node`);
  const now = await scrape();
  const value = (from: typeof now, name: string, labels: Record<string, string>): number => {
    const found = from
      .get(name)
      ?.filter((sample) =>
        Object.entries({ bundle: 'node', ...labels }).every(
          ([key, text]) => sample.labels[key] === text,
        ),
      );
    return (found ?? []).reduce((total, one) => total + one.value, 0);
  };
  const grown = (name: string, labels = {}): number =>
    value(now, name, labels) - value(before, name, labels);
  assert.equal(grown('funcatron_calls_total', { status: '200', operation: 'GET /' }), 7);
  assert.equal(grown('funcatron_call_seconds_count', { operation: 'GET /' }), 7);
  assert.ok(grown('funcatron_call_seconds_sum', { operation: 'GET /' }) > 0.03);
  assert.equal(grown('funcatron_queue_wait_seconds_count'), 7);
  assert.ok(value(now, 'funcatron_runner_errors_total', { code: 'func_failed' }) >= 5);
  assert.ok(value(now, 'funcatron_calls_total', { status: '500', operation: 'GET /fails' }) >= 5);
  assert.ok(value(now, 'funcatron_calls_total', { status: '502', operation: 'POST /dies' }) >= 1);
  assert.ok(value(now, 'funcatron_cold_starts_total', {}) >= 2);
  for (const gauge of ['funcatron_queue_depth', 'funcatron_workers', 'funcatron_calls_in_hand'])
    assert.ok(now.has(gauge), gauge);
  assert.equal(value(now, 'funcatron_workers', {}), 1);
});

/** Asynchronous calls in one `serve`: over kills, under concurrency, with callbacks. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask, problemOf, verdict } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { startedIn, until } from './fixture/process.ts';
import { staged } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const code = `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export const work = async (data, { props, requestId, signal }) => {
  appendFileSync(props.file, requestId + '\\n');
  if (data.ms) await sleep(data.ms, undefined, { signal });
  if (data.fail && !existsSync(props.file + '.healed')) throw new Error('not today');
  return { status: data.status ?? 200, headers: { 'x-own': 'yes' }, body: { said: data.word } };
};
`;
const operations = { 'POST /work': 'work' };
const settings = { retry: { tries: 2, wait: '20ms' }, concurrency: 4, instances: { max: 1 } };
const bundle = nodeBundle('w', code, { operations, settings });

interface Accepted {
  id: string;
  url: string;
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

function send({ door }: Server, json: unknown, headers: Record<string, string> = {}) {
  return ask(`${door}/w/work`, { json, headers: { prefer: 'respond-async', ...headers } });
}

function read(answer: Answer): Accepted {
  assert.equal(answer.status, 202, answer.text);
  return JSON.parse(answer.text) as Accepted;
}

async function statusOf({ door }: Server, { url }: Accepted): Promise<string> {
  const answer = await ask(door + url);
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text).status as string;
}

describe('asynchronous calls', { concurrency: 3 }, () => {
  staged('after kills every accepted call is done, and its result is there', async (stage) => {
    const file = join(stage.dir, 'runs.txt');
    let server = await stage.serve();
    await deploy(server, bundle, { props: { file } });
    const accepted: (Accepted & { word: string })[] = [];
    for (let round = 0; round < 2; round++) {
      const state = { over: false };
      const clients = Array.from({ length: 6 }, async (_, client) => {
        for (let count = 0; !state.over; count++) {
          const word = `${round}-${client}-${count}`;
          const answer = await send(server, { word, ms: 10 }).catch(() => undefined);
          if (answer?.status === 202) accepted.push({ ...read(answer), word });
        }
      });
      const goal = accepted.length + 80;
      await until(() => accepted.length >= goal);
      await server.kill();
      state.over = true;
      await Promise.all(clients);
      await until(() => startedIn(stage.temporary).length === 0);
      server = await stage.serve();
    }
    // At once after the start: what happened before the kill is known by the first answer.
    for (const call of accepted) assert.ok(await statusOf(server, call));
    await until(async () => {
      const all = await Promise.all(accepted.map((call) => statusOf(server, call)));
      return all.every((status) => status === 'done');
    });
    for (const { url, word } of accepted) {
      const result = await ask(`${server.door}${url}/result`);
      assert.deepEqual(JSON.parse(result.text), { said: word });
      assert.deepEqual([result.status, result.headers['x-own']], [200, 'yes']);
    }
    const runs = new Set(linesOf(file));
    assert.ok(accepted.every(({ id }) => runs.has(id)));
    assert.equal((await server.stop()).code, 0);
  });

  staged('one key is one call, whoever sends it how often, also after a kill', async (stage) => {
    const file = join(stage.dir, 'runs.txt');
    let server = await stage.serve();
    await deploy(server, bundle, { props: { file } });
    const key = { 'idempotency-key': 'order-1' };
    const many = (): Promise<Answer[]> =>
      Promise.all(
        Array.from({ length: 40 }, () => send(server, { word: 'once', status: 201 }, key)),
      );
    const first = (await many()).map((answer) => read(answer).id);
    assert.equal(new Set(first).size, 1);
    const other = await send(server, { word: 'twice' }, key);
    assert.equal(verdict(other), '422 idempotency_conflict tron');
    await server.kill();
    await until(() => startedIn(stage.temporary).length === 0);
    server = await stage.serve();
    const again = (await many()).map(read);
    assert.deepEqual(new Set(again.map(({ id }) => id)), new Set(first));
    await until(async () => (await statusOf(server, again[0]!)) === 'done');
    // What was in hand when it was killed may have run twice; nothing else may.
    const runs = linesOf(file);
    assert.ok(runs.every((id) => id === first[0]));
    assert.ok(runs.length <= 2, `${runs.length} runs`);
    const result = await ask(`${server.door}${again[0]!.url}/result`);
    assert.equal(result.status, 201);
    assert.equal((await server.stop()).code, 0);
  });

  staged('results are posted, and their receivers know whose they are', async (stage) => {
    const got: { headers: IncomingHttpHeaders; body: string }[] = [];
    const receiver = createServer((request, response) => {
      void buffer(request).then((bytes) => {
        got.push({ headers: request.headers, body: bytes.toString() });
        response.statusCode = got.length === 1 ? 500 : 204;
        response.end();
      });
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    try {
      const { port } = receiver.address() as AddressInfo;
      const server = await stage.serve({ flags: ['--callback-allow', '127.0.0.1:*, *'] });
      const file = join(stage.dir, 'runs.txt');
      await deploy(server, bundle, { props: { file } });
      const hook = { 'x-callback-url': `http://127.0.0.1:${port}/hook` };
      const done = read(await send(server, { word: 'ünï', status: 404 }, hook));
      await until(() => got.length === 2);
      const { headers, body } = got[1]!;
      assert.deepEqual(JSON.parse(body), { said: 'ünï' });
      assert.deepEqual([headers['x-call-id'], headers['x-function-status']], [done.id, '404']);
      const { out: secret } = await stage.run('calls', 'secret', '--tron', server.tron);
      const signature = String(headers['x-funcatron-signature']);
      for (const language of ['js', 'python'] as const) {
        const judge = receiverOf(language, stage.dir);
        assert.equal(await judge(signature, body, secret.trim()), 'true', language);
        assert.equal(await judge(signature, `${body} `, secret.trim()), 'false', language);
        assert.equal(await judge(signature, body, 'guess'), 'false', language);
        const old = signature.replace(/t=\d+/, 't=1700000000');
        assert.equal(await judge(old, body, secret.trim()), 'false', language);
      }
      const dead = read(await send(server, { word: 'x', fail: true }, hook));
      await until(() => got.length === 3);
      assert.equal(got[2]!.headers['x-call-id'], dead.id);
      assert.equal(JSON.parse(got[2]!.body).code, 'func_failed');
      assert.equal((await server.stop()).code, 0);
    } finally {
      receiver.close();
    }
  });

  staged('nobody has the platform ask for what is inside', async (stage) => {
    let server = await stage.serve();
    const file = join(stage.dir, 'runs.txt');
    await deploy(server, bundle, { props: { file } });
    const inside = ['http://127.0.0.1/', 'http://[::1]/', 'http://169.254.169.254/', 'http://0/'];
    for (const url of [...inside, 'https://example.com/', 'nonsense', 'file:///etc/passwd']) {
      const refused = await send(server, {}, { 'x-callback-url': url });
      assert.equal(verdict(refused), '403 callback_refused frontend', url);
      assert.match(problemOf(refused).detail, /--callback-allow/);
    }
    await server.stop();
    server = await stage.serve({ flags: ['--callback-allow', '*'] });
    for (const url of [...inside, 'http://user:pass@example.com/', 'http://example.com:22/'])
      assert.equal(
        verdict(await send(server, {}, { 'x-callback-url': url })),
        '403 callback_refused frontend',
        url,
      );
    assert.deepEqual(linesOf(file), []);
    // A name may lead anywhere: that is looked at when it is asked for.
    read(await send(server, { word: 'x' }, { 'x-callback-url': 'http://localhost/' }));
    const letters = async () => {
      return JSON.parse((await ask(`${server.tron}/api/v1/dead-letters`)).text);
    };
    await until(async () => (await letters()).length === 1);
    const [{ queue, error }] = await letters();
    assert.deepEqual([queue, error.code], ['tron.callbacks', 'callback_refused']);
    assert.equal((await server.stop()).code, 0);
  });

  staged('a dead letter survives a kill, and is redriven; a cancelled call ends', async (stage) => {
    let server = await stage.serve();
    const file = join(stage.dir, 'runs.txt');
    await deploy(server, bundle, { props: { file } });
    const dead = read(await send(server, { word: 'late', fail: true }));
    await until(async () => (await statusOf(server, dead)) === 'dead');
    assert.equal(linesOf(file).length, 2);
    const slow = read(await send(server, { word: 'slow', ms: 60_000 }));
    await until(() => linesOf(file).length === 3);
    await server.kill();
    server = await stage.serve();
    // In hand once more; cancelled there.
    await until(() => linesOf(file).length === 4);
    assert.equal((await ask(server.door + slow.url, { method: 'DELETE' })).status, 202);
    await until(async () => (await statusOf(server, slow)) === 'cancelled');
    const gone = await ask(`${server.door}${slow.url}/result`);
    assert.equal(verdict(gone), '410 cancelled runner');
    writeFileSync(`${file}.healed`, '');
    const tron = ['--tron', server.tron];
    assert.match((await stage.run('dead', 'list', ...tron)).out, /not today/);
    assert.equal((await stage.run('dead', 'redrive', dead.id, ...tron)).code, 0);
    await until(async () => (await statusOf(server, dead)) === 'done');
    assert.equal((await stage.run('calls', 'result', dead.id, ...tron)).out, '{"said":"late"}');
    assert.equal((await server.stop()).code, 0);
  });
});

/** The receiver of docs/async.md in a language: tells whether it takes a callback for genuine. */
function receiverOf(language: 'js' | 'python', dir: string) {
  const page = readFileSync(fileURLToPath(new URL('../docs/async.md', import.meta.url)), 'utf8');
  const sample = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(page)![1]!;
  const read = {
    js: `${sample}
const [header, body, secret] = JSON.parse(process.argv[2]);
console.log(isGenuine(header, Buffer.from(body), secret));\n`,
    python: `${sample}
import json, sys
header, body, secret = json.loads(sys.argv[1])
print(str(is_genuine(header, body.encode(), secret)).lower())\n`,
  };
  const file = join(dir, `receiver.${language === 'js' ? 'mjs' : 'py'}`);
  writeFileSync(file, read[language]);
  const program = language === 'js' ? process.execPath : 'python3';
  return async (...given: [header: string, body: string, secret: string]): Promise<string> => {
    const child = spawn(program, [file, JSON.stringify(given)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await Promise.all([buffer(child.stdout), once(child, 'close')]);
    return said.toString().trim();
  };
}

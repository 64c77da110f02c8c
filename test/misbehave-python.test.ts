/** Python Funcs that do what they should not: their callers are told, others notice nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deploy } from './fixture/bundle.ts';
import type { BundleSpec } from './fixture/bundle.ts';
import { ask, hammer, verdict } from './fixture/client.ts';
import type { Hammer } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const bad = `
import asyncio, ctypes, os, signal, sys, threading, time

kept = []

def fine(): return True
def throws(): raise ValueError("of the Func")
def divides(): return 1 / 0
def stops(): raise StopIteration("odd")
def leaves(): sys.exit(3)
def interrupts(): raise KeyboardInterrupt()
def exits(): os._exit(0)
def aborts(): os.abort()
def segfaults(): os.kill(os.getpid(), signal.SIGSEGV); time.sleep(60)
def reads_null(): ctypes.string_at(0)
def recurses(): return recurses()
def waits(): threading.Event().wait()
def loops():
    while True: pass
async def waits_async(): await asyncio.Event().wait()
async def blocks_loop(): time.sleep(60)
async def throws_async(): raise ValueError("of the Func")
def leaks():
    while True: kept.append(bytearray(b"x" * 1_000_000))
def asks_too_much(): return len(bytes(10**13))
def floods():
    block = b"a line of sixty-three characters and the end of it, so to say..\\n" * 16384
    for _ in range(1024): os.write(1, block)
def chatters():
    for at in range(100_000): print("chatter", at)
    return "chattered"
def functions(): return fine
def cycles():
    o = {}
    o["o"] = o
    return o
def bad_status(): return {"status": 99, "headers": {}, "body": "x"}
def bad_header(): return "x", 200, {"x-a": "b\\r\\nset-cookie: c"}
def infinite(): return float("nan")
def breaks_off():
    yield "a" * 70_000
    raise ValueError("in the middle")
def closes_sockets():
    os.closerange(3, 256)
    time.sleep(60)
def tells():
    print("called once more", flush=True)
    threading.Timer(0.05, os._exit, [1]).start()
    time.sleep(60)
def tells_post(): tells()
`;

const verdicts: Record<string, string> = {
  throws: '500 func_failed func',
  divides: '500 func_failed func',
  stops: '500 func_failed func',
  throws_async: '500 func_failed func',
  recurses: '500 func_failed func',
  asks_too_much: '500 func_failed func',
  leaves: '500 func_failed func',
  interrupts: '500 func_failed func',
  exits: '502 func_exited func',
  aborts: '502 func_exited func',
  segfaults: '502 func_exited func',
  reads_null: '502 func_exited func',
  waits: '504 func_timeout func',
  loops: '504 func_timeout func',
  waits_async: '504 func_timeout func',
  blocks_loop: '504 func_timeout func',
  leaks: '502 func_memory func',
  functions: '502 func_bad_result func',
  cycles: '502 func_bad_result func',
  bad_status: '502 func_bad_result func',
  bad_header: '502 func_bad_result func',
  infinite: '502 func_bad_result func',
};
const brief: Record<string, string> = {
  ...{ waits: '500ms', loops: '500ms', waits_async: '500ms', blocks_loop: '500ms' },
  ...{ floods: '2s', closes_sockets: '1s' },
};

function spec(name: string, code: string): BundleSpec {
  const names = [...code.matchAll(/^(?:async )?def (\w+)/gm)].map((match) => match[1]!);
  const all = names.map((operationId) => {
    const timeout = brief[operationId] ?? '30s';
    const method = operationId === 'tells_post' ? 'POST' : 'GET';
    return [`${method} /${operationId}`, { operationId, 'x-funcatron': { timeout } }] as const;
  });
  return {
    name,
    operations: Object.fromEntries(all),
    settings: { runtime: 'python', handler: 'app.py', memory: '160Mi' },
    files: { 'app.py': code },
  };
}

const stage = new Stage();
let server: Server;
let bystander: Hammer | undefined;

before(async () => {
  server = await stage.serve();
  await deploy(server, spec('good', 'def fine(): return {"fine": True}\n'));
  await deploy(server, spec('bad', bad));
  bystander = hammer(`${server.door}/good/fine`, 2, ({ status, text }) => {
    return status === 200 && text === '{"fine":true}';
  });
});
after(() => Promise.resolve(bystander?.stop()).finally(() => stage.close()));

for (const [name, expected] of Object.entries(verdicts))
  test(`a Func that ${name}`, async () => {
    await ask(`${server.door}/bad/fine`);
    const answer = await ask(`${server.door}/bad/${name}`);
    assert.equal(verdict(answer), expected, answer.text);
    assert.doesNotMatch(answer.text, /app\.py/);
  });

test('a Func that closes what is not its own is ended, by deadline at the latest', async () => {
  const answer = await ask(`${server.door}/bad/closes_sockets`);
  assert.match(verdict(answer), /^(504 func_timeout|502 func_exited) func$/);
});

test('a Func that ends the worker is not called twice for one POST', async () => {
  const runs = (): number => server.lines.filter(({ msg }) => msg === 'called once more').length;
  for (const [method, path] of [
    ['POST', 'tells_post'],
    ['GET', 'tells'],
  ]) {
    const answer = await ask(`${server.door}/bad/${path}`, { method });
    assert.equal(verdict(answer), '502 func_exited func', answer.text);
  }
  await until(() => runs() === 3);
});

test('a Func that floods standard output with 1 GB waits until its deadline', async () => {
  await ask(`${server.door}/bad/fine`);
  const answer = await ask(`${server.door}/bad/floods`);
  assert.equal(verdict(answer), '504 func_timeout func');
  await server.line((line) => line.bundle === 'bad' && /dropped \d+ lines/.test(line.msg));
});

test('a Func that says 100,000 lines is heard in part', async () => {
  const answer = await ask(`${server.door}/bad/chatters`);
  assert.deepEqual([answer.status, answer.text], [200, '"chattered"']);
});

test('an answer that breaks off is broken for its caller, too', async () => {
  await assert.rejects(ask(`${server.door}/bad/breaks_off`), { code: 'ECONNRESET' });
});

test('after all that the bundle still answers', async () => {
  const answer = await ask(`${server.door}/bad/fine`);
  assert.deepEqual([answer.status, answer.text], [200, 'true']);
});

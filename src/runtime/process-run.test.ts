import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FuncatronError } from '../errors.ts';
import { Cancellation, empty } from '../message.ts';
import type { Body, CallHead, Reply } from '../message.ts';
import { allGone, leftovers, uniqueSleep } from '../watchdog/fixture/leftover.ts';
import { collect, pattern } from './conformance-subject.ts';
import { fixtureAssignment } from './conformance.ts';
import { processRuntime } from './process.ts';
import type { FuncLog, FuncSpec, StartOptions, Worker, WorkerExit } from './runtime.ts';

const dir = fileURLToPath(new URL('fixture/process', import.meta.url));
const limits = { timeout: 30_000 };

const commands: Record<string, string[]> = {
  env: ['sh', '-c', 'echo "$FUNCATRON_PARAM_QUERY_N $FUNCATRON_PROPS $FIXTURE_ENV"'],
  status: ['sh', '-c', 'echo first >&2; echo last >&2; exit 3'],
  segfault: ['sh', '-c', 'kill -SEGV $$'],
  zeros: ['head', '-c', '3000000', '/dev/zero'],
  late: ['late-failure.pl'],
  background: ['background.sh'],
  hungry: ['hungry.pl'],
  family: ['family.sh'],
  deaf: ['sh', '-c', 'exec <&-; echo heard nothing'],
  cat: ['cat'],
};

const specs: FuncSpec[] = Object.entries(commands).map(([operationId, command]) => ({
  operationId,
  command,
}));

interface Open {
  worker: Worker;
  logs: FuncLog[];
  exit: Promise<WorkerExit>;
  logged(text: string): Promise<void>;
  call(op: string, body?: Body, head?: Partial<CallHead>, end?: Cancellation): Promise<Reply>;
}

async function open(over: Partial<StartOptions> = {}, assign = {}): Promise<Open> {
  const logs: FuncLog[] = [];
  let heard = (): void => undefined;
  const { promise: exit, resolve: onExit } = Promise.withResolvers<WorkerExit>();
  const onLog = (line: FuncLog): void => {
    logs.push(line);
    heard();
  };
  const worker = await processRuntime.start({ socketDir: dir, ...over }, { onLog, onExit });
  const assignment = { ...fixtureAssignment(dir), funcs: specs, stacks: false, ...assign };
  await worker.assign(assignment);
  return {
    worker,
    logs,
    exit,
    async logged(text) {
      while (!logs.some((line) => line.text === text))
        await new Promise<void>((resolve) => (heard = resolve));
    },
    call(operationId, body = empty, head = {}, cancellation) {
      const whole: CallHead = {
        v: 1,
        action: 'call',
        id: `${operationId}-id`,
        method: 'POST',
        scheme: 'http',
        host: 'fixture.test',
        path: '/',
        query: '',
        headers: {},
        remote: '127.0.0.1',
        deadline: Date.now() + 30_000,
        ...head,
      };
      const call = { operationId, head: whole, body, kind: 'binary' as const };
      return worker.call(cancellation ? { ...call, cancellation } : call);
    },
  };
}

let shared: Open;
before(async () => {
  shared = await open();
});
after(async () => {
  shared.worker.kill();
  assert.equal((await shared.exit).signal, 'SIGKILL');
});

test('parameters, props and the bundle’s variables reach the program', limits, async () => {
  const params = { path: {}, query: { n: [1, 2] }, header: {}, cookie: {} };
  const reply = await shared.call('env', empty, { params });
  const { props } = fixtureAssignment(dir);
  assert.equal((await collect(reply.body)).toString(), `[1,2] ${JSON.stringify(props)} yes\n`);
  assert.equal(reply.head.headers['content-type'], 'text/plain; charset=utf-8');
});

test('an exit status is told; what was said goes to the log alone', limits, async () => {
  await assert.rejects(shared.call('status'), (error: FuncatronError) => {
    assert.equal(error.code, 'func_failed');
    assert.match(error.message, /ended with exit status 3$/);
    assert.equal(error.funcStack, undefined);
    return true;
  });
  const lines = shared.logs.filter((line) => line.requestId === 'status-id');
  assert.deepEqual(
    lines.map(({ level, text }) => [level, text]),
    [
      ['warn', 'first'],
      ['warn', 'last'],
    ],
  );
});

test('where stacks are shown, so is what was said', limits, async () => {
  const { worker, call, exit } = await open({}, { stacks: true });
  await assert.rejects(call('status'), (error: FuncatronError) => {
    assert.match(error.message, /exit status 3: last$/);
    assert.equal(error.funcStack, 'first\nlast');
    return true;
  });
  await worker.drain();
  assert.equal((await exit).code, 0);
});

test('a signal is named', limits, () =>
  assert.rejects(shared.call('segfault'), { code: 'func_exited', message: /signal SIGSEGV/ }),
);

test('a large answer comes while the program runs; its failure breaks it', limits, async () => {
  let finish = (): void => undefined;
  const body = (async function* () {
    await new Promise<void>((resolve) => (finish = resolve));
    yield Buffer.from('\n');
  })();
  const { head, body: answer } = await shared.call('late', body);
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-type'], 'text/plain; charset=utf-8');
  finish();
  await assert.rejects(collect(answer), { code: 'func_failed', message: /exit status 9/ });
});

test('an answer over the limit is broken off, and the option named', limits, async () => {
  const { worker, call } = await open({ replyBytesMax: 1_000_000 });
  const { body } = await call('zeros');
  await assert.rejects(collect(body), { code: 'func_bad_result', message: /--reply-max/ });
  worker.kill();
});

test('a reader who leaves ends the program', limits, async () => {
  const { body } = await shared.call('late', (async function* () {})());
  assert.ok(!(body instanceof Uint8Array));
  await body[Symbol.asyncIterator]().return!();
  while (shared.worker.open > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a background process may finish the output', limits, async () => {
  const { body } = await shared.call('background');
  assert.equal((await collect(body)).toString(), 'early\nlate\n');
});

test('a program that does not want its input need not read it', limits, async () => {
  let told = false;
  const body = (async function* () {
    try {
      for (;;) yield pattern(100_000);
    } finally {
      told = true;
    }
  })();
  const reply = await shared.call('deaf', body);
  assert.equal((await collect(reply.body)).toString(), 'heard nothing\n');
  while (!told) await new Promise((resolve) => setImmediate(resolve));
});

test('a request that breaks off ends its program', limits, async () => {
  const body = (async function* () {
    yield Buffer.from('begun');
    throw new Error('the client went away');
  })();
  const wanted = { code: 'cancelled', message: /the client went away/ };
  await assert.rejects(shared.call('cat', body), wanted);
});

test('one over the memory limit is ended, and no other', limits, async () => {
  const { worker, call, logged } = await open({}, { memoryBytesMax: 50_000_000 });
  const hungry = assert.rejects(call('hungry'), { code: 'func_memory', message: /50000000/ });
  const { promise, resolve } = Promise.withResolvers<void>();
  const other = call(
    'cat',
    (async function* () {
      await promise;
      yield Buffer.from('spared');
    })(),
  );
  await logged('fed');
  assert.ok(worker.rssBytes() < 50_000_000);
  await hungry;
  resolve();
  assert.equal((await collect((await other).body)).toString(), 'spared');
  worker.kill();
});

test('a cancelled call takes everything it started with it', limits, async () => {
  const token = uniqueSleep();
  const cancellation = new Cancellation();
  const { worker, call, logged } = await open();
  const family = assert.rejects(call('family', empty, { query: token }, cancellation), {
    code: 'cancelled',
  });
  await logged('up');
  while ((await leftovers(token)).length < 2);
  cancellation.cancel();
  await family;
  assert.equal(worker.open, 1);
  await allGone(token);
  await worker.drain();
  assert.equal(worker.open, 0);
});

test('a worker that is killed leaves nothing', limits, async () => {
  const token = uniqueSleep();
  const { worker, call, logged, exit } = await open();
  const family = assert.rejects(call('family', empty, { query: token }), { code: 'func_exited' });
  await logged('up');
  worker.kill();
  await Promise.all([family, exit, allGone(token)]);
});

test('props that no variable can hold are refused at once', limits, () =>
  assert.rejects(open({}, { props: { big: 'x'.repeat(200_000) } }), {
    code: 'worker_start_failed',
    message: /FUNCATRON_PROPS has \d+ bytes/,
  }),
);

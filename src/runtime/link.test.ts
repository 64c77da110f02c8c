import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { FuncatronError } from '../errors.ts';
import { Cancellation, empty } from '../message.ts';
import { fixtureAssignment } from './conformance.ts';
import { collect } from './conformance-subject.ts';
import { startWireWorker } from './launch.ts';
import type { FuncLog, StartOptions, Worker, WorkerCall, WorkerExit } from './runtime.ts';

const rogue = join(import.meta.dirname, 'fixture', 'rogue', 'worker.mjs');

interface Rogue {
  worker: Worker;
  logs: FuncLog[];
  exit: Promise<WorkerExit>;
}

describe('a worker that misbehaves', () => {
  let socketDir: string;
  before(async () => {
    socketDir = await mkdtemp(join(tmpdir(), 'fct-'));
  });
  after(async () => {
    assert.deepEqual(await readdir(socketDir), [], 'sockets left behind');
    await rm(socketDir, { recursive: true });
  });

  async function start(mode: string, options: Partial<StartOptions> = {}): Promise<Rogue> {
    const logs: FuncLog[] = [];
    const { promise: exit, resolve } = Promise.withResolvers<WorkerExit>();
    const worker = await startWireWorker(
      { label: 'rogue worker', command: [process.execPath, rogue, mode] },
      { socketDir, ...options },
      { onLog: (line) => logs.push(line), onExit: resolve },
    );
    return { worker, logs, exit };
  }

  async function assigned(mode: string): Promise<Rogue> {
    const subject = await start(mode);
    await subject.worker.assign(fixtureAssignment(socketDir));
    return subject;
  }

  const call = (over: Partial<WorkerCall> = {}): WorkerCall => ({
    operationId: 'any',
    kind: 'none',
    body: empty,
    head: {
      v: 1,
      action: 'call',
      id: 'the-id',
      method: 'GET',
      scheme: 'http',
      host: 'localhost',
      path: '/',
      query: '',
      headers: {},
      remote: '127.0.0.1',
      deadline: Date.now() + 30_000,
    },
    ...over,
  });

  const rejects = (promise: Promise<unknown>, code: string, text: RegExp): Promise<void> =>
    assert.rejects(promise, (error) => {
      assert.ok(error instanceof FuncatronError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, text);
      return true;
    });

  test('that cannot be started says what is not installed', () =>
    rejects(
      startWireWorker(
        { label: 'x worker', command: ['/no/such/program'] },
        { socketDir },
        { onLog: () => undefined, onExit: () => assert.fail('it never ran') },
      ),
      'dependency_missing',
      /x worker cannot be started: running "\/no\/such\/program" failed with ENOENT/,
    ));

  test('that ends before its hello: its last words are told', () =>
    rejects(start('exits'), 'worker_start_failed', /exit status 3\); it last wrote: no such luck/));

  test('that never says hello', () =>
    rejects(start('silent', { startTimeoutMs: 300 }), 'worker_start_failed', /within 300 ms/));

  test('that says something else first', () =>
    rejects(start('no-hello'), 'worker_protocol', /first frame is of type 7/));

  test('that speaks another version', () =>
    rejects(start('old-hello'), 'worker_protocol', /speaks version 0, the runner version 1/));

  test('whose socket path would be too long', () =>
    rejects(
      start('silent', { socketDir: join(socketDir, 'x'.repeat(100)) }),
      'worker_start_failed',
      /too long for a socket/,
    ));

  test('that refuses its bundle, answers it with rubbish, dies of it or never answers', async () => {
    const assign = async (mode: string, options = {}): Promise<unknown> => {
      const { worker } = await start(mode, options);
      return worker.assign(fixtureAssignment(socketDir)).finally(() => worker.kill());
    };
    const code = 'worker_start_failed';
    await rejects(assign('refuses'), code, /bundle fixture: loading it failed: not this one/);
    await rejects(assign('bad-assigned'), code, /ASSIGNED has no list/);
    await rejects(assign('dies-assigned'), code, /exit status 7\); it last wrote: cannot load/);
    await rejects(assign('never-assigned', { assignTimeoutMs: 200 }), code, /took over 0.2 s/);
  });

  const rubbish = {
    garbage: /frame length 1213486160 is over the limit/,
    oversize: /frame length 4294967295 is over the limit/,
    'unknown-type': /frame type 99 is unknown/,
    'wrong-way': /does not send frames of type 5/,
    'bad-json': /JSON cannot be parsed/,
    'bad-status': /an answer has the status "fine"/,
    'no-headers': /an answer has no headers/,
    'bad-failure': /a failure is no object/,
  };
  for (const [mode, text] of Object.entries(rubbish))
    test(`that sends ${mode} is killed and its calls fail`, async () => {
      const { worker, exit, logs } = await assigned(mode);
      await rejects(worker.call(call()), 'worker_protocol', text);
      assert.equal((await exit).signal, 'SIGKILL');
      assert.ok(logs.some((line) => line.level === 'error' && text.test(line.text)));
      await rejects(worker.call(call()), 'worker_protocol', text);
    });

  test('that overruns the window is killed, and the body breaks off', async () => {
    const { worker, exit } = await assigned('no-window');
    const reply = await worker.call(call());
    assert.equal((await exit).signal, 'SIGKILL');
    await rejects(collect(reply.body), 'worker_protocol', /more of a body than WINDOW allows/);
  });

  test('that answers twice: the first counts, the rest is a warning', async () => {
    const { worker, logs, exit } = await assigned('twice');
    const reply = await worker.call(call());
    assert.equal((await collect(reply.body)).toString(), 'first');
    assert.equal(await worker.ping(20_000), true);
    const warnings = logs.filter((line) => /more than once; ignored/.test(line.text));
    assert.deepEqual(
      warnings.map((line) => line.level),
      ['warn', 'warn'],
    );
    worker.kill();
    await exit;
  });

  test('that breaks an answer off', async () => {
    const { worker, exit } = await assigned('breaks-off');
    const reply = await worker.call(call());
    await rejects(collect(reply.body), 'func_failed', /Func any threw an error: no more/);
    assert.equal(worker.open, 0);
    worker.kill();
    await exit;
  });

  test('that fails a call without a word', async () => {
    const { worker, exit } = await assigned('bare-failure');
    await rejects(worker.call(call()), 'func_failed', /no reason given/);
    await worker.drain();
    assert.equal((await exit).code, 0);
  });

  test('that ends in the middle of a frame', async () => {
    const { worker, exit } = await assigned('half-a-frame');
    await rejects(worker.call(call()), 'func_exited', /ended during the call \(exit status 0\)/);
    assert.equal((await exit).code, 0);
  });

  test('that hangs up and stays is killed', async () => {
    const { worker, exit } = await assigned('hangs-up');
    await rejects(worker.call(call()), 'func_exited', /SIGKILL/);
    assert.equal((await exit).signal, 'SIGKILL');
  });

  test('whose children outlive it: they do not', async () => {
    const { worker, exit } = await assigned('parent');
    const reply = await worker.call(call());
    const pid = (await collect(reply.body)).toString();
    assert.ok(existsSync(`/proc/${pid}`));
    worker.kill();
    await exit;
    // The kernel takes a moment to bury what was killed, or leaves a zombie nobody waits for.
    while (await isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('that logs rubbish costs itself the line', async () => {
    const { worker, logs, exit } = await assigned('odd-logs');
    await worker.call(call());
    assert.deepEqual(logs[0], { level: 'info', text: '5' });
    assert.equal(logs[1]!.requestId, 'of-old');
    assert.equal(logs[1]!.text.length, 64 * 1024 + 64 + '... (cut)'.length);
    worker.kill();
    await exit;
  });

  for (const mode of ['many-logs', 'floods'])
    test(`that writes too many lines (${mode}) loses some, and it is said`, async () => {
      const { worker, logs, exit } = await assigned(mode);
      await worker.call(call());
      await worker.drain();
      await exit;
      assert.ok(logs.length < 4000, String(logs.length));
      assert.ok(logs.some((line) => /dropped \d+ lines/.test(line.text)));
    });

  test('that never ends a cancelled call: the call stays open until it ends', async () => {
    const { worker, exit } = await assigned('never-answers');
    const cancellation = new Cancellation();
    const gone = rejects(worker.call(call({ cancellation })), 'cancelled', /nobody waits/);
    cancellation.cancel();
    cancellation.cancel();
    await gone;
    assert.equal(worker.open, 1);
    worker.kill();
    await exit;
    assert.equal(worker.open, 0);
  });
});

async function isAlive(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && stat.split(' ')[2] !== 'Z';
}

/** How a Python bundle is found, loaded and refused, and what becomes of its output. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FuncatronError } from '../errors.ts';
import { fixtureAssignment } from './conformance.ts';
import { openSubject } from './conformance-subject.ts';
import type { Subject } from './conformance-subject.ts';
import { pythonRuntime } from './python.ts';
import type { Assignment, Worker } from './runtime.ts';

const fixture = fileURLToPath(new URL('fixture/python', import.meta.url));

function open(operationIds: string[], over: Partial<Assignment> = {}): Promise<Subject> {
  const funcs = operationIds.map((operationId) => ({ operationId }));
  const assignment = fixtureAssignment(fixture, { funcs, concurrency: 4, ...over });
  return openSubject({ kind: 'python', runtime: pythonRuntime, assignment });
}

async function withSubject(
  opening: Promise<Subject>,
  use: (subject: Subject) => Promise<void>,
): Promise<void> {
  const subject = await opening;
  try {
    await use(subject);
  } finally {
    await subject.close();
  }
}

/** A worker started, given the assignment when it is ready, and ended: what came of it. */
async function assign(
  assignment: Assignment,
  ready: (worker: Worker) => Promise<void> = async () => {},
): Promise<unknown> {
  const socketDir = await mkdtemp(join(tmpdir(), 'fct-'));
  const gone = Promise.withResolvers<unknown>();
  const events = { onLog: () => undefined, onExit: gone.resolve };
  try {
    const worker = await pythonRuntime.start({ socketDir }, events);
    await ready(worker);
    const outcome = await worker.assign(assignment).catch((thrown: unknown) => thrown);
    worker.kill();
    await gone.promise;
    return outcome;
  } catch (thrown) {
    return thrown;
  } finally {
    await rm(socketDir, { recursive: true });
  }
}

/** Waits until a worker has imported what bundles often import, which takes memory. */
async function warm(worker: Worker): Promise<void> {
  const cold = worker.rssBytes();
  for (let look = 0; look < 100 && worker.rssBytes() < cold + 6e6; look++)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A bundle of these files in a folder of its own. */
async function withBundle(
  files: Record<string, string>,
  use: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'fct-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe('finding Funcs', () => {
  test('by module, by handler, by the snake case of a name', async () => {
    const ids = ['pkg.sub.deep.find', 'bigBody', 'results.getPet'];
    await withSubject(open(ids, { handler: 'app.py' }), async ({ assigned, call }) => {
      assert.deepEqual(assigned.missing, []);
      assert.equal((await call('pkg.sub.deep.find')).bytes.toString(), '"pkg.sub.deep"');
    });
  });

  test('what is missing is named with what to define, and where', async () => {
    const ids = ['app.listPets', 'absent.find', 'listPets'];
    await withSubject(open(ids), async ({ assigned, open: begin }) => {
      assert.deepEqual(assigned.missing, [
        { operationId: 'app.listPets', mend: 'define `def list_pets(data, ctx):` in app.py' },
        {
          operationId: 'absent.find',
          mend: 'define `def find(data, ctx):` in absent.py, a file that is not there',
        },
        {
          operationId: 'listPets',
          mend:
            'operationId listPets names no module: call it module.list_pets, ' +
            'or set x-funcatron.handler to the file that defines it',
        },
      ]);
      await assert.rejects(begin('absent.find'), /absent.find: define `def find/);
      await assert.rejects(begin('unheard.of'), { code: 'func_missing' });
    });
    await withSubject(open(['listPets'], { handler: 'nowhere.py' }), async ({ assigned }) => {
      assert.match(assigned.missing[0]!.mend, /list_pets.* in nowhere.py, a file that is not/);
    });
  });

  test('a handler in a folder, beside its own modules, and what the build vendored', () =>
    withBundle(
      {
        'src/app.py': 'import beside, vendored\ndef f(): return [beside.a, vendored.b, vendored.c]',
        'src/beside.py': 'a = 1',
        'vendor/vendored/__init__.py': 'b = 2\nfrom wheel_of_pex import c',
        '.deps/some.whl/wheel_of_pex.py': 'c = 3',
      },
      (dir) =>
        withSubject(open(['f'], { dir, handler: 'src/app.py' }), async ({ call }) => {
          assert.equal((await call('f')).bytes.toString(), '[1,2,3]');
        }),
    ));

  test('a module of the bundle goes before one of Python, in a warm worker too', () =>
    withBundle(
      { 'calls.py': 'from queue import own', 'queue.py': 'def own(): return []' },
      async (dir) => {
        const assignment = fixtureAssignment(dir, { funcs: [{ operationId: 'calls.own' }] });
        assert.deepEqual(await assign(assignment), { missing: [] });
        assert.deepEqual(await assign(assignment, warm), { missing: [] });
      },
    ));
});

describe('a bundle that does not load is refused', () => {
  const refused = async (module: string): Promise<FuncatronError> => {
    const error = await assign(
      fixtureAssignment(fixture, { funcs: [{ operationId: `${module}.f` }] }),
    );
    assert.ok(error instanceof FuncatronError);
    assert.equal(error.code, 'worker_start_failed');
    return error;
  };

  test('with the lines that failed', async () => {
    const error = await refused('refused_import');
    assert.match(error.message, /RuntimeError: not today/);
    assert.match(error.funcStack!, /File "refused_import.py", line 5, in <module>\n {4}helper\(\)/);
    assert.doesNotMatch(error.funcStack!, /funcatron_worker|importlib/);
  });

  test('naming the package that is not installed', async () => {
    const error = await refused('needs_package');
    assert.match(error.message, /add a_package_nobody_has to requirements.txt/);
  });

  test('saying that it left', async () => {
    assert.match((await refused('exits')).message, /called sys.exit\('at import'\)/);
  });

  test('when a service does not open', async () => {
    const props = { db: { type: 'sqlite' } };
    const error = await assign(
      fixtureAssignment(fixture, { funcs: [{ operationId: 'orders.plain' }], props }),
    );
    assert.ok(error instanceof FuncatronError);
    assert.match(error.message, /KeyError: 'file'/);
  });
});

describe('what a Func prints and logs', () => {
  const names = 'prints logs logs_in_tasks floods long_line';
  let subject: Subject;
  before(async () => {
    subject = await open(names.split(' ').map((name) => `log_lines.${name}`));
  });
  after(() => subject.close());

  const lines = async (name: string): Promise<string[]> => {
    await subject.call(`log_lines.${name}`, { id: name });
    return subject.logs
      .filter((line) => line.requestId === name)
      .map((line) => `${line.level} ${line.text}`);
  };

  test('lines, however they are written, with their call', async () => {
    assert.deepEqual(await lines('prints'), [
      'info one two',
      'info three',
      'info four',
      'warn five',
      'info six',
      'info no end',
    ]);
  });

  test('records of logging keep their level, fields need not be JSON', async () => {
    assert.deepEqual(await lines('logs'), ['info by logging', 'error bad', 'info count 3']);
    const line = await subject.logged((entry) => entry.text === 'count 3');
    assert.deepEqual(line.fields, { unit: "<class 'object'>" });
  });

  test('tasks and asyncio.to_thread belong to the call', async () => {
    assert.deepEqual((await lines('logs_in_tasks')).sort(), [
      'info task 1',
      'info task 2',
      'info thread',
    ]);
  });

  test('a long line is cut', async () => {
    const [line] = await lines('long_line');
    assert.match(line!, /^info ä{32768} \[cut: the line has 200000 bytes, the limit is 65536\]$/);
  });

  test('a flood is dropped, and the drops counted', async () => {
    const got = await lines('floods');
    assert.ok(got.length <= 1000, String(got.length));
    assert.equal((await subject.call('log_lines.logs')).status, 204);
    await subject.logged((line) => /^dropped \d+ lines/.test(line.text));
  });

  test('a bundle may set logging up itself', () =>
    withSubject(open(['configured_log.logs']), async ({ call, logs }) => {
      await call('configured_log.logs');
      assert.deepEqual(
        logs.map(({ level, text }) => [level, text]),
        [['debug', 'mine: fine']],
      );
    }));

  test('context variables do not leak from call to call', () =>
    withSubject(open(['leaks_context.set_it']), async ({ call }) => {
      for (let turn = 0; turn < 3; turn++)
        assert.equal((await call('leaks_context.set_it')).bytes.toString(), '"nothing"');
    }));
});

describe('the interpreter', () => {
  const start = async (named: string): Promise<unknown> => {
    const own = process.env['FUNCATRON_PYTHON'];
    process.env['FUNCATRON_PYTHON'] = named;
    try {
      return await assign(fixtureAssignment(fixture, { handler: 'app.py' }));
    } finally {
      if (own === undefined) delete process.env['FUNCATRON_PYTHON'];
      else process.env['FUNCATRON_PYTHON'] = own;
    }
  };

  test('that is not there, or too old, is asked for', async () => {
    const absent = await start('/nowhere/python3');
    assert.ok(absent instanceof FuncatronError);
    assert.equal(absent.code, 'dependency_missing');
    assert.match(absent.message, /no such program; install python3 .*FUNCATRON_PYTHON/);
    await withBundle({ old: '#!/bin/sh\necho /usr/bin/python3\necho 3 8\n' }, async (dir) => {
      await chmod(join(dir, 'old'), 0o755);
      const old = await start(join(dir, 'old'));
      assert.ok(old instanceof FuncatronError);
      assert.match(old.message, /need Python 3.9 or newer, and ".*old" is Python 3.8/);
    });
  });
});

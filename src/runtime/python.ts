/** Python workers: CPython 3.9 and newer, the standard library and what the bundle vendored. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FuncatronError } from '../errors.ts';
import { startWireWorker } from './launch.ts';
import type { Runtime, StartOptions, Worker, WorkerEvents } from './runtime.ts';

const entry = fileURLToPath(new URL('../../workers/python/main.py', import.meta.url));
const oldest = [3, 9] as const;
/**
 * Isolated, so that neither the machine's site-packages nor PYTHON variables reach a bundle: it
 * runs with what its build vendored, everywhere the same; and that starts in half the time.
 * Output is unbuffered and a crash in C code says in which line of Python.
 */
const flags = ['-I', '-S', '-u', '-X', 'utf8', '-X', 'faulthandler'];
const outOfMemory = /^worker ends: .*Memory/m;
const probe = 'import sys; print(sys.executable); print(*sys.version_info[:2])';
const probeTimeoutMs = 10_000;

/** The interpreter to use: FUNCATRON_PYTHON (a path or a name on PATH), else python3. */
interface Interpreter {
  named: string;
  /** What it really is, shims of version managers resolved: those cost 100 ms a start. */
  path: string;
}

class PythonRuntime implements Runtime {
  readonly kind = 'python';
  readonly warmable = true;
  #found: Promise<Interpreter> | undefined;

  async start(options: StartOptions, events: WorkerEvents): Promise<Worker> {
    const { path } = await this.#interpreter();
    const command = [path, ...flags, entry];
    return startWireWorker({ label: 'python worker', command, outOfMemory }, options, events);
  }

  /** Looked up once, and again when it is another one that is asked for or it was not there. */
  async #interpreter(): Promise<Interpreter> {
    const named = process.env['FUNCATRON_PYTHON'] || 'python3';
    const known = await this.#found?.catch(() => undefined);
    if (known?.named === named) return known;
    return (this.#found = findInterpreter(named));
  }
}

/** Rejects with `dependency_missing` when there is no such program or it is too old. */
async function findInterpreter(named: string): Promise<Interpreter> {
  const asked = await promisify(execFile)(named, ['-I', '-S', '-c', probe], {
    timeout: probeTimeoutMs,
  }).catch((cause: NodeJS.ErrnoException) => {
    const how =
      cause.code === 'ENOENT' ? 'there is no such program' : `it fails: ${cause.message.trim()}`;
    throw missing(`running "${named}" is not possible, ${how}`, cause);
  });
  const [path = '', version = ''] = asked.stdout.split('\n');
  const [major = 0, minor = 0] = version.split(' ').map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    throw missing(`"${named}" is Python ${major}.${minor}`);
  return { named, path: path || named };
}

const missing = (what: string, cause?: unknown): FuncatronError =>
  new FuncatronError(
    'dependency_missing',
    `Python bundles need Python ${oldest.join('.')} or newer, and ${what}; install python3 ` +
      '(Debian: apt-get install python3) or set FUNCATRON_PYTHON to an interpreter',
    { cause },
  );

export const pythonRuntime: Runtime = new PythonRuntime();

/**
 * Programs started by a small helper process, `workers/process/spawner.pl`, which describes what
 * passes between the two. Against starting them from here: the fork costs the helper's few
 * megabytes and not ours, and off our event loop; standard streams are pipes; and no process
 * escapes, since orphans become the helper's children, and go with it when it or we go.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, constants } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openDirect } from './direct.ts';
import { cleanEnv } from './environment.ts';
import { signalGroup } from './group.ts';
import { openHeld, PipeProgram } from './pipe-program.ts';
import type { Program, ProgramSpec, Spawner } from './program.ts';
import { withSecrets } from './secret-mount.ts';
import { killTree, ownChildrenOf, variableOf } from './tree.ts';

const script = 'workers/process/spawner.pl';
/** Numbers of the system call prctl(2), which makes the helper inherit orphans. */
const prctl: Partial<Record<NodeJS.Architecture, number>> = { x64: 157, arm64: 167 };
/** The variable that tells which program a process came from, whatever became of its parents. */
const mark = 'FUNCATRON_PROGRAM';
/** Looks for leftovers are that far apart: one does for many calls. */
const lookMs = 10;

/**
 * Opens the helper; where there is none (no perl, no /proc) a spawner that does without.
 * `env` is what every program sees, under what each spec says; `secretsDir` is mounted where they
 * look for secrets, if the helper may.
 */
export async function openSpawner(
  env: Record<string, string>,
  secretsDir?: string,
): Promise<Spawner> {
  if (process.platform !== 'linux') return openDirect(env);
  const helper = new Helper(env, secretsDir);
  if (await helper.ready) return helper;
  await helper.close();
  return openDirect(env);
}

class Helper implements Spawner {
  /** Whether it runs and its pipes can be opened from here. */
  readonly ready: Promise<boolean>;
  readonly #child: ChildProcess;
  /** Stands in when the helper was lost. */
  readonly #direct: Spawner;
  /** Those that run or have not been swept. */
  readonly #programs = new Map<string, PipeProgram>();
  readonly #gone: Promise<void>;
  #settleReady: (ready: boolean) => void = () => undefined;
  #sequence = 0;
  #lost = false;
  #closed = false;
  #heard = '';
  /** Whether orphans become the helper's children. */
  #inherits = false;
  /** Leaders that are gone, whose groups may not be. */
  #swept: number[] = [];
  #looking: NodeJS.Timeout | undefined;

  constructor(env: Record<string, string>, secretsDir: string | undefined) {
    this.#direct = openDirect(env);
    this.ready = new Promise((resolve) => (this.#settleReady = resolve));
    const helper = ['perl', ...scriptArgs(), String(prctl[process.arch] ?? 0)];
    const [file, ...args] = withSecrets(secretsDir, helper) as [string, ...string[]];
    this.#child = spawn(file, args, {
      env: { ...cleanEnv(), LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    this.#gone = new Promise<void>((resolve) => {
      const lose = (): void => resolve(this.#lose());
      this.#child.once('error', lose).once('exit', lose);
    });
    this.#child.stdin!.on('error', () => undefined);
    this.#child.stdout!.setEncoding('latin1').on('data', (text: string) => this.#hear(text));
    this.#send('env', ...pairs(env));
  }

  get pid(): number | undefined {
    return this.#lost ? undefined : this.#child.pid;
  }

  async spawn(spec: ProgramSpec): Promise<Program> {
    if (this.#closed) throw Object.assign(new Error('closed'), { code: 'ECANCELED' });
    if (this.#lost) return this.#direct.spawn(spec);
    if (holdsNul(spec)) throw Object.assign(new Error('a NUL byte'), { code: 'EINVAL' });
    const id = String(++this.#sequence);
    const program = new PipeProgram(() => this.#sweep(id, program));
    this.#programs.set(id, program);
    const { argv, env, cwd, file, stdin, merges } = spec;
    const wants = (stdin ? 'i' : '') + (merges ? 'm' : '');
    const variables = pairs({ ...env, [mark]: id });
    this.#send('run', id, wants, cwd, file, String(argv.length), ...argv, ...variables);
    try {
      return await program.started;
    } catch (error) {
      this.#sweep(id, program);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const program of this.#programs.values()) signalGroup(program.pid, 'SIGKILL');
    this.#child.stdin!.end();
    await Promise.all([this.#gone, this.#direct.close()]);
  }

  #send(...fields: string[]): void {
    const text = fields.join('\0');
    const bytes = Buffer.byteLength(text);
    const frame = Buffer.allocUnsafe(4 + bytes);
    frame.writeUInt32BE(bytes);
    frame.write(text, 4);
    this.#child.stdin!.write(frame);
  }

  #hear(text: string): void {
    const lines = (this.#heard + text).split('\n');
    this.#heard = lines.pop()!;
    for (const line of lines) {
      const [verb, id, ...numbers] = line.split(' ');
      if (verb === 'ready') {
        this.#inherits = numbers[0] === '1';
        this.#settleReady(this.#canOpen(Number(id)));
      } else this.#told(verb!, id!, numbers.map(Number));
    }
  }

  #told(verb: string, id: string, numbers: number[]): void {
    const program = this.#programs.get(id);
    const [first = 0, ...rest] = numbers;
    if (verb === 'started') {
      program?.open(first, this.#child.pid!, rest);
      this.#send('opened', id);
    } else if (verb === 'exited') program?.end(first);
    else if (verb === 'failed') program?.fail(first);
    else if (verb === 'refused') program?.refuse(first);
  }

  #canOpen(number: number): boolean {
    try {
      closeSync(openHeld(this.#child.pid!, number, constants.O_RDONLY));
      return true;
    } catch {
      return false;
    }
  }

  #sweep(id: string, program: PipeProgram): void {
    if (!this.#programs.delete(id)) return;
    if (program.pid !== 0) this.#swept.push(program.pid);
    this.#looking ??= setTimeout(() => this.#killOrphans(), lookMs);
  }

  /**
   * Kills what swept programs left: their groups, and orphans that bear their mark; those without
   * one when no program runs at all. There is nothing to kill while the helper has no other child.
   */
  #killOrphans(): void {
    this.#looking = undefined;
    if (this.#lost) return;
    const leaders = new Set(Array.from(this.#programs.values(), (program) => program.pid));
    const others = ownChildrenOf(this.#child.pid!).filter((pid) => !leaders.has(pid));
    if (others.length > 0 || !this.#inherits) this.#killSwept();
    this.#swept = [];
    const done = others.filter((pid) => {
      const id = variableOf(pid, mark);
      return id === undefined ? leaders.size === 0 : !this.#programs.has(id);
    });
    for (const pid of done) killTree(pid);
    // What a killed one had started is an orphan only now.
    if (done.length > 0) this.#looking ??= setTimeout(() => this.#killOrphans(), lookMs);
  }

  #killSwept(): void {
    for (const pid of this.#swept) signalGroup(pid, 'SIGKILL');
  }

  #lose(): void {
    this.#lost = true;
    this.#settleReady(false);
    clearTimeout(this.#looking);
    this.#killSwept();
    for (const program of this.#programs.values()) {
      signalGroup(program.pid, 'SIGKILL');
      program.end(osConstants.signals.SIGKILL);
    }
    this.#programs.clear();
  }
}

/** What makes perl run the helper: its file or, within a single executable, all its text. */
function scriptArgs(): string[] {
  const { getAsset, isSea } = process.getBuiltinModule('node:sea');
  if (isSea()) return ['-e', getAsset(script, 'utf8')];
  return [fileURLToPath(new URL(`../../${script}`, import.meta.url))];
}

/** NUL separates the fields of a frame, and ends every argument and variable. */
function holdsNul({ file, argv, cwd, env }: ProgramSpec): boolean {
  return [file, cwd, ...argv, ...pairs(env)].some((text) => text.includes('\0'));
}

function pairs(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

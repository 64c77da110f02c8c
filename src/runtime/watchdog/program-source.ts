/** The program of a watchdog: where it is, who starts it, and where its lines go. */
import { FuncatronError } from '../../errors.ts';
import { findCommand } from '../../watchdog/command.ts';
import type { FoundCommand } from '../../watchdog/command.ts';
import { notOnPath, goStartFailure } from '../../watchdog/go.ts';
import { LineGate } from '../../watchdog/line.ts';
import type { Spawner } from '../../watchdog/program.ts';
import { openSpawner } from '../../watchdog/spawner.ts';
import { readCpuMs } from '../../watchdog/tree.ts';
import type { ModeContext } from './mode.ts';

/** A folder that holds nothing: what is looked for is looked for on PATH alone. */
const nowhere = '/var/empty';

export class ProgramSource {
  readonly gate: LineGate;
  readonly #context: ModeContext;
  #spawner: Spawner | undefined;
  #found: FoundCommand | undefined;
  #ended = false;

  constructor(context: ModeContext) {
    this.#context = context;
    this.gate = new LineGate((dropped) => {
      const text = `dropped ${dropped} lines: too many in one second`;
      context.onLog({ level: 'warn', text });
    });
  }

  get spawner(): Spawner {
    if (!this.#spawner) throw new FuncatronError('worker_start_failed', 'the watchdog is not open');
    return this.#spawner;
  }

  get pid(): number | undefined {
    return this.#spawner?.pid;
  }

  /** Of all that was started, where a process of its own starts it. */
  cpuMs(): number {
    return this.pid === undefined ? 0 : readCpuMs(this.pid);
  }

  async open(): Promise<void> {
    const { env, assignment } = this.#context;
    this.#spawner = await openSpawner(env, assignment.secretsDir);
    if (this.#ended) await this.#spawner.close();
  }

  /**
   * The program, or what Go would say of it. PATH goes before the bundle, as everywhere with
   * OpenFaaS; one that is missing is looked for again by the next call.
   */
  async find(): Promise<FoundCommand | string> {
    if (this.#found) return this.#found;
    const { command, assignment, env } = this.#context;
    const [name = ''] = command;
    const path = env['PATH'] ?? '';
    const places = name.includes('/') ? [assignment.dir] : [nowhere, assignment.dir];
    for (const dir of places) {
      const found = await findCommand(command, { dir, path });
      if (!('mend' in found)) return (this.#found = found);
      if (dir === assignment.dir) this.#context.onLog({ level: 'warn', text: found.mend });
    }
    return name.includes('/') ? goStartFailure(name, 'ENOENT') : notOnPath(name);
  }

  /** What was found is not there any more. */
  forget(): void {
    this.#found = undefined;
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#spawner?.close();
    this.gate.close();
  }
}

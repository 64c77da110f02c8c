/**
 * Steady mixed load: calls that may run twice, calls that may not, asynchronous ones, and large and
 * streamed bodies, which go past the broker.
 */
import { Agent } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { damagedMark, largeBytes, pattern, timeoutMs } from './bundle.ts';
import type { Member } from './cluster.ts';
import { Phase } from './phase.ts';
import { ask } from './request.ts';
import type { Request } from './request.ts';

/** A call without an end so long after its own deadline hangs. */
const hungAfterMs = 10_000;
const pauseMs = 5;
/** Of so many clients one sends large bodies, and nothing else. */
const largeEach = 4;

const small = ['read', 'write', 'later'] as const;
const large = ['bulk', 'flow', 'stream'] as const;

export type Operation = (typeof small)[number] | (typeof large)[number] | 'slow';

/** Not idempotent, and not asynchronous, which may run again. */
const mayNotRepeat: readonly Operation[] = ['write', 'bulk', 'flow'];

export class Load {
  readonly phases: Phase[] = [new Phase('no fault')];
  readonly #frontends: () => readonly Member[];
  readonly #notes: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #clients: Promise<void>[] = [];
  /** The phase in which a call that is not idempotent ended, and one that was accepted. */
  readonly #once = new Map<string, Phase>();
  readonly #accepted = new Map<string, Phase>();
  #count = 0;
  #isOver = false;

  /** `frontends`: those that a balancer before them would use now. */
  constructor(frontends: () => readonly Member[], notes: string) {
    this.#frontends = frontends;
    this.#notes = notes;
    writeFileSync(notes, '');
  }

  get phase(): Phase {
    return this.phases.at(-1)!;
  }

  get accepted(): number {
    return this.#accepted.size;
  }

  begin(name: string): Phase {
    this.phases.push(new Phase(name));
    return this.phase;
  }

  start(clients: number): void {
    for (let client = 0; client < clients; client++) this.#clients.push(this.#run(client));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  /** How many calls that were accepted have not run. */
  get waiting(): number {
    const { runs } = this.#read();
    return [...this.#accepted.keys()].filter((id) => !runs.has(id)).length;
  }

  /** Has each phase know which of its calls were lost, run twice, or damaged on their way. */
  judge(): void {
    const { runs, damaged } = this.#read();
    for (const [id, phase] of this.#accepted) if (!runs.has(id)) phase.lost.push(id);
    for (const [id, phase] of this.#once) {
      if ((runs.get(id) ?? 0) > 1) phase.twice.push(id);
      if (damaged.has(id)) phase.damaged.push(`${id}: its request`);
    }
  }

  /** Sends one call, and counts what becomes of it. */
  async send(operation: Operation, client = 0): Promise<void> {
    const id = `${operation}-${this.#count++}`;
    const open = this.#frontends();
    const { url } = open[client % open.length]!;
    const { request, expected } = this.#call(`${url}/chaos/${operation}`, operation, id);
    const sentAt = performance.now();
    const outcome = await ask(request);
    const tookMs = performance.now() - sentAt;
    const { phase } = this;
    const isAccepted = outcome.kind === 'answer' && outcome.status === 202;
    phase.count(id, outcome, tookMs, (bytes) => isAccepted || bytes.equals(expected));
    if (isAccepted) this.#accepted.set(id, phase);
    if (mayNotRepeat.includes(operation)) this.#once.set(id, phase);
  }

  #call(url: string, operation: Operation, id: string): { request: Request; expected: Buffer } {
    const common = { agent: this.#agent, hungMs: timeoutMs + hungAfterMs };
    const named = { ...common, url: `${url}?id=${id}` };
    const json = Buffer.from(JSON.stringify({ id }));
    if (operation === 'read') return { request: named, expected: json };
    if (operation === 'stream') return { request: named, expected: pattern(id, largeBytes) };
    if (operation !== 'bulk' && operation !== 'flow')
      return { request: { ...common, url, body: json, type: 'application/json' }, expected: json };
    const body = pattern(id, largeBytes);
    const request = { ...named, body, type: 'application/octet-stream' };
    return operation === 'bulk'
      ? { request, expected: pattern(`${id}r`, largeBytes) }
      : { request: { ...request, pieces: 10 }, expected: body };
  }

  async #run(client: number): Promise<void> {
    const kinds = client % largeEach === largeEach - 1 ? large : small;
    for (let turn = client; !this.#isOver; turn++) {
      if (this.#frontends().length > 0) await this.send(kinds[turn % kinds.length]!, turn);
      await sleep(pauseMs);
    }
  }

  /** How often each call ran, and which ones came damaged. */
  #read(): { runs: Map<string, number>; damaged: Set<string> } {
    const runs = new Map<string, number>();
    const damaged = new Set<string>();
    for (const line of readFileSync(this.#notes, 'utf8').split('\n')) {
      if (line.startsWith(damagedMark)) damaged.add(line.slice(damagedMark.length));
      else if (line) runs.set(line, (runs.get(line) ?? 0) + 1);
    }
    return { runs, damaged };
  }
}

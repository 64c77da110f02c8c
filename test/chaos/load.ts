/**
 * Steady mixed load: calls that may run twice, calls that may not, and asynchronous ones. Every
 * Func notes what it was called with, so that afterwards it is known what ran, and how often.
 */
import { Agent, request } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './cluster.ts';

/** A call with no answer so long after its own deadline hangs. */
const hungAfterMs = 10_000;
export const timeoutMs = 5_000;
const pauseMs = 5;

/** The bundle that is called; `notes` is the file its Funcs write to. */
export function chaosBundle(notes: string) {
  const settings = {
    timeout: `${timeoutMs / 1000}s`,
    retry: { tries: 20, wait: '200ms', waitMax: '1s' },
  };
  const files = {
    'app.mjs': `
import { appendFileSync } from 'node:fs';
const note = (data) => { appendFileSync(${JSON.stringify(notes)}, data.id + '\\n'); return data; };
export const read = (_, ctx) => ({ id: ctx.params.query.id });
export const write = note;
export const later = note;
export const slow = async (data) => { await new Promise((done) => setTimeout(done, 300)); return note(data); };
`,
  };
  const query = { name: 'id', in: 'query', schema: { type: 'string' } };
  return {
    name: 'chaos',
    settings: { handler: 'app.mjs', instances: { min: 1, max: 2 } },
    files,
    operations: {
      'GET /read': { operationId: 'read', parameters: [query], 'x-funcatron': settings },
      'POST /write': { operationId: 'write', 'x-funcatron': settings },
      'POST /later': { operationId: 'later', 'x-funcatron': { ...settings, async: true } },
      'POST /slow': { operationId: 'slow', 'x-funcatron': { ...settings, async: true } },
    },
  };
}

interface Outcome {
  status: number;
  text: string;
}

export class Tally {
  sent = 0;
  answered = 0;
  /** By component and code. */
  readonly failed = new Map<string, number>();
  /** The frontend itself went away: its clients see a broken connection. */
  broken = 0;
  hung = 0;
  /** Failures that say neither what nor who. */
  readonly unclear: string[] = [];
  lastFailureAt = 0;
}

export class Load {
  readonly tally = new Tally();
  readonly accepted = new Set<string>();
  readonly #frontends: () => readonly Member[];
  readonly #notes: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #clients: Promise<void>[] = [];
  #count = 0;
  #isOver = false;

  constructor(frontends: () => readonly Member[], notes: string) {
    this.#frontends = frontends;
    this.#notes = notes;
    writeFileSync(notes, '');
  }

  start(clients: number): void {
    for (let client = 0; client < clients; client++) this.#clients.push(this.#run(client));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  /** How often each id was run. */
  runs(): Map<string, number> {
    const runs = new Map<string, number>();
    for (const id of readFileSync(this.#notes, 'utf8').split('\n'))
      if (id) runs.set(id, (runs.get(id) ?? 0) + 1);
    return runs;
  }

  /** Asynchronous calls that were accepted and have not run. */
  missing(): string[] {
    const runs = this.runs();
    return [...this.accepted].filter((id) => !runs.has(id));
  }

  /** Calls that may run once and ran more often. */
  doubled(): string[] {
    return [...this.runs()]
      .filter(([id, runs]) => id.startsWith('write') && runs > 1)
      .map(([id]) => id);
  }

  /** Sends one call of an operation; counts what becomes of it. */
  async send(operation: 'read' | 'write' | 'later' | 'slow', client = 0): Promise<number> {
    const { tally } = this;
    const id = `${operation}-${this.#count++}`;
    const alive = this.#frontends();
    const { url } = alive[client % alive.length]!;
    tally.sent++;
    try {
      const outcome = await this.#ask(url, operation, id);
      if (outcome.status === 202) this.accepted.add(id);
      if (outcome.status < 300) tally.answered++;
      else this.#fail(outcome);
      return outcome.status;
    } catch (thrown) {
      tally.lastFailureAt = performance.now();
      if (thrown === hung) tally.hung++;
      else tally.broken++;
      return 0;
    }
  }

  async #run(client: number): Promise<void> {
    const kinds = ['read', 'write', 'later'] as const;
    for (let turn = client; !this.#isOver; turn++) {
      await this.send(kinds[turn % kinds.length]!, client);
      await sleep(pauseMs);
    }
  }

  #fail({ status, text }: Outcome): void {
    const { tally } = this;
    tally.lastFailureAt = performance.now();
    try {
      const { component, code } = JSON.parse(text) as { component: string; code: string };
      if (!component || !code) throw new Error('no problem');
      const key = `${component} ${code}`;
      tally.failed.set(key, (tally.failed.get(key) ?? 0) + 1);
    } catch {
      tally.unclear.push(`${status} ${text.slice(0, 200)}`);
    }
  }

  #ask(url: string, operation: string, id: string): Promise<Outcome> {
    const isRead = operation === 'read';
    const body = isRead ? undefined : JSON.stringify({ id });
    const path = `${url}/chaos/${operation}${isRead ? `?id=${id}` : ''}`;
    return new Promise((resolve, reject) => {
      const headers = body ? { 'content-type': 'application/json' } : {};
      const method = isRead ? 'GET' : 'POST';
      const sent = request(path, { method, headers, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode!, text });
        });
        response.on('error', reject);
      });
      const timer = setTimeout(() => {
        reject(hung);
        sent.destroy();
      }, timeoutMs + hungAfterMs);
      sent.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      sent.end(body);
    });
  }
}

const hung = new Error('no answer');

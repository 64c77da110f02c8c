/**
 * Remembers which routes keep workers though nobody calls (`instances.min`), so that a start has
 * theirs ready and need not load the contracts of all others to know.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Route } from '../message.ts';

export class Kept {
  readonly #path: string;
  /** SHA by queue. */
  #shas = new Map<string, string>();

  /** `path` is that of a file of its own; its folder is made when it is needed. */
  constructor(path: string) {
    this.#path = path;
  }

  async recall(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const lines = text.split('\n').filter(Boolean);
    this.#shas = new Map(lines.map((line) => line.split(' ', 2) as [string, string]));
  }

  has({ queue, sha }: Route): boolean {
    return this.#shas.get(queue) === sha;
  }

  /** What cannot be remembered costs the next start its readiness; it is no failure. */
  async note({ queue, sha }: Route, keeps: boolean): Promise<void> {
    if (this.#shas.get(queue) === (keeps ? sha : undefined)) return;
    if (keeps) this.#shas.set(queue, sha);
    else this.#shas.delete(queue);
    const lines = Array.from(this.#shas, (pair) => pair.join(' '));
    await mkdir(dirname(this.#path), { recursive: true })
      .then(() => writeFile(this.#path, lines.join('\n')))
      .catch(() => undefined);
  }
}

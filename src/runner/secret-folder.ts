/**
 * The secrets of what a runner serves, as files: a folder for each bundle, which its workers see.
 * A file is replaced in one step when its secret has a new value, so that a function which reads it
 * has the old one or the new one, whole.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretFound, SecretSource } from '../control/secret-wire.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';

/** A message that tells of a new value may be lost: then it is found so soon. */
const lookMs = 30_000;
/** Shorter texts are too likely to be a part of something else. */
const tellingLengthMin = 6;
/** Values that are blotted out, those of before included. */
const textsMax = 200;

export class SecretFolders {
  readonly #dir: string;
  readonly #source: SecretSource | undefined;
  readonly #log: Log;
  readonly #open = new Set<SecretFolder>();
  #timer: NodeJS.Timeout | undefined;

  /** `dir` is the folder of the folders; others cannot enter it. */
  constructor({ secrets }: { secrets?: SecretSource }, dir: string, log: Log) {
    this.#dir = dir;
    this.#source = secrets;
    this.#log = log;
  }

  /** Rejects with `secret_unavailable` when one of them is not to be had. */
  async open(names: readonly string[], namespace: string): Promise<SecretFolder> {
    const wants = names.map((name) => ({ name: `${namespace}/${name}` }));
    const found = (await this.#source?.read(wants)) ?? [];
    const folder = new SecretFolder(join(this.#dir, randomUUID()), namespace, (one) => {
      this.#open.delete(one);
      if (this.#open.size === 0) clearInterval(this.#timer);
    });
    await folder.make(found);
    const missing = names.filter((name) => !folder.versions.has(`${namespace}/${name}`));
    if (missing.length > 0) {
      await folder.close();
      const list = missing.map((name) => `"${name}"`).join(', ');
      const detail = `there is no secret ${list} in the namespace "${namespace}" any more; create it again`;
      throw new FuncatronError('secret_unavailable', detail);
    }
    if (this.#open.size === 0) {
      clearInterval(this.#timer);
      this.#timer = setInterval(() => void this.refresh(), lookMs).unref();
    }
    this.#open.add(folder);
    return folder;
  }

  /** Takes up new values; of all secrets, or of these alone. */
  async refresh(names?: readonly string[]): Promise<void> {
    const some = names && new Set(names);
    for (const folder of this.#open) {
      const wants = Array.from(folder.versions, ([name, version]) => ({ name, version }));
      const asked = wants.filter(({ name }) => !some || some.has(name));
      if (asked.length === 0) continue;
      try {
        await folder.write((await this.#source?.read(asked)) ?? []);
      } catch (err) {
        this.#log.warn({ err }, 'secrets cannot be looked at; functions have what was');
      }
    }
  }
}

export class SecretFolder {
  readonly dir: string;
  /** By `namespace/name`. */
  readonly versions = new Map<string, string>();
  /** Values, to be blotted out of what is logged. */
  readonly texts: string[] = [];
  readonly #namespace: string;
  readonly #onClosed: (folder: SecretFolder) => void;
  #closed = false;

  constructor(dir: string, namespace: string, onClosed: (folder: SecretFolder) => void) {
    this.dir = dir;
    this.#namespace = namespace;
    this.#onClosed = onClosed;
  }

  async make(found: readonly SecretFound[]): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    await this.write(found);
  }

  async write(found: readonly SecretFound[]): Promise<void> {
    for (const { name, version, value } of found) {
      if (!value || this.#closed) continue;
      const file = name.slice(this.#namespace.length + 1);
      // Beside the folder, not in it: whoever lists it sees secrets alone.
      const next = `${this.dir}.${randomUUID()}`;
      await writeFile(next, value, { mode: 0o400, flag: 'wx' });
      await rename(next, join(this.dir, file));
      this.versions.set(name, version);
      const text = Buffer.from(value).toString().trim();
      if (text.length >= tellingLengthMin && !this.texts.includes(text)) this.texts.push(text);
      if (this.texts.length > textsMax) this.texts.shift();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed(this);
    await rm(this.dir, { recursive: true, force: true });
  }
}

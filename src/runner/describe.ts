/**
 * The contract that the code of a JAR gives, for Trons: they run no code of bundles. One JAR at a
 * time, in a JVM of its own that serves nothing and ends with the answer.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nestedJars } from '../bundle/jvm-bundle.ts';
import { draftName, unpackBundle } from '../bundle/unpack.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import { openRuntime } from '../runtime/runtime.ts';
import type { Assigned, Assignment, StartOptions } from '../runtime/runtime.ts';
import type { BundleSource } from './provision.ts';

export type Described = NonNullable<Assigned['contract']>;

/** What the JSON of a contract may have, so that any broker takes the message it is in. */
const messageBytesMax = 768 * 1024;
/** What an application that starts whole, to be asked, may take: the default of a bundle. */
const memoryBytesMax = 512 * 2 ** 20;

export interface DescriberOptions {
  bundles: BundleSource;
  /** Folder JARs within the JAR are unpacked in, for as long as it takes. */
  dir: string;
  socketDir: string;
  log: Log;
}

export class Describer {
  readonly #options: DescriberOptions;
  #last: Promise<unknown> = Promise.resolve();
  readonly #ending = new AbortController();

  constructor(options: DescriberOptions) {
    this.#options = options;
  }

  /**
   * Rejects with `contract_missing` when the code gives none, `worker_start_failed` with why it would
   * not load, `dependency_missing` without Java, or `bundle_too_large`.
   */
  async describe(sha: string): Promise<Described> {
    const mine = this.#last.then(() => this.#describe(sha));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#last;
  }

  async #describe(sha: string): Promise<Described> {
    const { bundles, ...rest } = this.#options;
    if (this.#ending.signal.aborted) throw leaving();
    try {
      const jar = await bundles.path(sha);
      const described = await describeJar(sha, jar, { ...rest, signal: this.#ending.signal });
      const bytes = Buffer.byteLength(JSON.stringify(described.text));
      if (bytes > messageBytesMax) throw tooLarge(bytes);
      return described;
    } finally {
      // It never serves: what serves is made of it and the answer.
      await bundles.drop?.(sha);
    }
  }
}

/** As `Describer.describe`, of a JAR file here; its SHA only names it. */
export async function describeJar(
  sha: string,
  jar: string,
  options: Omit<DescriberOptions, 'bundles'> & { signal?: AbortSignal },
): Promise<Described> {
  const { dir, socketDir, log, signal } = options;
  const scratch = join(dir, draftName());
  await mkdir(scratch, { recursive: true });
  try {
    const unpacked = await unpackBundle(jar, scratch, sha, nestedJars);
    const { contract } = await ask(assignmentOf(sha, jar, unpacked), { socketDir, log, signal });
    if (contract && contract.text.trim() !== '') return contract;
    throw new FuncatronError(
      'contract_missing',
      'the JAR has no contract, and its code gives none (getSwagger); ' +
        'add funcatron.yaml to the root of its class path',
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function ask(
  assignment: Assignment,
  options: StartOptions & { log: Log; signal: AbortSignal | undefined },
): Promise<Assigned> {
  const { log, signal, ...start } = options;
  const runtime = await openRuntime('jvm');
  const bundle = assignment.sha;
  const started = runtime.start(
    { ...start, memoryBytesMax, isAlone: true },
    { onLog: ({ level, text }) => log.debug({ bundle, level }, text), onExit: () => {} },
  );
  const asked = started.then((worker) => {
    signal?.throwIfAborted();
    return worker.assign(assignment);
  });
  try {
    return await (signal ? Promise.race([asked, aborted(signal)]) : asked);
  } finally {
    // A start takes its time: whoever closes does not wait for it.
    void started.then((worker) => worker.kill()).catch(() => undefined);
    void asked.catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = (): void => reject(leaving());
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}

function assignmentOf(sha: string, jar: string, dir: string): Assignment {
  return {
    ...{ sha, jar, dir, name: sha.slice(0, 12), version: '', describe: true },
    ...{ funcs: [], props: {}, env: {}, concurrency: 1, memoryBytesMax, stacks: false },
    jvm: { own: true, options: [] },
  };
}

function leaving(): FuncatronError {
  return new FuncatronError('runner_lost', 'the runner is shutting down');
}

function tooLarge(bytes: number): FuncatronError {
  return new FuncatronError(
    'bundle_too_large',
    `the contract that the code gives is ${bytes} bytes as JSON, over the ${messageBytesMax} that a control ` +
      'message carries; have it put into the JAR with: funcatron build app.jar -o bundle.jar',
  );
}

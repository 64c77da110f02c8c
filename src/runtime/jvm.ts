/**
 * JVM workers: Java 17 and newer, any language that compiles to classes. Starting a JVM is dear, and
 * class loaders keep bundles apart, so that bundles share one: a worker is a bundle in a JVM. One
 * that wants a JVM of its own gets it, and so does one that has shown to be no good company.
 */
import { findJava } from './jvm-java.ts';
import type { Java } from './jvm-java.ts';
import { findWorkerJar } from './jvm-jar.ts';
import { JvmArchive } from './jvm-archive.ts';
import { heapFor, jvmCommand, sharedHeapBytesDefault } from './jvm-flags.ts';
import { JvmHost } from './jvm-host.ts';
import { JvmWorker } from './jvm-worker.ts';
import type { FindHost } from './jvm-worker.ts';
import type { Assignment, Runtime, StartOptions, Worker, WorkerEvents } from './runtime.ts';

/** How long a JVM that nobody uses waits for the next bundle. */
const graceMsDefault = 10_000;
/** Bundles remembered that are to be alone. */
const quarantinedMax = 1_000;

interface Equipment {
  java: Java;
  jar: string;
}

export class JvmRuntime implements Runtime {
  readonly kind = 'jvm';
  readonly warmable = true;
  readonly #graceMs: number;
  readonly #archive = new JvmArchive();
  readonly #hosts = new Set<JvmHost>();
  /** JVMs to be shared that are being started, by shape. */
  readonly #starting = new Map<string, Promise<JvmHost>>();
  readonly #quarantined = new Set<string>();
  #found: Promise<Java> | undefined;

  constructor(options: { graceMs?: number } = {}) {
    this.#graceMs = options.graceMs ?? graceMsDefault;
  }

  async start(options: StartOptions, events: WorkerEvents): Promise<Worker> {
    const equipment = await this.#equip();
    const seat: FindHost = (...asked) => this.#seat(...asked);
    if (options.isAlone) return new JvmWorker(seat, undefined, options, events);
    const host =
      this.#hostOf(shapeOf(equipment, options), (one) => one.isOpen && !one.isOwn) ??
      (await this.#share(equipment, options));
    host.reserve();
    return new JvmWorker(seat, host, options, events);
  }

  /** A JVM with a place reserved for the assignment; `reserved`, if it will do. */
  async #seat(assignment: Assignment, options: StartOptions, reserved?: JvmHost): Promise<JvmHost> {
    const equipment = await this.#equip();
    if (this.#mustBeAlone(assignment, options)) {
      const host = await this.#launch(equipment, options, assignment);
      host.reserve(assignment);
      return host;
    }
    const shape = shapeOf(equipment, options);
    const takes = (host: JvmHost): boolean => host.takes(assignment);
    for (;;) {
      const isFit = reserved?.shape === shape && takes(reserved);
      const host = isFit ? reserved : this.#hostOf(shape, takes);
      if (host) {
        host.reserve(assignment);
        return host;
      }
      await this.#share(equipment, options);
    }
  }

  #mustBeAlone({ jvm, sha, memoryBytesMax }: Assignment, options: StartOptions): boolean {
    return jvm?.own === true || this.#quarantined.has(sha) || memoryBytesMax > heapOf(options);
  }

  #hostOf(shape: string, isWanted: (host: JvmHost) => boolean): JvmHost | undefined {
    for (const host of this.#hosts) if (host.shape === shape && isWanted(host)) return host;
    return undefined;
  }

  /** Starts a JVM to be shared, once for all who want one now. */
  #share(equipment: Equipment, options: StartOptions): Promise<JvmHost> {
    const shape = shapeOf(equipment, options);
    const under = this.#starting.get(shape);
    if (under) return under;
    const started = this.#launch(equipment, options);
    this.#starting.set(shape, started);
    const done = (): void => void this.#starting.delete(shape);
    started.then(done, done);
    return started;
  }

  /** Starts a JVM: of an assignment alone, or to be shared. */
  async #launch(
    { java, jar }: Equipment,
    options: StartOptions,
    alone?: Assignment,
  ): Promise<JvmHost> {
    const archive = await this.#archive.find(java, jar);
    const host = await JvmHost.launch({
      command: jvmCommand(java, jar, {
        heapBytesMax: alone ? heapFor(alone.memoryBytesMax) : heapOf(options),
        archive,
        options: alone?.jvm?.options ?? [],
      }),
      shape: shapeOf({ java, jar }, options),
      isOwn: alone !== undefined,
      graceMs: this.#graceMs,
      start: options,
      onMisbehaved: (sha) => this.#quarantine(sha),
      onGone: (gone) => void this.#hosts.delete(gone),
    });
    this.#hosts.add(host);
    if (!archive) this.#archive.makeSoon(java, jar);
    return host;
  }

  #quarantine(sha: string): void {
    this.#quarantined.add(sha);
    const [oldest] = this.#quarantined;
    if (this.#quarantined.size > quarantinedMax) this.#quarantined.delete(oldest!);
  }

  /** Java is looked up once, and again when it is another that is asked for or it was not there. */
  async #equip(): Promise<Equipment> {
    const named = process.env['FUNCATRON_JAVA'] || 'java';
    let java = await this.#found?.catch(() => undefined);
    if (java?.named !== named) java = await (this.#found = findJava(named));
    return { java, jar: await findWorkerJar() };
  }
}

const heapOf = (options: StartOptions): number =>
  options.jvmMemoryBytesMax ?? sharedHeapBytesDefault;

const shapeOf = ({ java, jar }: Equipment, options: StartOptions): string =>
  `${java.id} ${jar} ${heapOf(options)}`;

export const jvmRuntime: Runtime = new JvmRuntime();

/**
 * How a runner runs one kind of code. A worker is one operating-system process serving one bundle;
 * for `process`, one program started per call; for `jvm`, a bundle in a process that others share.
 */
import { FuncatronError } from '../errors.ts';
import type { ShimDoorOptions } from './shim-door.ts';
import type { ShimRuntime } from './shim.ts';
import type { Body, BodyKind, CallHead, Cancellation, Reply } from '../message.ts';

export const runtimeKinds = ['node', 'python', 'jvm', 'process', 'http', 'watchdog'] as const;
/** `shim` is no kind one may name: `dev` has it, for what a connected dev shim runs itself. */
export type RuntimeKind = (typeof runtimeKinds)[number] | 'shim';

export interface Assignment {
  /** Bundle identity: shown in logs and to the Func as `ctx.bundle`. */
  sha: string;
  name: string;
  version: string;
  /** Folder the bundle is unpacked in. */
  dir: string;
  /** Handler module, relative to `dir`; unused by `process` and `http`. */
  handler?: string;
  /** What its author calls the handler, where a build made another file of it: for messages. */
  source?: string;
  funcs: FuncSpec[];
  props: Record<string, unknown>;
  /** Variables for the Func's environment, beside PATH, HOME, LANG, TMPDIR. */
  env: Record<string, string>;
  /** Folder of the files of its secrets; absent where it names none. */
  secretsDir?: string;
  /** Calls in one worker at a time, at most. */
  concurrency: number;
  memoryBytesMax: number;
  /** The command of a `http` program, or the default one of a `process` bundle. */
  command?: string[];
  /** Failures carry the Func's stack (dev only). */
  stacks: boolean;
  /** The bundle file itself, for `jvm`: classes are loaded from it, `dir` has only nested JARs. */
  jar?: string;
  /** `jvm`: whether the bundle wants a JVM of its own, and what is given to that on its start. */
  jvm?: { own: boolean; options: string[] };
  /** `jvm`: only the contract is asked for (`Assigned.contract`); nothing will be called. */
  describe?: boolean;
}

export interface FuncSpec {
  operationId: string;
  /** `GET /pets/{petId}`: tells Funcs of one operationId apart, where a contract may have such. */
  key?: string;
  /** The operation's own command (`process` runtime). */
  command?: string[];
  /** Content type of a plain answer (first 2xx media type of the contract), for `process`. */
  contentType?: string;
  /**
   * `jvm`: the operation object of the contract (OpenAPI 3.1) with `method`, `path` and all its
   * parameters, references resolved.
   */
  operation?: Record<string, unknown>;
}

/** What the worker found when it loaded the bundle. */
export interface Assigned {
  /** operationIds that the code does not have, each with what to export. */
  missing: { operationId: string; mend: string }[];
  /** The contract the code itself gives, where it was asked for one: YAML or JSON text. */
  contract?: { type: 'yaml' | 'json'; text: string };
}

export interface WorkerCall {
  operationId: string;
  head: CallHead;
  /** The raw body as it came. */
  body: Body;
  kind: BodyKind;
  /** The Func gets the body as a stream, though it be whole or empty. */
  stream?: boolean;
  /** Parsed and coerced value of a `form` or `multipart` body; JSON is passed raw. */
  data?: unknown;
  cancellation?: Cancellation;
}

export interface FuncLog {
  /** The call that wrote the line, where the worker knows it. */
  requestId?: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  text: string;
  /** Structured fields given to `ctx.log`. */
  fields?: Record<string, unknown>;
}

export interface WorkerEvents {
  onLog(line: FuncLog): void;
  /** Once, when the process is gone, for whatever reason. */
  onExit(exit: WorkerExit): void;
}

export interface WorkerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What the worker last wrote to standard error, for the error message. */
  lastWords: string;
}

export interface Worker {
  /** Undefined when no process runs now (`process` runtime between calls). */
  readonly pid: number | undefined;
  /** Calls the worker has not ended, those included that the runner gave up on. */
  readonly open: number;
  /**
   * Resident memory in bytes of what runs now, its children included; 0 when nothing runs.
   * `process`: of its largest program, since the limit is each program's own. `jvm`: 0 where the
   * process is shared, whose heap bounds them all.
   */
  rssBytes(): number;
  /**
   * CPU time in ms that it has had, with all it started, whether that still runs or not; grows as
   * long as it is open. 0 where the process is shared, and where nothing tells.
   */
  cpuMs(): number;
  /** Loads a bundle; once per worker. Rejects with `worker_start_failed` and why. */
  assign(assignment: Assignment): Promise<Assigned>;
  /**
   * Runs a Func. Rejects with a FuncatronError: `func_failed`, `func_missing`, `func_exited`,
   * `func_bad_result`, `cancelled`. Deadlines are the runner's: it cancels, then kills.
   */
  call(call: WorkerCall): Promise<Reply>;
  /** True if the worker answers within `timeoutMs`: false means its loop is blocked. */
  ping(timeoutMs: number): Promise<boolean>;
  /** Lets calls in hand end, then ends the process, services closed first. */
  drain(): Promise<void>;
  /** Ends the whole process group now; of a shared process, its part. */
  kill(): void;
}

export interface StartOptions {
  /** Folder for sockets; short, since a socket path is at most 107 bytes. */
  socketDir: string;
  memoryBytesMax?: number;
  /** Heap of a JVM that bundles share; default 1 GiB. */
  jvmMemoryBytesMax?: number;
  /** `jvm`: what will be assigned wants a JVM of its own, so that none to be shared is started. */
  isAlone?: boolean;
  /** What one program of the `process` runtime may write as its answer; default 1 GiB. */
  replyBytesMax?: number;
  /** For the process to be there; default 10 s. */
  startTimeoutMs?: number;
  /** For a bundle to load; default 30 s. */
  assignTimeoutMs?: number;
}

export interface Runtime {
  readonly kind: RuntimeKind;
  /** Whether a worker can be started before it is known which bundle it will serve. */
  readonly warmable: boolean;
  /** Starts a worker with no bundle yet. Rejects with `worker_start_failed` or `dependency_missing`. */
  start(options: StartOptions, events: WorkerEvents): Promise<Worker>;
}

/** Opens the runtime of a kind; only what is used is imported. */
export async function openRuntime(kind: string): Promise<Runtime> {
  switch (kind) {
    case 'node':
      return (await import('./node.ts')).nodeRuntime;
    case 'python':
      return (await import('./python.ts')).pythonRuntime;
    case 'jvm':
      return (await import('./jvm.ts')).jvmRuntime;
    case 'process':
      return (await import('./process.ts')).processRuntime;
    case 'http':
      return (await import('./http.ts')).httpRuntime;
    case 'watchdog':
      return (await import('./watchdog.ts')).watchdogRuntime;
    case 'shim':
      throw new FuncatronError(
        'runtime_unsupported',
        'runtime shim is only in "funcatron dev", for Funcs of a dev shim; build a bundle of them',
      );
    default:
      throw new FuncatronError(
        'runtime_unsupported',
        `runtime "${kind}" is not supported; use one of ${runtimeKinds.join(', ')}`,
      );
  }
}

/** Opens the runtime of dev shims: programs that connect to it and run their Funcs themselves. */
export async function openShimRuntime(options: ShimDoorOptions): Promise<ShimRuntime> {
  return (await import('./shim.ts')).createShimRuntime(options);
}

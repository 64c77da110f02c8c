/**
 * The public entry. For those who write Funcs in TypeScript it has types, `import type { Context }
 * from 'funcatron'`, and nothing to import when they run. For programs that have a platform of
 * their own inside: `startPlatform`, bundles, and the errors. For those who write a broker, a store
 * or a runtime, its interface is here and what it must do under `funcatron/conformance/...`.
 */
import type { BuildOptions, BuiltBundle } from './bundle/build.ts';
import type { ServeOptions } from './config/options.ts';
import type { Log } from './log.ts';
import type { Headers, Identity, Params } from './message.ts';

export type { Broker, BrokerOptions, CallHandler, ConsumeOptions } from './broker/broker.ts';
export type { Consumer, EventSource, QueueDepth } from './broker/broker.ts';
export type { BuildOptions, BuiltBundle } from './bundle/build.ts';
export type { ServeOptions } from './config/options.ts';
export { catalogue, FuncatronError } from './errors.ts';
export type { ErrorCode } from './errors.ts';
export type { Log } from './log.ts';
export type { Call, CallHead, ControlMessage, Problem, Reply, Route } from './message.ts';
export type { Assigned, Assignment, Runtime, Worker, WorkerCall } from './runtime/runtime.ts';
export type { BundleFiles, Store } from './store/store.ts';

/** A platform inside this process. */
export interface EmbeddedPlatform {
  /** Where bundles are called. */
  readonly url: string;
  /** Where the REST API is: bundles are uploaded and enabled there. */
  readonly tronUrl: string;
  /** Finishes calls in flight, then ends every part and every worker. */
  close(): Promise<void>;
}

/**
 * Starts frontend, broker, runner and Tron in this process: `funcatron serve` without its command
 * line. Options are those of `serve`, sizes in bytes and times in milliseconds; port 0 takes a free
 * one. Without a log it says nothing. Rejects with `address_in_use` or `option_invalid`.
 */
export async function startPlatform(
  options: Partial<ServeOptions> & { log?: Log } = {},
): Promise<EmbeddedPlatform> {
  const [platforms, { readOptions }, { serveOptions }, { createLog }] = await Promise.all([
    import('./cli/platform.ts'),
    import('./config/option.ts'),
    import('./config/options.ts'),
    import('./log.ts'),
  ]);
  const { log = createLog({ level: 'silent' }), ...given } = options;
  const all = { ...readOptions(serveOptions, {}, {}), ...given, dev: false };
  const { frontend, tron, close } = await platforms.startPlatform(all, log);
  return { url: frontend.url, tronUrl: tron.url, close };
}

/**
 * Builds a project folder, or takes a ready-made bundle: its bytes are what the Tron is sent.
 * Rejects with `build_failed`, or what is wrong with the contract or the bundle.
 */
export async function buildBundle(path: string, options: BuildOptions = {}): Promise<BuiltBundle> {
  const [{ buildBundle: build }, { bundleDocument }] = await Promise.all([
    import('./bundle/build.ts'),
    import('./openapi/bundle-document.ts'),
  ]);
  return build(path, { bundleDocument, ...options });
}

/**
 * What a Func is told of its call. `P` says which parameters the contract has, `S` which services
 * there are, `O` what the props hold:
 * `Context<{ path: { id: number } }, { db: DatabaseSync }>`.
 */
export interface Context<
  P extends Partial<Params> = Params,
  S extends object = Record<string, unknown>,
  O extends object = Record<string, unknown>,
> {
  readonly requestId: string;
  readonly operationId: string;
  readonly method: string;
  readonly scheme: string;
  /** Lower case, no port. */
  readonly host: string;
  /** Raw, base path included. */
  readonly path: string;
  /** Raw, without its question mark. */
  readonly query: string;
  /** Address of the client. */
  readonly remote: string;
  /** Coerced and checked, by place. */
  readonly params: Omit<Params, keyof P> & P;
  /** Names are lower case; a repeated header is a list. */
  readonly headers: Headers;
  /** Who calls; undefined for anybody. */
  readonly auth: Identity | undefined;
  /** What the bundle was enabled with. */
  readonly props: O;
  /** By the name of their props; a transaction begins when it is first asked for. */
  readonly services: S;
  readonly bundle: { readonly name: string; readonly version: string; readonly sha: string };
  readonly log: FuncLogger;
  /** Aborts when the deadline passes or the caller goes away. */
  readonly signal: AbortSignal;
}

/** Lines with the request id of their call, and fields for machines to read. */
export interface FuncLogger {
  debug(text: string, fields?: object): void;
  info(text: string, fields?: object): void;
  warn(text: string, fields?: object): void;
  error(text: string, fields?: object): void;
}

/** A result with a status or headers of its own; any other value is the body of a 200. */
export interface Answer {
  /** 200 to 599. */
  status: number;
  headers?: Record<string, string | number | readonly string[] | undefined>;
  body?: unknown;
}

/** A file of a multipart form. */
export interface UploadedFile {
  /** Empty when the form names none. */
  filename: string;
  contentType: string;
  bytes: Uint8Array;
}

/** Around every Func of the bundle. `next()` passes on what it is not given. */
export type Middleware = (
  data: unknown,
  ctx: Context,
  next: (data?: unknown, ctx?: Context) => unknown,
) => unknown;

/**
 * Opens the services of one `type`, by which props name it. With `begin` a service is a
 * transaction: committed when the Func has returned, rolled back when it threw. All may be async.
 */
export interface ServiceProvider<Handle = unknown, Transaction = Handle> {
  /** Once in a worker; `name` is the key in the props. */
  open(name: string, props: Record<string, unknown>, log: FuncLogger): Handle | Promise<Handle>;
  begin?(handle: Handle): Transaction | Promise<Transaction>;
  commit?(transaction: Transaction): unknown;
  rollback?(transaction: Transaction): unknown;
  close?(handle: Handle): unknown;
}

/**
 * Types for those who write Funcs in TypeScript: `import type { Context } from 'funcatron'`. There is
 * nothing to import when they run.
 */
import type { Headers, Identity, Params } from './message.ts';

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

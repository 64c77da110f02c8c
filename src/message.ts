/**
 * What travels over a broker: a JSON head and raw body bytes. In one process a message is handed
 * over as the object it is; between processes the broker adapter writes it out and reads it back.
 */

/** Header names are lower case; a repeated header is a list. */
export type Headers = Record<string, string | string[]>;

/** A whole body, or a stream of chunks; `empty` for none. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

export const empty: Uint8Array = new Uint8Array(0);

/** What the contract says a request body is; decides how a worker decodes it. */
export type BodyKind = 'none' | 'json' | 'text' | 'binary' | 'form' | 'multipart';

/** Parameter values of one call, coerced to the types the contract declares, by place. */
export interface Params {
  path: Record<string, unknown>;
  query: Record<string, unknown>;
  header: Record<string, unknown>;
  cookie: Record<string, unknown>;
}

/** Who calls, as the contract's `security` established it. */
export interface Identity {
  /** The security scheme's name in the contract. */
  scheme: string;
  subject?: string;
  scopes?: string[];
  claims?: Record<string, unknown>;
}

/** The head of a call: one request for one Func. */
export interface CallHead {
  v: 1;
  action: 'call';
  /** The request id, from the first byte to the last log line. */
  id: string;
  method: string;
  scheme: string;
  /** The host asked for: lower case, no port. */
  host: string;
  /** The raw path as asked for, base path included, no query. */
  path: string;
  /** The part of it below the base path, for the operation that takes all (`fallback`). */
  rest?: string;
  /** The raw query, without its question mark; empty for none. */
  query: string;
  headers: Headers;
  /** Address of the client. */
  remote: string;
  /** Milliseconds since 1970 after which nobody waits for the answer. */
  deadline: number;
  /** Contract key of the operation, `METHOD /template`; set by the door that matched it. */
  operation?: string;
  params?: Params;
  auth?: Identity;
  /** What the door found the body to be. */
  kind?: BodyKind;
  /** Id of the contract (see `contractId`) a door checked this call against; absent: unchecked. */
  checked?: string;
  /** Set on asynchronous calls: nobody waits for the reply. */
  async?: AsyncHead;
  /** How many Funcs handed this on to the next (`x-funcatron.then`); absent for none. */
  hops?: number;
  /** The caller asks for another protocol (RFC 9110 section 7.8): the bodies are its raw bytes. */
  upgrade?: 'websocket';
}

/** What is known of an asynchronous call beyond its request. */
export interface AsyncHead {
  /** Milliseconds since 1970. */
  acceptedAt: number;
  /** Deliveries that failed so far; kept by the broker. */
  tries: number;
  /** Where the result is posted to. */
  callback?: string;
  /** The operation's own; what is absent is the broker's. */
  retry?: Partial<RetryPolicy>;
  /** Only in `tron.dead`: which queue the call was in, and why its last try failed. */
  dead?: { queue: string; at: number; error: Problem };
}

/** How often, and how soon, a failed asynchronous call is tried again. */
export interface RetryPolicy {
  /** Deliveries of one call, the first included. */
  triesMax: number;
  /** Wait before the second try; doubled before each further one, and jittered. */
  waitMs: number;
  /** Longest wait. */
  waitMsMax: number;
}

/** Queues the Trons take from. Calls of routes have queues of 16 letters and digits. */
export const tronQueues = {
  /** Calls that Trons answer: status of a call, cancel, idempotency keys. */
  ask: 'tron.ask',
  /** Asynchronous: what became of asynchronous calls. */
  calls: 'tron.calls',
  /** Asynchronous calls whose last try failed. */
  dead: 'tron.dead',
  /** Results to be posted to callback URLs. */
  callbacks: 'tron.callbacks',
} as const;

export interface Call {
  head: CallHead;
  body: Body;
  /** The body as parsed and coerced by the door. Only within one process; never on a wire. */
  data?: unknown;
  /** How the caller says that it went away. Only within one process; adapters forward it. */
  cancellation?: Cancellation;
}

/** Says once that nobody waits for a call any more: an AbortSignal without its cost per call. */
export class Cancellation {
  cancelled = false;
  #listener: (() => void) | undefined;

  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.#listener?.();
  }

  /** One listener at a time: each hop takes it over from the one before. Undefined removes it. */
  onCancel(listener: (() => void) | undefined): void {
    this.#listener = listener;
    if (this.cancelled) listener?.();
  }
}

/** An error as it travels and as RFC 9457 shows it. */
export interface Problem {
  code: string;
  status: number;
  title: string;
  detail: string;
  component: Component;
  /** What exactly was wrong, where there is more than one thing or a place to name. */
  errors?: Issue[];
  /** Headers the HTTP answer must carry, such as `allow` or `retry-after`. */
  headers?: Headers;
  /** Only in dev: the Func's stack, in the user's own lines. */
  stack?: string;
}

/** The part at fault. */
export type Component = 'frontend' | 'broker' | 'runner' | 'contract' | 'func' | 'tron' | 'cli';

/** One thing wrong, and where: in a request, a response or a document. */
export interface Issue {
  /** `path query header cookie body response document handler props`. */
  in: string;
  /** Parameter name, or JSON pointer into the body or document. */
  at: string;
  message: string;
  file?: string;
  /** 1-based. */
  line?: number;
  /** What would make it right, where that is known. */
  mend?: string;
}

export interface ReplyHead {
  v: 1;
  action: 'answer';
  id: string;
  status: number;
  headers: Headers;
  /** Set when the platform, not the Func, made this answer. */
  error?: Problem;
}

export interface Reply {
  head: ReplyHead;
  body: Body;
  /** The body's memory is nobody else's: whoever sends it gives it back. Only within one process. */
  isSole?: boolean;
}

/** Messages between Tron, frontends and runners. `action` decides the other fields. */
export interface ControlMessage {
  /** The version of what is said; a higher one than is known is not acted on. */
  v: number;
  action: string;
  /** Unique per message; an `ack` names it. */
  msgId: string;
  from: string;
  /** Milliseconds since 1970. */
  at: number;
  [field: string]: unknown;
}

/** A queue, topic or subject that others fill, by the broker's own name; one of the three. */
export interface EventPlace {
  queue?: string;
  topic?: string;
  subject?: string;
}

/** A cron expression; in UTC unless it names an IANA time zone. */
export interface Schedule {
  cron: string;
  timezone?: string;
}

/** What calls an operation besides requests. */
export interface Trigger {
  /** Contract key of the operation, `METHOD /template`. */
  operation: string;
  on?: EventPlace[];
  schedule?: Schedule;
}

/** Where counts are sent (https://github.com/statsd/statsd). */
export interface StatsDServer {
  host: string;
  port: number;
}

/** Where a bundle is enabled: what Tron tells frontends and runners. */
export interface Route {
  /** Lower case, no port; null for any host. */
  host: string | null;
  /** Begins with a slash; `/` alone for the root; never ends with one otherwise. */
  basePath: string;
  queue: string;
  /** The bundle's name, as its contract says: for logs and metrics. */
  name: string;
  /** Hex SHA-256 of the bundle file. */
  sha: string;
  /** Grows with every enable, so that an old message never undoes a new one. */
  revision: number;
  props: Record<string, unknown>;
  /** An OAI Overlay 1.0 document, applied to the bundle's contract at load. */
  overlay?: unknown;
  /** Absent where only requests call it. */
  triggers?: Trigger[];
  /** Workers wanted over all runners; calls may need more for a while. Absent: as calls need. */
  replicas?: number;
  /** The revision it was enabled in, where it was only scaled since. */
  enabledIn?: number;
}

/** Equal for revisions of a route that differ in what is wanted of workers, not in what is served. */
export function enablingOf({ enabledIn, revision }: Pick<Route, 'enabledIn' | 'revision'>): number {
  return enabledIn ?? revision;
}

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** Whether a call of this method may be executed again (RFC 9110 section 9.2.2). */
export function isIdempotent(method: string): boolean {
  return idempotent.has(method);
}

/** A command's side of the Tron's REST API. */
import type { remoteOptions } from '../config/options.ts';
import type { Values } from '../config/option.ts';
import { catalogue, FuncatronError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Issue } from '../message.ts';
import { readUrl } from './url.ts';

/** Where the Tron is, and whether data is printed as JSON. */
export interface RemoteOptions extends Values<typeof remoteOptions> {
  json: boolean;
}

interface Request {
  json?: unknown;
  bytes?: Uint8Array<ArrayBuffer>;
  method?: 'DELETE' | 'PUT';
  signal?: AbortSignal;
}

export class TronClient {
  readonly url: string;
  readonly #token: string;

  /** Throws `option_invalid` when `--tron` is no URL. */
  constructor({ tron, token }: Pick<RemoteOptions, 'tron' | 'token'>) {
    this.url = readUrl('--tron', tron);
    this.#token = token;
  }

  /** Asks and reads a JSON answer. Throws the Tron's own error, or `unreachable`. */
  async json<T>(path: string, request: Request = {}): Promise<T> {
    const response = await this.stream(path, request);
    const text = await response.text().catch((cause: unknown) => {
      throw new FuncatronError('unreachable', `${this.url} broke off its answer`, { cause });
    });
    if (text === '') return undefined as T;
    const said = parse(text);
    if (said !== undefined) return said as T;
    const detail = `${this.url} answers, but not as a Tron does; check --tron`;
    throw new FuncatronError('unreachable', detail);
  }

  /** Asks; the answer's body is still to be read. */
  async stream(path: string, { json, bytes, method, signal }: Request = {}): Promise<Response> {
    const headers: Record<string, string> = {};
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    if (json !== undefined) headers['content-type'] = 'application/json';
    if (bytes) headers['content-type'] = 'application/octet-stream';
    const body = bytes ?? (json === undefined ? undefined : JSON.stringify(json));
    const init: RequestInit = { method: method ?? (body === undefined ? 'GET' : 'POST'), headers };
    if (body !== undefined) init.body = body;
    if (signal) init.signal = signal;
    const response = await fetch(this.url + path, init).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      const mend = 'start one with "funcatron serve", or name another with --tron';
      const detail = `no Tron answers at ${this.url} (${reasonOf(cause)}); ${mend}`;
      throw new FuncatronError('unreachable', detail, { cause });
    });
    if (!response.ok) throw await toError(response, this.url);
    return response;
  }
}

/** What fetch hides in its cause: `connect ECONNREFUSED 127.0.0.1:3000`. */
function reasonOf(thrown: unknown): string {
  const { cause, message } = thrown as Error & { cause?: Error & { code?: string } };
  return cause?.message || cause?.code || message;
}

/** The original's error bodies carry `error`; our own are problems with a code. */
async function toError(response: Response, url: string): Promise<FuncatronError> {
  const text = await response.text().catch(() => '');
  const said = (parse(text) ?? {}) as Said;
  const isKnown = said.code !== undefined && said.code in catalogue;
  const code = isKnown ? (said.code as ErrorCode) : codeOf(response.status);
  const detail = said.detail ?? said.error ?? `${url} answered ${response.status} ${text}`.trim();
  return new FuncatronError(code, detail, {
    status: response.status,
    ...(said.errors && { errors: said.errors }),
  });
}

interface Said {
  code?: string;
  detail?: string;
  error?: string;
  errors?: Issue[];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of an answer that names no code: the original's, or one of a proxy in between. */
function codeOf(status: number): ErrorCode {
  if (status === 401) return 'token_invalid';
  if (status === 404) return 'bundle_unknown';
  return status === 413 ? 'bundle_too_large' : 'unreachable';
}

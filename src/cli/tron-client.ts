/** A command's side of the Tron's REST API. */
import { FuncatronError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { catalogue } from '../errors.ts';
import type { Issue } from '../message.ts';
import type { Terminal } from './terminal.ts';

export interface RemoteFlags {
  tron?: string;
  token?: string;
  json?: boolean;
}

interface Request {
  method?: 'GET' | 'POST' | 'DELETE';
  json?: unknown;
  bytes?: Uint8Array<ArrayBuffer>;
}

export class TronClient {
  readonly url: string;
  readonly #token: string | undefined;

  /** From `--tron` and `--token`, else FUNCATRON_TRON and FUNCATRON_TOKEN. */
  constructor(flags: RemoteFlags, terminal: Terminal) {
    const url = flags.tron ?? terminal.env.FUNCATRON_TRON ?? 'http://localhost:3000';
    if (!URL.canParse(url) || !/^https?:/.test(url))
      throw new FuncatronError(
        'option_invalid',
        `--tron "${url}": must be a URL such as http://localhost:3000`,
      );
    this.url = url.replace(/\/+$/, '');
    this.#token = flags.token ?? terminal.env.FUNCATRON_TOKEN;
  }

  /** Asks and reads a JSON answer. Throws the Tron's own error, or `unreachable`. */
  async json<T>(path: string, request: Request = {}): Promise<T> {
    const response = await this.stream(path, request);
    return (await response.json()) as T;
  }

  /** Asks; the answer's body is still to be read. */
  async stream(path: string, { method, json, bytes }: Request = {}): Promise<Response> {
    const headers: Record<string, string> = {};
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    if (json !== undefined) headers['content-type'] = 'application/json';
    if (bytes) headers['content-type'] = 'application/octet-stream';
    const body = bytes ?? (json === undefined ? undefined : JSON.stringify(json));
    const init: RequestInit = { method: method ?? (body === undefined ? 'GET' : 'POST'), headers };
    if (body !== undefined) init.body = body;
    const response = await fetch(this.url + path, init).catch((cause: unknown) => {
      throw new FuncatronError(
        'unreachable',
        `no Tron answers at ${this.url}; start one with "funcatron serve", or name another with --tron`,
        { cause },
      );
    });
    if (!response.ok) throw await toError(response, this.url);
    return response;
  }
}

/** The original's error bodies carry `error`; our own are problems with a code. */
async function toError(response: Response, url: string): Promise<FuncatronError> {
  const text = await response.text();
  const said = parse(text);
  const code =
    said.code && said.code in catalogue ? (said.code as ErrorCode) : codeOf(response.status);
  const detail = said.detail ?? said.error ?? (text.trim() || `${url} answered ${response.status}`);
  const hint = response.status === 401 ? '; pass --token or set FUNCATRON_TOKEN' : '';
  return new FuncatronError(code, detail + hint, {
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

function parse(text: string): Said {
  try {
    return JSON.parse(text) as Said;
  } catch {
    return {};
  }
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'token_invalid';
  if (status === 404) return 'bundle_unknown';
  return status === 413 ? 'bundle_too_large' : 'internal';
}

/** A command's side of `/system/` at a frontend: what OpenFaaS's clients speak, too. */
import { catalogue, FuncatronError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { findFrontend } from './frontend-url.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';
import { readUrl } from './url.ts';

export interface GatewayAnswer {
  status: number;
  text: string;
}

export class GatewayClient {
  readonly url: string;
  readonly #authorization: string | undefined;

  /** `user:password@` in the URL says who calls; else the token does. */
  constructor(url: string, token: string) {
    const parsed = new URL(url);
    const { username, password } = parsed;
    const given = username === '' ? `token:${token}` : `${username}:${password}`;
    if (username !== '' || token !== '')
      this.#authorization = `Basic ${Buffer.from(decodeURIComponent(given)).toString('base64')}`;
    parsed.username = parsed.password = '';
    this.url = parsed.href.replace(/\/+$/, '');
  }

  /** That of `--frontend`, else the one that the Tron knows. */
  static async open({ frontend, ...remote }: FrontendOptions): Promise<GatewayClient> {
    const url =
      frontend === ''
        ? await findFrontend(new TronClient(remote), '')
        : readUrl('--frontend', frontend);
    return new GatewayClient(url, remote.token);
  }

  /** Rejects with the platform's own error, but for a status that is expected. */
  async send(
    method: string,
    path: string,
    json?: unknown,
    expected: readonly number[] = [],
  ): Promise<GatewayAnswer> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.#authorization) headers['authorization'] = this.#authorization;
    const init: RequestInit = { method, headers };
    if (json !== undefined) init.body = JSON.stringify(json);
    const response = await fetch(this.url + path, init).catch((thrown: unknown) => {
      const { cause, message } = thrown as Error & { cause?: Error };
      const why = cause?.message || message;
      const detail = `no frontend answers at ${this.url} (${why}); name another with --frontend`;
      throw new FuncatronError('unreachable', detail, { cause: thrown });
    });
    const { status } = response;
    const text = await response.text();
    if (response.ok || expected.includes(status)) return { status, text };
    throw toError(status, text, this.url);
  }
}

export interface FrontendOptions extends RemoteOptions {
  frontend: string;
}

function toError(status: number, text: string, url: string): FuncatronError {
  if (status === 401) {
    const detail = `${url} wants credentials: give a token of the Tron with --token or FUNCATRON_TOKEN`;
    return new FuncatronError('token_invalid', detail);
  }
  const { code, detail } = parse(text);
  const known = code !== undefined && code in catalogue ? (code as ErrorCode) : 'call_refused';
  return new FuncatronError(known, detail ?? `${url} answered ${status} ${text}`.trim(), {
    status,
  });
}

function parse(text: string): { code?: string; detail?: string } {
  try {
    return (JSON.parse(text) ?? {}) as { code?: string; detail?: string };
  } catch {
    return {};
  }
}

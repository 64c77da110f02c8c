/**
 * Who may administer functions through a frontend. With a user and password, or tokens: whoever has
 * either. Without any: only programs on the frontend's own machine, and no web page that a browser
 * there has open.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { FuncatronError } from '../../errors.ts';
import type { CallHead, Reply } from '../../message.ts';
import type { Store, TokenRecord } from '../../store/store.ts';
import { isLoopback } from '../guard.ts';
import { findToken } from '../token.ts';

export interface BasicAuth {
  user: string;
  password: string;
}

export class Credentials {
  readonly #store: Store;
  readonly #basic: BasicAuth | undefined;

  constructor(store: Store, basic: BasicAuth | undefined) {
    this.#store = store;
    this.#basic = basic;
  }

  /** The refusal, as OpenFaaS words it; undefined: go on. Rejects with `forbidden`. */
  async refuse(head: CallHead): Promise<Reply | undefined> {
    if (head.method !== 'GET') assertSameSite(head);
    const tokens = await this.#store.tokens();
    if (!this.#basic && tokens.length === 0) return assertLocal(head);
    return this.#isKnown(tokens, textOf(head, 'authorization')) ? undefined : refusal();
  }

  #isKnown(tokens: readonly TokenRecord[], text: string): boolean {
    const [, scheme = '', given = ''] = /^(Basic|Bearer) +(\S+)$/i.exec(text) ?? [];
    if (scheme.toLowerCase() === 'bearer') return findToken(tokens, given) !== undefined;
    const pair = Buffer.from(given, 'base64').toString();
    const at = pair.indexOf(':');
    if (at < 0) return false;
    const [user, password] = [pair.slice(0, at), pair.slice(at + 1)];
    if (findToken(tokens, password) !== undefined) return true;
    const basic = this.#basic;
    // Both are compared, whatever the first says: the time it takes tells nothing.
    const same = basic && [isSame(user, basic.user), isSame(password, basic.password)];
    return same?.every(Boolean) ?? false;
  }
}

function textOf({ headers }: CallHead, name: string): string {
  return [headers[name]].flat()[0] ?? '';
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function refusal(): Reply {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'www-authenticate': 'Basic realm="Restricted"',
    'cache-control': 'no-store',
  };
  const head = { v: 1, action: 'answer', id: '', status: 401, headers } as const;
  return { head, body: Buffer.from('invalid credentials') };
}

/** A browser sends what credentials it knows for whatever page asks it to. */
function assertSameSite(head: CallHead): void {
  const origin = textOf(head, 'origin');
  const site = textOf(head, 'sec-fetch-site');
  const isForeign = origin !== '' && URL.parse(origin)?.host !== textOf(head, 'host');
  if (isForeign || site === 'cross-site' || site === 'same-site')
    throw refused(`a page of the origin "${origin}"`, 'open the page of this frontend: /ui/');
}

function assertLocal(head: CallHead): undefined {
  const mend =
    'make a token (funcatron token create NAME) and give it as the password of any user, ' +
    'or give --basic-auth a folder with basic-auth-user and basic-auth-password';
  const host = textOf(head, 'host');
  if (!isLoopback(head.remote)) throw refused(`a caller at ${head.remote}`, mend);
  if (!isLoopback(host.replace(/:\d+$/, ''))) throw refused(`the Host header "${host}"`, mend);
  // Who came through a proxy is only as near as the proxy.
  if (textOf(head, 'x-forwarded-for') !== '' || textOf(head, 'forwarded') !== '')
    throw refused('a caller behind a proxy', mend);
}

function refused(what: string, mend: string): FuncatronError {
  const detail = `functions are administered only from this machine, not by ${what}; ${mend}`;
  return new FuncatronError('forbidden', detail, { component: 'tron' });
}

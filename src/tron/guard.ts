/**
 * Who may talk to the Tron. With tokens: whoever has one. Without any: only this machine, and no
 * web page that a browser on it has open (a page can reach loopback by a name of its own, which
 * the Host header gives away, or across origins, which the Origin header does).
 */
import type { IncomingMessage } from 'node:http';
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { FuncatronError } from '../errors.ts';
import { secretsPath } from '../control/secret-wire.ts';
import { fetchKeyHeader } from '../control/tron-list.ts';
import type { Store } from '../store/store.ts';
import { findToken } from './token.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address or name to listen on reaches only this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const family = isIP(name);
  if (family !== 0) return loopback.check(name, family === 4 ? 'ipv4' : 'ipv6');
  return name === 'localhost' || name.endsWith('.localhost');
}

/** Throws `option_invalid` when the address is open to others and there is no token. */
export async function assertMayListen(store: Store, host: string): Promise<void> {
  if (isLoopback(host) || (await store.tokens()).length > 0) return;
  throw new FuncatronError(
    'option_invalid',
    `--tron-host ${host}: without a token the Tron listens on loopback only; ` +
      'make one first: funcatron token create NAME',
  );
}

const bundlePath = /^\/api\/v1\/bundle\/[^/]+$/;

/**
 * Whether a node fetches a bundle with the key it was told over the broker, which is good for that
 * only. Throws `token_invalid` for another key.
 */
export function mayFetch(request: IncomingMessage, path: string, fetchKey: string): boolean {
  const { method, headers } = request;
  const given = headers[fetchKeyHeader];
  if (given === undefined || method !== 'GET') return false;
  if (path !== secretsPath && !bundlePath.test(path)) return false;
  if (timingSafeEqual(digest(String(given)), digest(fetchKey))) return true;
  const detail = `${fetchKeyHeader} is not what this Tron told its nodes; it was started anew`;
  throw new FuncatronError('token_invalid', detail);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Throws `token_invalid` or `forbidden`. What is open needs no token, though there are some. */
export async function assertMayCall(
  store: Store,
  request: IncomingMessage,
  isOpen: boolean,
): Promise<void> {
  const tokens = await store.tokens();
  if (tokens.length === 0) return assertLocal(request);
  if (isOpen) return;
  const [, text] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (text !== undefined && findToken(tokens, text) !== undefined) return;
  const detail =
    text === undefined
      ? 'send a token: "Authorization: Bearer TOKEN"; funcatron takes it from --token or $FUNCATRON_TOKEN'
      : 'the token is unknown or was revoked; make one with: funcatron token create NAME';
  throw new FuncatronError('token_invalid', detail, { headers: { 'www-authenticate': 'Bearer' } });
}

function assertLocal({ headers, socket }: IncomingMessage): void {
  const remote = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  if (!isLoopback(remote)) throw refused(`a caller at ${remote}`);
  const host = headers.host ?? '';
  if (!isLoopback(nameOf(host))) throw refused(`the Host header "${host}"`);
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`)
    throw refused(`a page of the origin "${origin}"`);
}

/** `localhost:3000` or `[::1]:3000` without the port. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}

function refused(what: string): FuncatronError {
  return new FuncatronError(
    'forbidden',
    `without a token the Tron answers only programs on its own machine, not ${what}; ` +
      'make a token with: funcatron token create NAME',
    { component: 'tron' },
  );
}

/**
 * Connections that leave HTTP for another protocol (RFC 9110 section 7.8): WebSocket alone. The
 * request is matched, authenticated and checked like any other; after the answer 101 the bytes of
 * both sides are carried as they come, and nobody here looks into them.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { letGo } from '../inflow.ts';
import type { Reply } from '../message.ts';
import { drained } from './drain.ts';
import type { Exchange } from './exchange.ts';
import { badResult, replyHeaders } from './response-head.ts';

export interface Upgrade {
  socket: Socket;
  /** What came with the request already. */
  first: Buffer;
  /** When the program last sent something, in milliseconds since 1970. */
  activeAt: number;
}

export function asksForUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** Answers 101, then carries bytes both ways until a side ends. Throws `func_bad_result`. */
export function switchProtocols(x: Exchange, upgrade: Upgrade, { head, body }: Reply): void {
  if (body instanceof Uint8Array) throw badResult('it has status 101, and no connection');
  const { response } = x;
  const headers = replyHeaders(x, head.headers);
  headers.push('connection', 'Upgrade', 'upgrade', 'websocket');
  response.writeHead(101, 'Switching Protocols', headers as string[]);
  response.flushHeaders();
  response.detachSocket(upgrade.socket);
  void carry(x, upgrade, body);
}

async function carry(
  x: Exchange,
  upgrade: Upgrade,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { socket } = upgrade;
  try {
    for await (const chunk of body) {
      upgrade.activeAt = Date.now();
      if (socket.destroyed) break;
      if (!socket.write(chunk)) await drained(socket);
    }
    endSocket(x, socket);
  } catch (thrown) {
    if (!x.ended) x.door.log.warn({ ...x.logFields, err: thrown }, 'the WebSocket broke off');
    socket.destroy();
  }
  if (x.stream) letGo(x.stream.body);
  x.end(101);
}

/** The program has ended its side: the client gets a while to end its own. */
function endSocket(x: Exchange, socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), x.door.options.lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

/** Ends a connection that has carried nothing for too long, or whose client takes nothing. */
export function endIfIdle(x: Exchange, { socket, activeAt }: Upgrade, now: number): void {
  const { websocketIdleMs } = x.door.options;
  if (!x.response.headersSent || x.response.socket) return;
  const heardAt = Math.max(activeAt, x.stream?.heardAt ?? 0);
  if (now - heardAt <= websocketIdleMs) return;
  x.door.log.info(x.logFields, 'a WebSocket was idle for longer than --websocket-idle');
  socket.destroy();
}

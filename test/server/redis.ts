/** A Redis server that has every write on disk before it answers, for tests. */
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, freePort, startServer, throwAwayFolder, untilAnswers } from './server.ts';
import type { TestServer } from './server.ts';

export interface RedisTestOptions {
  /** Further command-line options, such as `--appendfsync everysec`. */
  args?: string[];
}

export async function startRedis({ args = [] }: RedisTestOptions = {}): Promise<TestServer> {
  const program = findProgram('redis-server');
  if (!program) throw new Error('redis-server is not installed');
  const port = await freePort();
  const folder = throwAwayFolder();
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const ready = async (): Promise<void> => {
    await untilAnswers(port);
    // Its port is open before it has read what it stored.
    while (!(await answersPing(port))) await sleep(10);
  };
  return startServer({
    url: `redis://127.0.0.1:${port}`,
    folder,
    program,
    args: [...place, ...durable, ...args],
    ready,
  });
}

/** A server that reads its data, or wants a password, answers with an error. */
async function answersPing(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('PING\r\n');
  const timer = setTimeout(() => socket.destroy(), 500);
  let text = '';
  try {
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes('\r\n')) return text.startsWith('+PONG') || text.startsWith('-NOAUTH');
    }
  } catch {
    // It went away: it is not there yet.
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  return false;
}

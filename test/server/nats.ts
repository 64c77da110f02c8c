/** A NATS server with JetStream, for tests. */
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, freePort, startServer, throwAwayFolder, untilAnswers } from './server.ts';
import type { TestServer } from './server.ts';

export interface NatsTestOptions {
  /** Lines for the server's configuration file, such as `max_payload: 64KB`. */
  config?: string[];
  /** Default true. */
  jetStream?: boolean;
}

export async function startNats(options: NatsTestOptions = {}): Promise<TestServer> {
  const { config = [], jetStream = true } = options;
  const program = findProgram('nats-server');
  if (!program) throw new Error('nats-server is not installed');
  const port = await freePort();
  const folder = throwAwayFolder();
  const file = join(folder, 'nats.conf');
  const store = `jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} }`;
  const lines = [`listen: 127.0.0.1:${port}`, ...(jetStream ? [store] : []), ...config];
  writeFileSync(file, lines.join('\n'));
  const ready = async (): Promise<void> => {
    await untilAnswers(port);
    // Its port is open before JetStream has read what it stored.
    while (jetStream && !(await answersJetStream(port))) await sleep(10);
  };
  const args = ['--config', file];
  return startServer({ url: `nats://127.0.0.1:${port}`, folder, program, args, ready });
}

/** Whether the server tells of JetStream when asked; speaks the NATS protocol for that. */
async function answersJetStream(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  const asked = 'CONNECT {"verbose":false}\r\nSUB in 1\r\nPUB $JS.API.INFO in 0\r\n\r\nPING\r\n';
  socket.on('error', () => undefined);
  socket.write(asked);
  const timer = setTimeout(() => socket.destroy(), 500);
  let text = '';
  try {
    for await (const chunk of socket) {
      text += String(chunk);
      if (/\nMSG in 1 |Authorization/.test(text)) return true;
    }
  } catch {
    // It went away: it is not there yet.
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  return false;
}

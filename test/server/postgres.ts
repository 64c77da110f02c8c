/** A real PostgreSQL: data in a folder that is thrown away, a password, no file synced. */
import { spawnSync } from 'node:child_process';
import { chownSync, globSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findProgram, freePort, startServer, throwAwayFolder } from './server.ts';
import type { TestServer } from './server.ts';

const password = 'sesame-open';

/** Why suites with PostgreSQL must be skipped, for `{ skip }`; false when it is installed. */
export function whyNoPostgres(): string | false {
  if (!findPostgres()) return 'not installed: postgresql';
  return process.getuid?.() === 0 && !postgresUser()
    ? 'PostgreSQL does not run as root, and there is no user postgres'
    : false;
}

/** Starts one; its URL has the password in it, and names a database that is empty. */
export async function startPostgres(): Promise<TestServer> {
  const program = findPostgres();
  if (!program) throw new Error('PostgreSQL is not installed');
  const user = process.getuid?.() === 0 ? postgresUser() : undefined;
  const folder = throwAwayFolder(user);
  const data = join(folder, 'data');
  initialise(join(dirname(program), 'initdb'), folder, data, user);
  const port = await freePort();
  const url = `postgres://funcatron:${password}@127.0.0.1:${port}/postgres`;
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'max_connections=200',
    'shared_buffers=16MB',
    'dynamic_shared_memory_type=mmap',
  ];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])];
  // SIGTERM would wait until the last client has gone.
  const plan = { url, folder, program, args, stopSignal: 'SIGINT' as const };
  const ready = (): Promise<void> => untilReady(url);
  const server = await startServer({ ...plan, ready, ...(user && { user }) });
  return {
    url,
    restart: () => server.restart(),
    kill: () => killWhole(data, () => server.kill()),
    async stop() {
      // Killed, it would leave a piece of shared memory behind.
      const pid = mainProcess(data);
      if (pid !== undefined) await endAll([pid], 'SIGQUIT');
      await server.stop();
    },
  };
}

function findPostgres(): string | undefined {
  return findProgram('postgres', ...globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed());
}

function postgresUser(): { uid: number; gid: number } | undefined {
  const id = (flag: string): number =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout || Number.NaN);
  const user = { uid: id('-u'), gid: id('-g') };
  return Number.isNaN(user.uid) ? undefined : user;
}

function initialise(
  initdb: string,
  folder: string,
  data: string,
  user?: { uid: number; gid: number },
): void {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  // Whatever the umask: only that user has to read it.
  if (user) chownSync(passwordFile, user.uid, user.gid);
  const args = ['-D', data, '-U', 'funcatron', `--pwfile=${passwordFile}`, '-A', 'scram-sha-256'];
  const quick = ['--no-sync', '--no-instructions', '--encoding=UTF8', '--locale=C.UTF-8'];
  const made = spawnSync(initdb, [...args, ...quick], { ...user, cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb: ${made.error ?? made.stderr}`);
}

/** It listens before it takes connections. */
async function untilReady(connectionString: string): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    const connected = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (connected) return;
    await sleep(20);
  }
}

/** Its processes lead groups of their own, and end a moment after the one that started them. */
async function killWhole(data: string, kill: () => Promise<void>): Promise<void> {
  const pid = mainProcess(data);
  const children = pid === undefined ? [] : childrenOf(pid);
  await kill();
  await endAll(children, 'SIGKILL');
}

function mainProcess(data: string): number | undefined {
  const file = join(data, 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n', 1)[0]) : undefined;
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statusOf(Number(name))?.parent === parent)
    .map(Number);
}

/** Undefined when there is no such process. */
function statusOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

async function endAll(pids: number[], signal: NodeJS.Signals): Promise<void> {
  const living = (pid: number): boolean => !['Z', undefined].includes(statusOf(pid)?.state);
  for (const pid of pids.filter(living)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It went in this moment.
    }
  }
  while (pids.some(living)) await sleep(5);
}

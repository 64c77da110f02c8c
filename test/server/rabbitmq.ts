/** A real RabbitMQ for tests, with an epmd, a cookie and a node name of its own. */
import { execFile } from 'node:child_process';
import { globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestServer } from './server.ts';
import { freePort, startServer, throwAwayFolder, untilAnswers, whyMissing } from './server.ts';

const run = promisify(execFile);

export interface RabbitServer extends TestServer {
  /** Runs `rabbitmqctl` on it and resolves with what that prints. */
  control(...args: string[]): Promise<string>;
}

/** Why a suite over RabbitMQ must be skipped, for `{ skip }`; false when all it needs is there. */
export function whyNoRabbit(): string | false {
  if (!installed()) return 'not installed: rabbitmq-server';
  return whyMissing('epmd', 'erl');
}

/** Starts one; takes about five seconds, nearly all of it Erlang loading modules. */
export async function startRabbit(): Promise<RabbitServer> {
  const home = installed();
  if (!home) throw new Error('rabbitmq-server is not installed');
  const folder = throwAwayFolder();
  const [port, epmd, distribution] = [await freePort(), await freePort(), await freePort()];
  const env = environment(home, folder, { port, epmd, distribution });
  // The scripts start an epmd that outlives the server, unless one is there already.
  const script = 'epmd -port "$ERL_EPMD_PORT" & exec "$1"';
  const server = await startServer({
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    folder,
    program: 'sh',
    args: ['-c', script, 'sh', join(home, 'sbin/rabbitmq-server')],
    env,
    ready: () => untilAnswers(port),
  });
  const control = async (...args: string[]) => {
    const all = { ...process.env, ...env };
    return (await run(join(home, 'sbin/rabbitmqctl'), ['-q', ...args], { env: all })).stdout;
  };
  return Object.assign(server, { control });
}

/** The newest one's folder, which holds `sbin` and `plugins`. */
function installed(): string | undefined {
  const found = globSync('/usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server').toSorted().at(-1);
  return found && dirname(dirname(found));
}

function environment(
  home: string,
  folder: string,
  ports: { port: number; epmd: number; distribution: number },
): Record<string, string> {
  writeFileSync(join(folder, '.erlang.cookie'), 'throw-away', { mode: 0o400 });
  writeFileSync(join(folder, 'enabled_plugins'), '[].');
  writeFileSync(join(folder, 'rabbitmq.conf'), '');
  // It reads every plugin in this folder before it starts none of them: a second saved.
  const plugins = join(folder, 'plugins');
  mkdirSync(plugins);
  const [core] = globSync(join(home, 'plugins/rabbit-*'));
  if (core) symlinkSync(core, join(plugins, basename(core)));
  return {
    HOME: folder,
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_PLUGINS_DIR: core ? plugins : join(home, 'plugins'),
    RABBITMQ_NODENAME: `test${ports.port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(ports.port),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_CTL_DIST_PORT_MIN: '12000',
    RABBITMQ_CTL_DIST_PORT_MAX: '32000',
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // Its start script becomes the server, instead of its parent.
    detached: '1',
  };
}

/**
 * Docker's engine, one of its own: in its own process and mount namespaces, so that nothing of its
 * containers outlives it. It makes no bridge and no firewall rule: containers share the network of
 * the machine, or have none.
 */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { atEnd, findProgram, startServer, throwAwayFolder, whyMissing } from './server.ts';
import type { TestServer } from './server.ts';

const run = promisify(execFile);
/** Where it may not run, it may wait for ever for what it is not given. */
const startMs = 30_000;

export interface DockerServer extends TestServer {
  /** Runs its client with these arguments. */
  docker(...args: string[]): Promise<{ stdout: string; stderr: string }>;
}

/** Why there cannot be one here, for `{ skip }`; false when its programs are there. */
export function whyNoDocker(): string | false {
  if (process.getuid?.() !== 0) return 'only root can run the engine of Docker';
  return whyMissing('dockerd', 'docker', 'containerd', 'runc', 'unshare');
}

/** Starts one, in a quarter of a second. */
export async function startDocker(): Promise<DockerServer> {
  const folder = throwAwayFolder();
  const url = `unix://${folder}/s`;
  const env = { ...process.env, DOCKER_HOST: url, DOCKER_CONFIG: folder, DOCKER_BUILDKIT: '0' };
  const docker: DockerServer['docker'] = (...args) => run('docker', args, { env });
  // The kernel ends all of a process namespace with its first process, and unmounts with the last.
  const apart = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const config = join(folder, 'daemon.json');
  writeFileSync(config, '{}');
  const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const group = basename(folder);
  const quiet = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--log-level=warn'];
  const own = ['--config-file', config, '--host', url, '--pidfile', join(folder, 'pid')];
  const groups = ['--cgroup-parent', `/${group}`, '--exec-opt', 'native.cgroupdriver=cgroupfs'];
  const removing = atEnd(removeGroups, group);
  const server = await startServer({
    url,
    folder,
    program: 'unshare',
    args: [...apart, findProgram('dockerd')!, ...places, ...own, ...groups, ...quiet],
    ready: () => untilAnswered(docker),
  });
  const stopEngine = server.stop.bind(server);
  const stop = async (): Promise<void> => {
    await stopEngine();
    spawnSync('sh', ['-c', removeGroups, 'sh', group]);
    removing.kill('SIGKILL');
  };
  return Object.assign(server, { docker, stop });
}

async function untilAnswered(docker: DockerServer['docker']): Promise<void> {
  const late = Date.now() + startMs;
  while (!(await docker('version').catch(() => undefined))) {
    if (Date.now() > late) throw new Error(`no answer within ${startMs / 1000} s`);
    await sleep(20);
  }
}

/** Control groups are the one thing that stays when their processes have gone. */
const removeGroups =
  'for try in 1 2 3 4 5; do find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} + ' +
  '&& break; sleep 0.2; done 2>/dev/null';

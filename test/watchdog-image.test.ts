/** The watchdog's executable in images, built and run by Docker as OpenFaaS's are. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { importBase } from './server/base-image.ts';
import { startDocker, whyNoDocker } from './server/docker.ts';
import type { DockerServer } from './server/docker.ts';

const run = promisify(execFile);
const limits = { timeout: 120_000 };
const funcatron = fileURLToPath(new URL('../bin/funcatron.js', import.meta.url));
const programs = ['sh', 'cat', 'chmod', 'rm', 'setsid', 'sleep'];

/**
 * Answers with its body; `daemon N` leaves a process behind that lives for N seconds, `wait` waits
 * for a file.
 */
const app = `#!/bin/sh
body=$(cat)
case $body in
daemon*) setsid sleep "\${body#daemon }" >/dev/null 2>&1 & ;;
wait) until [ -e /tmp/go ]; do sleep 0.02; done ;;
esac
echo "You said: $body"
`;

/** As people wrote them for OpenFaaS's binary. */
const dockerfile = `FROM base
RUN chmod 777 /tmp
COPY app /go/src/app/app
WORKDIR /go/src/app

ADD fwatchdog /usr/bin
RUN chmod +x /usr/bin/fwatchdog

ENV fprocess="/go/src/app/app"
ENV healthcheck_interval=0
HEALTHCHECK --interval=500ms --retries=1 CMD fwatchdog -run-healthcheck
CMD ["fwatchdog"]
`;

const engine = await open();
const skip = typeof engine === 'string' && engine;

describe('fwatchdog in an image', { skip, ...limits }, () => {
  const { docker, stop } = engine as DockerServer;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-'));
    await writeFile(join(folder, 'app'), app);
    await chmod(join(folder, 'app'), 0o755);
    await run(funcatron, ['watchdog', '--executable', join(folder, 'fwatchdog')]);
    for (const base of ['base', 'bare']) {
      await writeFile(join(folder, 'Dockerfile'), dockerfile.replace('base', base));
      await docker('build', '--tag', `on-${base}`, folder);
    }
  }, limits);
  after(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  /** Runs it on a free port of this machine. */
  const start = async (image: string, ...flags: string[]): Promise<Container> => {
    const free = ['--env', 'port=0', '--env', 'metrics_port=0', '--network', 'host'];
    const { stdout } = await docker('run', '--detach', ...free, ...flags, image);
    const id = stdout.trim();
    const container = new Container(docker, id);
    const [, port] = await container.logged(/Listening on port: (\d+)/);
    container.port = Number(port);
    return container;
  };

  test('answers, is healthy, and finishes what it has when it is stopped', limits, async () => {
    const container = await start('on-base');
    assert.deepEqual(await container.post('hello'), [200, 'You said: hello\n']);
    await container.untilHealth('healthy');
    await docker('exec', container.id, 'rm', '/tmp/.lock');
    await container.untilHealth('unhealthy');

    const slow = container.post('wait');
    await container.logged(/Forking[^]*Forking/);
    const stopped = docker('stop', '--time', '60', container.id);
    await container.logged(/SIGTERM received[^]*draining: 1 requests/);
    await docker('exec', container.id, 'sh', '-c', 'echo > /tmp/go');
    assert.deepEqual(await slow, [200, 'You said: wait\n']);
    await stopped;
    assert.equal(await container.inspect('.State.ExitCode'), '0');
  });

  test('as process 1 it ends and reaps what a function leaves behind', limits, async () => {
    const container = await start('on-base');
    const seconds = String(randomInt(1_000_000, 9_999_999));
    assert.deepEqual(await container.post(`daemon ${seconds}`), [
      200,
      `You said: daemon ${seconds}\n`,
    ]);
    await container.untilGone(seconds);
    await docker('rm', '--force', container.id);
  });

  test('without perl, as nobody, where nothing can be written', limits, async () => {
    const container = await start(
      'on-bare',
      '--init',
      '--user=1000',
      '--read-only',
      '--tmpfs=/tmp',
    );
    assert.deepEqual(await container.post('hello'), [200, 'You said: hello\n']);
    // Nobody ends it; it ends itself, and Docker's init reaps it.
    await container.post('daemon 0.25');
    await container.untilGone('0.25');
    await container.untilHealth('healthy');
    await docker('stop', container.id);
    assert.equal(await container.inspect('.State.ExitCode'), '0');
  });
});

class Container {
  readonly id: string;
  readonly #docker: DockerServer['docker'];
  port = 0;

  constructor(docker: DockerServer['docker'], id: string) {
    this.#docker = docker;
    this.id = id;
  }

  async post(body: string): Promise<[status: number, text: string]> {
    const sent = request({ port: this.port, method: 'POST', agent: false }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return [response.statusCode!, await text(response)];
  }

  async inspect(field: string): Promise<string> {
    const { stdout } = await this.#docker('inspect', '--format', `{{${field}}}`, this.id);
    return stdout.trim();
  }

  /** Resolves with the match when it has written that; rejects when it has ended before. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const status = await this.inspect('.State.Status');
      const { stdout, stderr } = await this.#docker('logs', this.id);
      const match = pattern.exec(stdout + stderr);
      if (match) return match;
      assert.equal(status, 'running', stdout + stderr);
      await sleep(50);
    }
  }

  async untilHealth(wanted: string): Promise<void> {
    while ((await this.inspect('.State.Health.Status')) !== wanted) await sleep(50);
  }

  /** Resolves when no such process is left in it, nor one that has ended and nobody waited for. */
  async untilGone(argument: string): Promise<void> {
    for (;;) {
      const { stdout } = await this.#docker('top', this.id, '-eo', 'pid,stat,args');
      const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/));
      if (!lines.some(([, stat, ...args]) => stat?.startsWith('Z') || args.at(-1) === argument))
        return;
      await sleep(20);
    }
  }
}

/** The engine with two images, `bare` without perl; or why there is none. */
async function open(): Promise<DockerServer | string> {
  const why = whyNoDocker();
  if (why) return why;
  let server: DockerServer | undefined;
  try {
    server = await startDocker();
    await importBase(server, 'base', [...programs, 'perl'], process.execPath);
    await importBase(server, 'bare', programs, process.execPath);
    await server.docker('run', '--rm', '--network', 'host', 'base', 'cat', '/dev/null');
    return server;
  } catch (error) {
    await server?.stop();
    return `Docker runs no container here: ${(error as Error).message.replace(/\s+/g, ' ')}`;
  }
}

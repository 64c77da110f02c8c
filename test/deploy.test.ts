/** What is in deploy/: the cluster by one command, and files that name only what there is. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { commandTable } from '../src/cli/command-table.ts';
import type { CommandSpec } from '../src/cli/command.ts';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import { startedIn, until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import { freePort, whyMissing } from './server/server.ts';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'deploy');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const commands = new Map<string, CommandSpec>(
  Object.values(commandTable).flatMap((specs) => specs.map((spec) => [spec.usage, spec] as const)),
);

interface Service {
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, unknown>;
  volumes?: string[];
}

test('compose.yaml names roles, variables, services and volumes that there are', () => {
  const file = load(read('compose.yaml')) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };
  for (const [name, service] of Object.entries(file.services)) {
    for (const needed of Object.keys(service.depends_on ?? {}))
      assert.ok(file.services[needed], `${name} needs ${needed}`);
    for (const volume of service.volumes ?? [])
      assert.ok(volume.split(':')[0]! in file.volumes, `${name} has volume ${volume}`);
    if (!service.command) continue;
    const spec = commands.get(service.command[0]!);
    assert.ok(spec, `${name} runs ${service.command[0]}`);
    const known = Object.values(spec.options).map(({ env }) => env);
    for (const variable of Object.keys(service.environment ?? {}))
      assert.ok(known.includes(variable), `${name} has ${variable}`);
  }
});

test('Procfile names roles and flags that there are', () => {
  const lines = [...read('Procfile').matchAll(/^\w+: "\$FUNCATRON" (\w+)(.*)$/gm)];
  assert.equal(lines.length, 4);
  for (const [, role, rest] of lines) {
    const flags = Object.values(commands.get(role!)!.options).map(({ flag }) => flag);
    for (const [flag] of rest!.matchAll(/--[a-z-]+/g))
      assert.ok(
        flags.some((one) => one.startsWith(`${flag} `)),
        `${role} ${flag}`,
      );
  }
});

const skip = whyMissing('nats-server');

test('npm run cluster: serves, keeps what is enabled, and leaves nothing', { skip }, async (t) => {
  const stage = new Stage();
  t.after(() => stage.close());
  const names = ['PORT', 'TRON_PORT', 'NATS_PORT', 'METRICS_PORT', 'RUNNER1_PORT', 'RUNNER2_PORT'];
  const ports: Record<string, string> = {};
  for (const name of names) ports[name] = String(await freePort());
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...ports, DATA: join(stage.dir, 'data'), TMPDIR: stage.temporary };
  const door = `http://127.0.0.1:${ports.PORT}`;
  const tron = `http://127.0.0.1:${ports.TRON_PORT}`;
  const run = async (work: () => Promise<void>): Promise<void> => {
    const child = spawn(process.execPath, [join(folder, 'cluster.ts')], { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    const ended = once(child, 'exit');
    try {
      await until(() => {
        assert.equal(child.exitCode, null, output);
        return /the cluster serves, \d+\.\d s/.test(output);
      });
      t.diagnostic(/the cluster serves.*/.exec(output)![0]);
      await work();
    } finally {
      child.kill('SIGINT');
      const [code] = (await ended) as [number | null];
      assert.equal(code, 0, output);
    }
    assert.deepEqual(startedIn(stage.temporary), []);
  };
  const call = async (): Promise<void> => {
    const { status, text } = await ask(`${door}/hello`);
    assert.deepEqual([status, text], [200, '"hello"']);
  };
  await run(async () => {
    await deploy({ tron }, nodeBundle('hello', 'export const main = () => "hello";'));
    await call();
  });
  await run(call);
});

/** Installs what the tests need from the system, where that is allowed and it is missing. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jvmExamples } from './example/table.ts';
import { prepareKafka } from './server/kafka.ts';
import { findProgram } from './server/server.ts';

/** Program to look for, and the Debian package that has it. */
const needed: readonly [program: string, debianPackage: string][] = [
  ['python3', 'python3'],
  ['pip3', 'python3-pip'],
  ['perl', 'perl-base'],
  ['rabbitmq-server', 'rabbitmq-server'],
  ['redis-server', 'redis-server'],
  ['nats-server', 'nats-server'],
  ['initdb', 'postgresql'],
  ['prometheus', 'prometheus'],
  ['prometheus-alertmanager', 'prometheus-alertmanager'],
  // Kafka comes from Maven Central.
  ['java', 'default-jre-headless'],
  // The worker of JVM bundles is built, and samples are.
  ['javac', 'default-jdk-headless'],
  ['mvn', 'maven'],
  ['lein', 'leiningen'],
  ['gradle', 'gradle'],
  ['dockerd', 'docker.io'],
  // A stand-in for its `convert` may be there.
  ['identify', 'imagemagick'],
];

export async function prepare(): Promise<void> {
  installPackages();
  await prepareKafka();
  prepareJvm();
  prepareSamples();
}

function prepareJvm(): void {
  const build = fileURLToPath(new URL('../jvm/build.ts', import.meta.url));
  spawnSync(process.execPath, [build, '--soft'], { stdio: 'inherit' });
}

/** What the samples of the JVM depend on is fetched once, before tests measure their time. */
function prepareSamples(): void {
  if (!findProgram('javac') || !findProgram('mvn')) return;
  const root = fileURLToPath(new URL('..', import.meta.url));
  for (const name of Object.keys(jvmExamples)) {
    const folder = join(root, 'examples', name);
    if (existsSync(join(folder, 'target')) || existsSync(join(folder, 'build'))) continue;
    console.log(`building examples/${name} for the first time`);
    const out = join(tmpdir(), `funcatron-sample-${process.pid}.jar`);
    const args = [join(root, 'bin/funcatron.js'), 'build', folder, '-o', out];
    spawnSync(process.execPath, args, { stdio: 'ignore' });
    rmSync(out, { force: true });
  }
}

function installPackages(): void {
  const postgres = globSync('/usr/lib/postgresql/*/bin');
  const missing = needed
    .filter(([program]) => !findProgram(program, ...postgres))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !findProgram('apt-get')) {
    console.log(`missing: ${missing.join(', ')}; the tests that need them are skipped by name`);
    return;
  }
  console.log(`installing ${missing.join(', ')}`);
  withoutServices(() => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = ['install', '-y', '-q', '--no-install-recommends', ...missing];
    spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore' });
    const { status } = spawnSync('apt-get', install, { stdio: 'inherit', env });
    if (status !== 0) console.log('that failed; the tests that need it are skipped by name');
  });
}

/** Debian starts a server as it installs it, unless this program says no: the tests start theirs. */
function withoutServices(install: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(policy);
  }
}

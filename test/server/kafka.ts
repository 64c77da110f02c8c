/**
 * A real Kafka broker of one node for tests: KRaft, on free ports of the loopback, with throw-away
 * data. Its jars come from Maven Central into a cache folder, with a formatted data folder and an
 * archive of loaded classes beside them, for which a start takes one second instead of three.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, metadataV12 } from '@platformatic/kafka';
import { freePort, startServer, throwAwayFolder, untilAnswers, whyMissing } from './server.ts';
import type { TestServer } from './server.ts';

const version = '4.3.1';
const caches = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'funcatron-test');
const cache = join(caches, `kafka-${version}`);

/** Why Kafka cannot be started here, for `{ skip }`; false when it can. */
export function whyNoKafka(): string | false {
  if (existsSync(cache)) return whyMissing('java');
  return `not installed: Kafka ${version} in ${cache}; "node test/run.ts" fetches it with mvn`;
}

export interface KafkaTestOptions {
  /** Who may connect, and nobody else (SASL, PLAIN). */
  user?: { username: string; password: string };
  /** A second port, and where others reach it, for those who cannot reach the first one. */
  also?: { port: number; seenAt: { host: string; port: number } };
}

export async function startKafka({ user, also }: KafkaTestOptions = {}): Promise<TestServer> {
  const folder = throwAwayFolder();
  const [port, controller] = [await freePort(), await freePort()];
  cpSync(join(cache, 'format'), join(folder, 'data'), { recursive: true });
  const properties = join(folder, 'server.properties');
  const more = user ? saslLines(user) : also ? alsoLines(port, controller, also) : {};
  writeFileSync(properties, propertiesOf(join(folder, 'data'), port, controller, more));
  return startServer({
    url: `kafka://127.0.0.1:${port}`,
    folder,
    program: 'java',
    args: javaArgs(
      cache,
      ['-Xshare:auto', `-XX:SharedArchiveFile=${cache}/classes.jsa`],
      ['kafka.Kafka', properties],
    ),
    ready: () => untilBrokerLives(port, user),
  });
}

/** Fetches what is missing; says so and goes on where that is impossible. */
export async function prepareKafka(): Promise<void> {
  if (existsSync(cache)) return;
  const missing = whyMissing('java', 'mvn');
  if (missing !== false) {
    console.log(`Kafka ${version} cannot be fetched: ${missing}`);
    return;
  }
  console.log(`fetching Kafka ${version} from Maven Central`);
  mkdirSync(caches, { recursive: true });
  const folder = mkdtempSync(join(caches, 'new-'));
  try {
    fetchJars(folder);
    format(folder);
    renameSync(folder, cache);
    // Only now: the archive is good for the very paths it was made with.
    await archiveClasses();
  } catch (error) {
    console.log(`Kafka ${version} cannot be fetched: ${String(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fetchJars(folder: string): void {
  const build = join(folder, 'build');
  mkdirSync(build);
  const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>`;
  writeFileSync(join(build, 'pom.xml'), project);
  run('mvn', [
    ...['--quiet', '--batch-mode', `--file=${build}/pom.xml`],
    ...[`-Dmaven.repo.local=${build}/repository`, 'dependency:copy-dependencies'],
    ...['-DincludeScope=runtime', `-DoutputDirectory=${folder}/lib`],
  ]);
  rmSync(build, { recursive: true });
}

/** Formats a data folder once; a copy of it is a new broker's. */
function format(folder: string): void {
  const properties = join(folder, 'server.properties');
  writeFileSync(properties, propertiesOf(join(folder, 'format'), 9092, 9093));
  const id = Buffer.from('funcatron-tests!').toString('base64url');
  const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', id, '--config', properties];
  run('java', javaArgs(folder, [], tool));
  rmSync(properties);
}

/** Starts it once, and keeps what the Java machine then knows of its classes. */
async function archiveClasses(): Promise<void> {
  const run = throwAwayFolder();
  const [port, controller] = [await freePort(), await freePort()];
  cpSync(join(cache, 'format'), join(run, 'data'), { recursive: true });
  const properties = join(run, 'server.properties');
  writeFileSync(properties, propertiesOf(join(run, 'data'), port, controller));
  const flags = [`-XX:ArchiveClassesAtExit=${cache}/classes.jsa`];
  const child = spawn('java', javaArgs(cache, flags, ['kafka.Kafka', properties]), {
    stdio: 'ignore',
  });
  const gone = once(child, 'exit');
  await Promise.race([untilBrokerLives(port), gone]);
  child.kill('SIGTERM');
  await gone;
  rmSync(run, { recursive: true, force: true });
}

function javaArgs(folder: string, flags: string[], command: string[]): string[] {
  return [
    ...['-Xmx256m', '-XX:-UsePerfData', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...flags],
    ...['-cp', join(folder, 'lib', '*'), ...command],
  ];
}

function run(program: string, args: string[]): void {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(`${program} failed: ${stdout}${stderr}`);
}

/**
 * The smallest broker that is still a whole one. Short sessions, as a killed broker that comes back
 * is refused until the controller has given its former self up.
 */
function propertiesOf(
  data: string,
  port: number,
  controller: number,
  more: Record<string, string> = {},
): string {
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.quorum.election.timeout.ms': 200,
    'controller.quorum.fetch.timeout.ms': 400,
    'controller.quorum.election.backoff.max.ms': 100,
    'broker.session.timeout.ms': 1000,
    'broker.heartbeat.interval.ms': 100,
    'controlled.shutdown.enable': false,
    'log.dirs': data,
    'num.network.threads': 1,
    'num.io.threads': 2,
    'background.threads': 1,
    'num.recovery.threads.per.data.dir': 1,
    'log.cleaner.dedupe.buffer.size': 2_000_000,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    ...more,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function alsoLines(port: number, controller: number, also: NonNullable<KafkaTestOptions['also']>) {
  const main = `PLAINTEXT://127.0.0.1:${port}`;
  const { host, port: seenPort } = also.seenAt;
  return {
    listeners: `${main},ALSO://127.0.0.1:${also.port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `${main},ALSO://${host}:${seenPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,ALSO:PLAINTEXT,CONTROLLER:PLAINTEXT',
  };
}

function saslLines({ username, password }: { username: string; password: string }) {
  const words = [
    'org.apache.kafka.common.security.plain.PlainLoginModule required',
    `username="${username}" password="${password}" user_${username}="${password}";`,
  ];
  return {
    'listener.security.protocol.map': 'PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.plaintext.plain.sasl.jaas.config': words.join(' '),
  };
}

/** Its port answers before it has told the controller that it lives. */
async function untilBrokerLives(port: number, user?: KafkaTestOptions['user']): Promise<void> {
  for (;;) {
    await untilAnswers(port);
    const connection = new Connection('test', {
      connectTimeout: 1000,
      ...(user && { sasl: { mechanism: 'PLAIN', ...user } }),
    });
    connection.on('error', () => undefined);
    try {
      await connection.connect('127.0.0.1', port);
      const { brokers } = await metadataV12.api.async(connection, [], false, false);
      if (brokers.length > 0) return;
    } catch {
      // Not yet.
    } finally {
      await connection.close();
    }
    await sleep(20);
  }
}

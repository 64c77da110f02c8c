/** sbt without an installation: its launcher is a JAR of Maven Central, which Maven can fetch. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findLocalRepository } from './maven-repository.ts';
import { runTool } from './tool-run.ts';

/** Of the launcher alone: a project's `project/build.properties` says which sbt it starts. */
const version = '1.13.1';
const jar = `org/scala-sbt/sbt-launch/${version}/sbt-launch-${version}.jar`;
const fetcher = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get';
const fetchTimeoutMs = 300_000;

export interface SbtLauncher {
  program: string;
  /** Before those for sbt. */
  args: string[];
}

/** The launcher of sbt for the project in `dir`; undefined where neither it nor Maven is there. */
export async function fetchSbt(
  dir: string,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<SbtLauncher | undefined> {
  const path = join(await findLocalRepository(dir), jar);
  if (!existsSync(path)) {
    say(`sbt is not installed: Maven fetches its launcher, ${version}`);
    const artifact = `-Dartifact=org.scala-sbt:sbt-launch:${version}`;
    const args = ['--quiet', '--batch-mode', fetcher, artifact, '-Dtransitive=false'];
    const run = { program: 'mvn', args, cwd: dir, timeoutMs: fetchTimeoutMs, signal };
    await runTool(run).catch(() => undefined);
  }
  return existsSync(path) ? { program: 'java', args: ['-jar', path] } : undefined;
}

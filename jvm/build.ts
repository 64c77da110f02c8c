/**
 * Builds what runs on the JVM: `node jvm/build.ts [worker|libraries|all] [--soft]`.
 *
 * - `worker`: workers/jvm/worker.jar, the program of JVM workers;
 * - `libraries`: jvm/repository/, what Funcs are built with, laid out as a Maven repository.
 *
 * Quiet when there is nothing to do: a digest of the sources is kept of each build. Two at once wait
 * for each other. `--soft` (npm's prepare) never fails: what is missing is said in one line.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const root = dirname(import.meta.dirname);
const jvm = join(root, 'jvm');
const worker = join(root, 'workers/jvm');
const repository = join(jvm, 'repository');
const parentPom = join(jvm, 'pom.xml');
const oldestJava = 17;
const waitMs = 900_000;
const tailLines = 30;

/** Why nothing could be built; its message is for people. */
class CannotBuild extends Error {}

interface Part {
  /** Folder with `target/`, where the digest of what was built is kept. */
  dir: string;
  sources: string[];
  isThere(): boolean;
  build(): void;
}

const modules = existsSync(parentPom)
  ? [...readFileSync(parentPom, 'utf8').matchAll(/<module>([^<.]+)<\/module>/g)].map((m) => m[1]!)
  : [];

const parts: Record<string, Part> = {
  worker: {
    dir: worker,
    sources: [parentPom, join(worker, 'pom.xml'), join(worker, 'src/main')],
    isThere: () => existsSync(join(worker, 'worker.jar')),
    build: buildWorker,
  },
  libraries: {
    dir: jvm,
    sources: [
      parentPom,
      ...modules.flatMap((name) => [join(jvm, name, 'pom.xml'), join(jvm, name, 'src/main')]),
    ],
    isThere: () => modules.every((name) => existsSync(artifact(name, versionOf(), 'pom'))),
    build: buildLibraries,
  },
};

function main(args: string[]): number {
  const isSoft = args.includes('--soft');
  const [what = 'all'] = args.filter((arg) => !arg.startsWith('--'));
  const wanted = what === 'all' ? Object.keys(parts) : [what];
  try {
    for (const name of wanted) {
      const part = parts[name];
      if (!part)
        throw new CannotBuild(`${name} is no part; name one of ${Object.keys(parts).join(', ')}`);
      if (!isBuilt(part)) make(name, part);
    }
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof CannotBuild) && !isSoft) throw thrown;
    const { message } = thrown as Error;
    if (isSoft) console.log(`JVM bundles will not run, all else will: ${message.split('\n')[0]}`);
    else console.error(message);
    return isSoft ? 0 : 1;
  }
}

function make(name: string, part: Part): void {
  assertTools();
  const unlock = lock();
  try {
    // Whoever had the lock may have built it.
    if (isBuilt(part)) return;
    console.log(`building the ${name} of JVM bundles`);
    const digest = digestOf(part.sources);
    part.build();
    writeFileSync(stampOf(part), digest);
  } finally {
    unlock();
  }
}

/** The lock is let go of by the operating system, however the process ends. */
function lock(): () => void {
  mkdirSync(join(jvm, 'target'), { recursive: true });
  const database = new DatabaseSync(join(jvm, 'target/build.lock'), { timeout: waitMs });
  database.exec('BEGIN EXCLUSIVE');
  return () => database.close();
}

function isBuilt(part: Part): boolean {
  if (!part.isThere()) return false;
  return (
    existsSync(stampOf(part)) && readFileSync(stampOf(part), 'utf8') === digestOf(part.sources)
  );
}

const stampOf = ({ dir }: Part): string => join(dir, 'target/built-from');

/** Of the names and the bytes of all files. */
function digestOf(sources: string[]): string {
  const hash = createHash('sha256');
  for (const source of sources)
    for (const file of filesOf(source)) {
      const bytes = readFileSync(file);
      hash.update(`${file.slice(root.length)} ${bytes.length}\n`).update(bytes);
    }
  return hash.digest('hex');
}

function filesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const inside = readdirSync(path).toSorted();
  return inside.flatMap((name) => filesOf(join(path, name)));
}

function assertTools(): void {
  const missing: string[] = [];
  const javac = spawnSync('javac', ['-version'], { encoding: 'utf8' });
  const major = Number(/javac (\d+)/.exec(`${javac.stdout}${javac.stderr}`)?.[1] ?? 0);
  if (javac.error || major < oldestJava) missing.push(`a JDK, version ${oldestJava} or newer`);
  if (spawnSync('mvn', ['-v']).error) missing.push('Maven');
  if (missing.length === 0) return;
  throw new CannotBuild(
    `building their worker needs ${missing.join(' and ')}: install it ` +
      '(Debian: apt-get install default-jdk-headless maven), then run: node jvm/build.ts',
  );
}

function buildWorker(): void {
  const built = join(worker, 'target', 'built.jar');
  maven(join(worker, 'pom.xml'), [`-Dworker.jar=${built}`]);
  if (!existsSync(built)) throw new CannotBuild(`Maven left no ${built}`);
  place(built, join(worker, 'worker.jar'));
}

function buildLibraries(): void {
  const others = readFileSync(parentPom, 'utf8').includes('<module>../workers/jvm</module>');
  maven(parentPom, others ? ['-pl', '!../workers/jvm'] : []);
  const version = versionOf();
  place(parentPom, artifact('parent', version, 'pom'));
  for (const name of modules) {
    place(join(jvm, name, 'pom.xml'), artifact(name, version, 'pom'));
    const jar = join(jvm, name, 'target', `${name}-${version}.jar`);
    if (!existsSync(jar)) throw new CannotBuild(`Maven left no ${basename(jar)}`);
    place(jar, artifact(name, version, 'jar'));
  }
}

function artifact(name: string, version: string, ending: string): string {
  return join(repository, 'funcatron', name, version, `${name}-${version}.${ending}`);
}

const versionOf = (): string =>
  /<artifactId>parent<\/artifactId>\s*<version>([^<]+)</.exec(readFileSync(parentPom, 'utf8'))![1]!;

/** Whole at once: a JVM may be reading what was there. */
function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}

function maven(pom: string, more: string[]): void {
  const args = ['-B', '-q', '-ntp', '-Dmaven.test.skip=true', '-f', pom, ...more, 'package'];
  const { status, stdout, stderr, error } = spawnSync('mvn', args, { encoding: 'utf8' });
  if (status === 0) return;
  const said = `${stdout}${stderr}`.trim().split('\n').slice(-tailLines).join('\n');
  throw new CannotBuild(`mvn ${args.join(' ')} failed: ${error?.message ?? ''}\n${said}`);
}

process.exitCode = main(process.argv.slice(2));

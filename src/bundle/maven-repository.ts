/**
 * What Funcs on the JVM are built with comes along with this package, not from Maven Central: it is
 * put where the build tools of this machine look first.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { FuncatronError } from '../errors.ts';

/** A path as settings and options of Maven write it. */
const inSettings = /<localRepository>\s*([^<]+?)\s*<\/localRepository>/;
const inOptions = /-Dmaven\.repo\.local=(?:"([^"]+)"|(\S+))/;

/**
 * The local Maven repository that a build in `dir` uses: what its `.mvn/maven.config` or the
 * environment says, else the user's settings, else `~/.m2/repository`.
 */
export async function findLocalRepository(
  dir: string,
  env: Record<string, string | undefined> = process.env,
): Promise<string> {
  const config = await read(join(dir, '.mvn', 'maven.config'));
  for (const text of [config, env['MAVEN_ARGS'], env['MAVEN_OPTS'], env['JAVA_TOOL_OPTIONS']]) {
    const match = inOptions.exec(text ?? '');
    if (match) return resolve(dir, match[1] ?? match[2]!);
  }
  // Java takes the home of the account, whatever HOME says.
  const { homedir: home } = userInfo();
  const said = inSettings.exec(uncommented(await read(join(home, '.m2', 'settings.xml'))))?.[1];
  const known: Record<string, string | undefined> = { 'user.home': home };
  const path = said?.replaceAll(/\$\{(?:env\.(\w+)|([\w.]+))\}/g, (whole, name, key) => {
    return (name ? env[name as string] : known[key as string]) ?? whole;
  });
  return path ? resolve(home, path) : join(home, '.m2', 'repository');
}

function uncommented(xml: string): string {
  return xml.replaceAll(/<!--[^]*?-->/g, '');
}

/**
 * Copies what is missing in the repository `to`, or other there, from the one at `from`. Resolves
 * with what was copied, as `group:artifact:version`. Rejects with `build_failed`.
 */
export async function copyArtifacts(from: string, to: string): Promise<string[]> {
  const copied = new Set<string>();
  for (const path of await listArtifacts(from)) {
    const target = join(to, path);
    const [wanted, found] = await Promise.all([
      readFile(join(from, path)),
      readFile(target).catch(() => undefined),
    ]);
    if (found?.equals(wanted)) continue;
    await place(join(from, path), target);
    copied.add(nameOf(path));
  }
  return [...copied].toSorted();
}

async function listArtifacts(from: string): Promise<string[]> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(jar|pom)$/.test(entry.name))
    .map((entry) => relative(from, join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Whole at once: another build may be reading what was there. */
async function place(from: string, to: string): Promise<void> {
  const draft = `${to}.${randomUUID().slice(0, 8)}.part`;
  try {
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, draft);
    await rename(draft, to);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    const detail = `cannot write ${to}: ${(cause as Error).message}; is it yours to write?`;
    throw new FuncatronError('build_failed', detail, { cause });
  }
}

/** `funcatron/intf/0.4.0/intf-0.4.0.jar` is `funcatron:intf:0.4.0`. */
function nameOf(path: string): string {
  const parts = dirname(path).split(/[\\/]/);
  const [version, artifact] = [parts.at(-1), parts.at(-2)];
  return `${parts.slice(0, -2).join('.')}:${artifact}:${version}`;
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

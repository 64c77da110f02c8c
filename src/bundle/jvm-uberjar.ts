/** Which of the JARs that a build left is the bundle. */
import { globSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { mayTell } from './jar.ts';
import type { BuildTool } from './jvm-tool.ts';

/** What the plugins that make uberjars put into their names. */
const uberName = /-(jar-with-dependencies|standalone|all|assembly|uber|fat|shaded|exec)\b/;
/** Names of JARs that never are one. */
const otherName = /^original-|-(sources|javadoc|tests|test-sources|plain)\.jar$/;

/**
 * Of the JARs with `funcatron.intf` in them: one that is called an uberjar, else the newest. Throws
 * `build_failed` with what to add to the build.
 */
export async function findUberjar(dir: string, tool: BuildTool): Promise<string> {
  const thin: string[] = [];
  for (const patterns of tool.jars) {
    for (const path of await listJars(dir, patterns)) {
      if (await mayTell(path)) return path;
      thin.push(relative(dir, path));
    }
  }
  const what =
    thin.length > 0
      ? `${thin[0]} has no funcatron.intf in it: it is no uberjar, or does not depend on ` +
        `funcatron:intf`
      : `${tool.name} made no JAR in ${tool.jars[0]!.join(' or ')}`;
  const mend = `have ${tool.file} build one JAR with all dependencies: ${tool.uberjar}`;
  throw new FuncatronError('build_failed', `${what}; ${mend}`);
}

/** The likeliest first. */
async function listJars(dir: string, patterns: readonly string[]): Promise<string[]> {
  const paths = globSync(patterns as string[], { cwd: dir })
    .filter((path) => !otherName.test(basename(path)))
    .map((path) => join(dir, path));
  const rated = await Promise.all(
    paths.map(async (path) => {
      const { mtimeMs } = await stat(path);
      return { path, mtimeMs, isUber: uberName.test(basename(path)) };
    }),
  );
  return rated
    .toSorted((a, b) => Number(b.isUber) - Number(a.isUber) || b.mtimeMs - a.mtimeMs)
    .map(({ path }) => path);
}

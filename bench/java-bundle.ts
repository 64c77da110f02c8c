/** The contract of `bundle/` served by Java: its classes and those of funcatron.intf as one JAR. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { noLimits } from '../src/bundle/limit.ts';
import { withArchive } from '../src/bundle/read.ts';
import { writeBundle } from '../src/bundle/write.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'bench/java');

interface Entry {
  path: string;
  bytes: Uint8Array;
}

/** The bytes of a JAR at the base path `base`, whose worker ends when idle for `idle`. */
export async function javaBundle(base: string, idle = '60s', min = 1): Promise<Uint8Array> {
  const contract = readFileSync(join(root, 'bench/bundle/funcatron.yaml'), 'utf8')
    .replace('title: Bench', `title: Bench Java ${base.slice(1)}`)
    .replace('url: /bench', `url: ${base}`)
    .replace('  handler: handler.mjs\n', '  runtime: jvm\n')
    .replace('{ min: 1, max: 1 }', `{ min: ${min}, max: 1, idle: ${idle} }`)
    .replaceAll(
      /operationId: (.)/g,
      (_, first: string) => `operationId: bench.${first.toUpperCase()}`,
    );
  const [intf] = globSync(join(root, 'jvm/repository/funcatron/intf/*/intf-*.jar')) as [string];
  const entries = await readEntries(intf);
  for (const entry of compile(['-cp', intf, ...globSync(join(sources, 'bench/*.java'))]))
    entries.push(entry);
  entries.push({ path: 'funcatron.yaml', bytes: Buffer.from(contract) });
  return (await writeBundle(entries)).bytes;
}

/** Compiles `Hello` and hands over its folder. */
export async function withHello(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'funcatron-hello-'));
  try {
    run('javac', ['-d', dir, join(sources, 'Hello.java')]);
    await use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function compile(args: string[]): Entry[] {
  const dir = mkdtempSync(join(tmpdir(), 'funcatron-javac-'));
  try {
    run('javac', ['--release', '17', '-d', dir, ...args]);
    const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
    const classes = names.filter((name) => name.endsWith('.class'));
    return classes.map((path) => ({ path, bytes: readFileSync(join(dir, path)) }));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function readEntries(jar: string): Promise<Entry[]> {
  return withArchive(jar, noLimits, async (archive) => {
    const entries: Entry[] = [];
    for (const entry of archive.entries)
      if (!entry.path.endsWith('/'))
        entries.push({ path: entry.path, bytes: await archive.readAll(entry) });
    return entries;
  });
}

function run(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}

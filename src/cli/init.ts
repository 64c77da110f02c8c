/** `funcatron init`: a project that runs, from one of the templates. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isJvmFolder } from '../bundle/jvm-contract.ts';
import { FuncatronError } from '../errors.ts';
import type { Terminal } from './terminal.ts';
import { testLine } from './test-line.ts';

/** How the tests of a new project are run. */
const testCommands = {
  ts: 'npm test',
  js: 'npm test',
  python: 'python3 -m unittest',
  process: 'sh test.sh',
  java: 'mvn test',
  kotlin: 'mvn test',
  scala: 'sbt test',
  clojure: 'lein test',
  spring: 'mvn test',
} as const;

/** Throws `option_invalid` for a name no bundle can have, and for a folder with something in it. */
export async function init(
  name: string,
  { lang }: { lang: keyof typeof testCommands },
  terminal: Terminal,
): Promise<void> {
  const target = resolve(terminal.cwd, name);
  const slug = basename(target);
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(slug))
    throw new FuncatronError(
      'option_invalid',
      `"${slug}" cannot name a bundle: use lower-case letters, digits, dots and dashes`,
    );
  await refuseFull(target);
  const template = fileURLToPath(new URL(`../../templates/${lang}`, import.meta.url));
  const files = await copyTemplate(template, target, slug);
  for (const file of files) terminal.say(`  ${join(name, file)}`);
  if (await isJvmFolder(target)) await provide(target, terminal);
  const tests = testLine(testCommands[lang], terminal);
  terminal.say(['\nNext:', `cd ${name}`, tests, `${selfName(terminal)} dev`].join('\n  '));
}

/** Its tests may be run before it is built for the first time. */
async function provide(target: string, terminal: Terminal): Promise<void> {
  const { provideLibraries } = await import('../bundle/jvm-library.ts');
  await provideLibraries(target, (text) => terminal.say(`\n${text}`));
}

/** Whoever came by npx has no `funcatron` on the path. */
function selfName({ env }: Terminal): string {
  return env.npm_command === 'exec' ? 'npx funcatron' : 'funcatron';
}

async function refuseFull(target: string): Promise<void> {
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new FuncatronError('option_invalid', `${target}: ${error.message}`);
  });
  if (entries.length > 0)
    throw new FuncatronError('option_invalid', `${target} is not empty; name a new folder`);
}

async function copyTemplate(template: string, target: string, name: string): Promise<string[]> {
  const entries = await readdir(template, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(template.length + 1))
    .toSorted();
  for (const file of files) {
    const from = join(template, file);
    const to = join(target, file);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, (await readFile(from, 'utf8')).replaceAll('{{name}}', name));
    await chmod(to, (await stat(from)).mode & 0o777);
  }
  return files;
}

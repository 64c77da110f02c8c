/** `funcatron build`: a folder as one file. */
import { rename, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { showBytes } from '../unit.ts';
import { buildOnce } from './bundle-source.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export async function build(
  dir: string | undefined,
  flags: { output?: string; json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const folder = resolve(terminal.cwd, dir ?? '.');
  const built = await buildOnce(folder, terminal);
  const file = resolve(
    terminal.cwd,
    flags.output ?? `${basename(folder).replace(/\.zip$/, '')}.zip`,
  );
  await writeFile(`${file}.part`, built.bytes);
  await rename(`${file}.part`, file);
  const { sha, files } = built;
  if (flags.json) return printJson(terminal, { file, sha, bytes: built.bytes.length, files });
  terminal.out(file);
  terminal.say(`${files.length} files, ${showBytes(built.bytes.length)}, SHA ${sha}`);
}

/** `funcatron build`: a folder as one file. */
import { basename, resolve } from 'node:path';
import { writeWhole } from '../bundle/write.ts';
import { showBytes } from '../unit.ts';
import { buildSound } from './bundle-source.ts';
import type { LimitValues } from './bundle-limit.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';

interface BuildOptions extends LimitValues {
  output: string | undefined;
  json: boolean;
}

export async function build(dir: string, options: BuildOptions, terminal: Terminal): Promise<void> {
  const built = await buildSound(dir, options, terminal);
  const name = basename(resolve(terminal.cwd, dir)).replace(/\.(zip|jar|pex)$/, '') || 'bundle';
  const file = resolve(terminal.cwd, options.output ?? `${name}.zip`);
  await writeWhole(file, built.bytes);
  const { sha, files } = built;
  if (options.json) return printJson(terminal, { file, sha, bytes: built.bytes.length, files });
  terminal.out(file);
  terminal.say(`${files.length} files, ${showBytes(built.bytes.length)}, SHA ${sha}`);
}

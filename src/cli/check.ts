/** `funcatron check`: everything wrong with a folder or a bundle. */
import { buildOnce } from './bundle-source.ts';
import { checkBuilt } from './check-bundle.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export async function check(
  path: string | undefined,
  flags: { json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const built = await buildOnce(path ?? '.', terminal);
  await checkBuilt(built);
  if (flags.json) return printJson(terminal, { sha: built.sha, errors: [] });
  terminal.say(`nothing is wrong; SHA ${built.sha}`);
}

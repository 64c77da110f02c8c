/** How the tests of a new project are run on this machine. */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import type { Terminal } from './terminal.ts';

/** The oldest Node that runs TypeScript as it is, and takes patterns after `--test`. */
const nodeMajorMin = 24;

/** `npm test` with our own Node in front, where the one on the path is missing or too old. */
export function testLine(command: string, { env }: Pick<Terminal, 'env'>): string {
  if (!command.startsWith('npm ')) return command;
  const { stdout } = spawnSync('node', ['--version'], { encoding: 'utf8', env });
  const [, major = '0'] = /^v(\d+)\./.exec(stdout ?? '') ?? [];
  if (Number(major) >= nodeMajorMin) return command;
  return `PATH=${dirname(process.execPath)}:$PATH ${command}`;
}

/** The functions of a stack that a command is about, with what it says of all of them. */
import type { stackOptions } from '../../config/gateway-options.ts';
import type { Values } from '../../config/option.ts';
import { FuncatronError } from '../../errors.ts';
import type { Terminal } from '../terminal.ts';
import { readStack } from './stack-file.ts';
import type { Stack } from './stack-file.ts';

export type StackOptions = Values<typeof stackOptions>;

/** Says the stack's warnings. Throws `option_invalid`. */
export async function readWanted(
  { file, filter, env }: StackOptions,
  terminal: Terminal,
): Promise<Stack> {
  const stack = await readStack(file, terminal.cwd, terminal.env);
  for (const warning of stack.warnings) terminal.say(`warning: ${warning}`);
  const functions = stack.functions.filter(({ name }) => isWanted(name, filter));
  if (functions.length === 0)
    throw new FuncatronError('option_invalid', `no function is called ${filter.join(' or ')}`);
  for (const { deployment } of functions) Object.assign(deployment.envVars as object, readEnv(env));
  return { ...stack, functions };
}

function isWanted(name: string, filter: readonly string[]): boolean {
  if (filter.length === 0) return true;
  return filter.some((pattern) => {
    const parts = pattern.split('*').map((part) => RegExp.escape(part));
    return new RegExp(`^${parts.join('.*')}$`).test(name);
  });
}

function readEnv(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new FuncatronError('option_invalid', `--env ${pair}: write it as NAME=VALUE`);
    }),
  );
}

/** A command as it is declared: what it takes, what help says of it, and what runs it. */
import { Option as Flag } from 'commander';
import type { Command } from 'commander';
import { readOptions } from '../config/option.ts';
import type { Flags, Option, OptionTable, Values } from '../config/option.ts';
import type { Terminal } from './terminal.ts';

export interface CommandSpec {
  /** Name and arguments: `init <name>`, `token create <name>`. */
  usage: string;
  about: string;
  options: OptionTable;
  examples: readonly string[];
  run(args: readonly string[], flags: Flags, terminal: Terminal): Promise<void>;
}

interface Declaration<T extends OptionTable> {
  about: string;
  options: T;
  examples: readonly string[];
  /** Imports the command's code only now. Arguments that must be there are. */
  run(args: readonly string[], options: Values<T>, terminal: Terminal): Promise<void>;
}

/** Declares a command; its options reach `run` read and checked. */
export function command<T extends OptionTable>(
  usage: string,
  { run, ...rest }: Declaration<T>,
): CommandSpec {
  return {
    ...rest,
    usage,
    run: (args, flags, terminal) =>
      run(args, readOptions(rest.options, flags, terminal.env), terminal),
  };
}

/** Adds a declared command to its parent. */
export function addCommand(parent: Command, spec: CommandSpec, terminal: Terminal): Command {
  const name = spec.usage.replace(`${parent.name()} `, '');
  const added = parent.command(name).description(spec.about);
  for (const option of Object.values(spec.options)) added.addOption(toFlag(option));
  added.action(async (...given: unknown[]) => {
    // Commander passes the arguments, then the flags, then the command itself.
    const flags = given.at(-2) as Flags;
    await spec.run(given.slice(0, -2) as string[], flags, terminal);
  });
  return addExamples(added, spec.examples);
}

export function addExamples(to: Command, examples: readonly string[]): Command {
  const shown = examples.map((line) => `  $ ${line}`).join('\n');
  return to.addHelpText('after', `\nExamples:\n${shown}`);
}

function toFlag({ flag, env, describe, shown, group, many }: Option<unknown>): Flag {
  const fallback = shown === '' ? '' : ` [${shown}]`;
  const flagged = new Flag(flag, `${describe}${fallback}${env ? ` ($${env})` : ''}`);
  if (many) flagged.argParser((value: string, before?: string[]) => [...(before ?? []), value]);
  return group === 'Options' ? flagged : flagged.helpGroup(`${group}:`);
}

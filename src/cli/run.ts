/**
 * The command line. Exit codes: 0 done, 1 failed, 2 called wrongly.
 */
import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { toFault } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { addCommand, addExamples } from './command.ts';
import { commandTable, parentCommands } from './command-table.ts';
import { printError } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** What whoever typed the line can mend by typing another one. */
const calledWrongly = new Set<ErrorCode>(['option_invalid', 'scheme_unknown']);

/** Runs one command line. Never rejects: what goes wrong is said, and shows in the exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    printError(terminal, thrown, argv.includes('--json'));
    return calledWrongly.has(toFault(thrown).code) ? 2 : 1;
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('funcatron')
    .description('Serverless for your own machines: an OpenAPI document and plain functions.')
    .version(version(), '-V, --version')
    .helpCommand(false)
    .showHelpAfterError('(add --help for what it takes)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.say(text.trimEnd()),
    });
  for (const [title, specs] of Object.entries(commandTable)) {
    program.commandsGroup(`${title}:`);
    for (const spec of specs) {
      const [name] = spec.usage.split(' ', 1) as [string];
      const about = parentCommands[name];
      if (about === undefined) addCommand(program, spec, terminal);
      else addCommand(parentOf(program, name, about), spec, terminal);
    }
  }
  for (const command of program.commands) inherit(command, program);
  return addExamples(program, [
    'funcatron init shop && funcatron dev shop',
    'funcatron serve',
    'funcatron deploy shop',
    'funcatron deploy --help',
  ]);
}

/** The command that others are sub-commands of. */
function parentOf(program: Command, name: string, about: string): Command {
  const known = program.commands.find((one) => one.name() === name);
  if (known) return known;
  const examples = Object.values(commandTable)
    .flat()
    .filter((spec) => spec.usage.startsWith(`${name} `))
    .flatMap((spec) => spec.examples);
  return addExamples(program.command(name).description(about).helpCommand(false), examples);
}

/** Sub-commands do not take over the parent's settings by themselves. */
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

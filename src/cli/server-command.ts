/** What `serve` and `dev` have in common: options as flags, logs, and an orderly end. */
import type { Command } from 'commander';
import { readOptions } from '../config/option.ts';
import type { OptionTable, Values } from '../config/option.ts';
import { createLog } from '../log.ts';
import type { Log, LogLevel } from '../log.ts';
import type { Terminal } from './terminal.ts';

/** Adds a table's options to a command, with their variables and defaults in the help. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const one of Object.values(table)) {
    const shown = one.default === '' || one.default === false ? '' : ` [${String(one.default)}]`;
    command.option(one.flag, `${one.describe}${shown} ($${one.env})`);
  }
  return command;
}

export function optionValues<T extends OptionTable>(
  table: T,
  flags: Record<string, unknown>,
  terminal: Terminal,
): Values<T> {
  return readOptions(table, flags, terminal.env);
}

export function openLog(options: { logLevel: LogLevel; logFormat: string }): Log {
  const { logLevel: level, logFormat } = options;
  return createLog(logFormat === 'auto' ? { level } : { level, pretty: logFormat === 'pretty' });
}

/** Runs until SIGINT or SIGTERM, then closes; a second signal does not wait. */
export async function untilStopped(close: () => Promise<void>): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
  for (const signal of signals) process.once(signal, () => process.exit(1));
  await close();
}

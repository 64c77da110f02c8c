/** The commands about asynchronous calls. */
import {
  callListOptions,
  letterEditOptions,
  letterListOptions,
  letterManyOptions,
} from '../config/call-options.ts';
import { jsonOptions, remoteOptions } from '../config/options.ts';
import { command } from './command.ts';

const remote = { ...jsonOptions, ...remoteOptions };

const callCommands = [
  command('calls list', {
    about: 'asynchronous calls, newest first',
    options: { ...callListOptions, ...remote },
    examples: ['funcatron calls list', 'funcatron calls list --status retrying'],
    run: async (_, options, terminal) => (await import('./calls.ts')).list(options, terminal),
  }),
  command('calls show <id>', {
    about: 'what became of a call',
    options: remote,
    examples: ['funcatron calls show 01a1fef4-97e8-7df1-a2a7-1cc7fbb6ad5e'],
    run: async ([id], options, terminal) =>
      (await import('./calls.ts')).show(id!, options, terminal),
  }),
  command('calls result <id>', {
    about: 'what a call answered: its body, or all of it with --json',
    options: remote,
    examples: ['funcatron calls result 01a1fef4-97e8-7df1-a2a7-1cc7fbb6ad5e'],
    run: async ([id], options, terminal) =>
      (await import('./calls.ts')).result(id!, options, terminal),
  }),
  command('calls cancel <id>', {
    about: 'end a call before its time',
    options: remote,
    examples: ['funcatron calls cancel 01a1fef4-97e8-7df1-a2a7-1cc7fbb6ad5e'],
    run: async ([id], options, terminal) =>
      (await import('./calls.ts')).cancel(id!, options, terminal),
  }),
  command('calls secret', {
    about: 'what callbacks are signed with',
    options: remote,
    examples: ['funcatron calls secret'],
    run: async (_, options, terminal) => (await import('./calls.ts')).secret(options, terminal),
  }),
];

const letterCommands = [
  command('dead list', {
    about: 'asynchronous calls that failed for good, latest first',
    options: { ...letterListOptions, ...remote },
    examples: ['funcatron dead list', 'funcatron dead list --json'],
    run: async (_, options, terminal) => (await import('./dead.ts')).list(options, terminal),
  }),
  command('dead show <id>', {
    about: 'a dead letter with its request',
    options: remote,
    examples: ['funcatron dead show 01a1fef4-97e8-7df1-a2a7-1cc7fbb6ad5e'],
    run: async ([id], options, terminal) =>
      (await import('./dead.ts')).show(id!, options, terminal),
  }),
  command('dead edit <id>', {
    about: 'change the request in a dead letter; redrive sends it',
    options: { ...letterEditOptions, ...remote },
    examples: [
      `funcatron dead edit 01a1fef4-97e8-7df1-a2a7-1cc7fbb6ad5e --data '{"name":"Rex"}'`,
      `funcatron dead edit 01a1fef4-97e8-7df1-a2a7-1cc7fbb6ad5e --data @mended.json`,
    ],
    run: async ([id], options, terminal) =>
      (await import('./dead.ts')).edit(id!, options, terminal),
  }),
  command('dead redrive [id]', {
    about: 'put dead letters back in their queues, with a fresh set of tries',
    options: { ...letterManyOptions, ...remote },
    examples: [
      'funcatron dead redrive 01a1fef4-97e8-7df1-a2a7-1cc7fbb6ad5e',
      'funcatron dead redrive --all',
    ],
    run: async ([id], options, terminal) =>
      (await import('./dead.ts')).redrive(id, options, terminal),
  }),
  command('dead delete [id]', {
    about: 'delete dead letters',
    options: { ...letterManyOptions, ...remote },
    examples: ['funcatron dead delete 01a1fef4-97e8-7df1-a2a7-1cc7fbb6ad5e'],
    run: async ([id], options, terminal) =>
      (await import('./dead.ts')).remove(id, options, terminal),
  }),
];

export const asyncCommands = [...callCommands, ...letterCommands];

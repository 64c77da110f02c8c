/** The commands about functions by name: their secrets, and whole stacks of them. */
import { functionOptions, secretOptions, stackOptions } from '../config/gateway-options.ts';
import { bundleOptions, doorOptions, jsonOptions, remoteOptions } from '../config/options.ts';
import { flag, flagOnly } from '../config/option.ts';
import { command } from './command.ts';

const remote = { ...jsonOptions, ...remoteOptions, ...doorOptions };

const secretCommands = [
  command('secret create <name>', {
    about: 'keep a value for functions: of a file, of the command line, or of standard input',
    options: {
      ...secretOptions,
      replace: flagOnly(flag('--replace', 'change it where it is there already')),
      ...functionOptions,
      ...remote,
    },
    examples: [
      'funcatron secret create api-key --from-file key.txt',
      'funcatron secret create api-key --from-literal s3cret --replace',
    ],
    run: async ([name], options, terminal) =>
      (await import('./secret.ts')).create(name!, options, terminal),
  }),
  command('secret list', {
    about: 'names of the secrets; nobody is told their values',
    options: { ...functionOptions, ...remote },
    examples: ['funcatron secret list'],
    run: async (_, options, terminal) => (await import('./secret.ts')).list(options, terminal),
  }),
  command('secret update <name>', {
    about: 'change a value; functions that run see it at once',
    options: { ...secretOptions, ...functionOptions, ...remote },
    examples: ['funcatron secret update api-key --from-file key.txt'],
    run: async ([name], options, terminal) =>
      (await import('./secret.ts')).update(name!, options, terminal),
  }),
  command('secret remove <name>', {
    about: 'forget a secret; functions that run keep what they have',
    options: { ...functionOptions, ...remote },
    examples: ['funcatron secret remove api-key'],
    run: async ([name], options, terminal) =>
      (await import('./secret.ts')).remove(name!, options, terminal),
  }),
];

const stackCommands = [
  command('up', {
    about: 'build and deploy the functions of a stack.yml, without Docker',
    options: { ...stackOptions, ...remote, ...bundleOptions },
    examples: ['funcatron up', 'funcatron up -f stack.yml --filter "api-*"'],
    run: async (_, options, terminal) => (await import('./stack/up.ts')).up(options, terminal),
  }),
];

export const functionCommands = [...stackCommands, ...secretCommands];

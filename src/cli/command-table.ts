/** Every command: its options, its help, and the file its code is in, imported when it runs. */
import { FuncatronError } from '../errors.ts';
import { devOptions } from '../config/dev-options.ts';
import {
  buildOptions,
  bundleOptions,
  doorOptions,
  initOptions,
  invokeOptions,
  jsonOptions,
  logsOptions,
  placeOptions,
  propsOptions,
  remoteOptions,
  serveOptions,
  stateOptions,
  watchdogOptions,
} from '../config/options.ts';
import { stackOptions } from '../config/gateway-options.ts';
import { frontendRoleOptions, runnerRoleOptions, tronRoleOptions } from '../config/role-options.ts';
import { asyncCommands } from './call-commands.ts';
import { command } from './command.ts';
import type { CommandSpec } from './command.ts';
import { functionCommands } from './function-commands.ts';

const remote = { ...jsonOptions, ...remoteOptions };
const limits = { ...jsonOptions, ...bundleOptions };

const makingCommands = [
  command('init <name>', {
    about: 'make a project that runs, with tests of its functions',
    options: initOptions,
    examples: ['funcatron init shop', 'funcatron init shop --lang python'],
    run: async ([name], options, terminal) =>
      (await import('./init.ts')).init(name!, options, terminal),
  }),
  command('dev [dir]', {
    about: 'serve a folder, and take up every save; same path as production',
    options: devOptions,
    examples: ['funcatron dev', 'funcatron dev shop --port 4000'],
    run: async ([dir], options, terminal) => (await import('./dev.ts')).dev(dir, options, terminal),
  }),
  command('check [path]', {
    about: 'say everything that is wrong with a folder or bundle; its code is loaded',
    options: { ...limits, overlay: propsOptions.overlay },
    examples: ['funcatron check', 'funcatron check shop.zip --json'],
    run: async ([path], options, terminal) =>
      (await import('./check.ts')).check(path ?? '.', options, terminal),
  }),
  command('build [dir]', {
    about: 'pack a folder as one zip; same input, same SHA',
    options: { ...buildOptions, ...limits, ...stackOptions },
    examples: [
      'funcatron build',
      'funcatron build shop -o shop.zip',
      'funcatron build -f stack.yml',
    ],
    run: async ([dir], options, terminal) =>
      options.file === undefined
        ? (await import('./build.ts')).build(dir ?? '.', options, terminal)
        : (await import('./stack/build-stack.ts')).buildStack(options, terminal),
  }),
];

const servingCommands = [
  command('serve', {
    about: 'everything in one process: frontend, broker, runner and Tron; durable',
    options: serveOptions,
    examples: ['funcatron serve', 'funcatron serve --port 8080 --data /var/lib/funcatron'],
    run: async (_, options, terminal) => (await import('./serve.ts')).serve(options, terminal),
  }),
  command('frontend', {
    about: 'the HTTP door alone; for a cluster, with a broker server',
    options: frontendRoleOptions,
    examples: ['funcatron frontend --broker nats://localhost'],
    run: async (_, options, terminal) =>
      (await import('./frontend.ts')).frontend(options, terminal),
  }),
  command('runner', {
    about: 'what runs the Funcs alone; for a cluster, with a broker server',
    options: runnerRoleOptions,
    examples: [
      'funcatron runner --broker nats://localhost',
      'funcatron runner --broker nats://localhost --data second --runner-port 4001',
    ],
    run: async (_, options, terminal) => (await import('./runner.ts')).runner(options, terminal),
  }),
  command('tron', {
    about: 'the control plane alone; several share a PostgreSQL store',
    options: tronRoleOptions,
    examples: [
      'funcatron tron --broker nats://localhost',
      'funcatron tron --broker amqp://mq --store postgres://db/funcatron --tron-host 0.0.0.0',
    ],
    run: async (_, options, terminal) => (await import('./tron.ts')).tron(options, terminal),
  }),
  command('watchdog', {
    about: 'one program behind HTTP, in the place of OpenFaaS’s fwatchdog in a container',
    options: watchdogOptions,
    examples: [
      'fprocess=cat funcatron watchdog',
      'funcatron watchdog --run-healthcheck',
      'funcatron watchdog --executable fwatchdog',
    ],
    run: async (_, { runHealthcheck, executable }, terminal) => {
      if (executable !== undefined)
        return (await import('./watchdog/executable.ts')).writeExecutable(executable, terminal);
      const { watchdog } = await import('./watchdog.ts');
      const { env, out, say: err } = terminal;
      const code = await watchdog(runHealthcheck ? ['--run-healthcheck'] : [], env, { out, err });
      if (code !== 0) throw new FuncatronError('unreachable', 'no watchdog takes requests here');
    },
  }),
  command('token create <name>', {
    about: 'make a token for the Tron; it is shown once',
    options: { ...jsonOptions, ...tokenOptions() },
    examples: ['funcatron token create ci'],
    run: async ([name], options, terminal) =>
      (await import('./token.ts')).create(name!, options, terminal),
  }),
  command('token list', {
    about: 'names and dates of the tokens',
    options: { ...jsonOptions, ...tokenOptions() },
    examples: ['funcatron token list'],
    run: async (_, options, terminal) => (await import('./token.ts')).list(options, terminal),
  }),
  command('token revoke <name>', {
    about: 'make a token invalid',
    options: { ...jsonOptions, ...tokenOptions() },
    examples: ['funcatron token revoke ci'],
    run: async ([name], options, terminal) =>
      (await import('./token.ts')).revoke(name!, options, terminal),
  }),
];

const bundleCommands = [
  command('deploy [path]', {
    about: 'check, build, upload and enable a folder or bundle; prints the SHA and a curl line',
    options: {
      ...{ ...propsOptions, ...placeOptions, ...remote, ...doorOptions, ...bundleOptions },
      ...stackOptions,
    },
    examples: ['funcatron deploy shop', 'funcatron deploy shop.zip --props props.production.json'],
    run: async ([path], options, terminal) => {
      if (options.file !== undefined) return (await import('./stack/up.ts')).up(options, terminal);
      if (path !== undefined) return (await import('./deploy.ts')).deploy(path, options, terminal);
      const detail = 'name a folder or a bundle, or a stack of functions with -f';
      throw new FuncatronError('option_invalid', detail);
    },
  }),
  command('upload <path>', {
    about: 'build and upload a folder or bundle; enables nothing',
    options: { ...remote, ...bundleOptions },
    examples: ['funcatron upload shop.zip'],
    run: async ([path], options, terminal) =>
      (await import('./upload.ts')).upload(path!, options, terminal),
  }),
  command('list', {
    about: 'the bundles that were uploaded',
    options: remote,
    examples: ['funcatron list', 'funcatron list --json'],
    run: async (_, options, terminal) => (await import('./list.ts')).list(options, terminal),
  }),
  command('describe <sha>', {
    about: 'one bundle: its operations, and where it is enabled',
    options: remote,
    examples: ['funcatron describe 3f2a9c41'],
    run: async ([sha], options, terminal) =>
      (await import('./describe.ts')).describe(sha!, options, terminal),
  }),
];

const placeCommands = [
  command('enable <sha>', {
    about: 'serve an uploaded bundle, in place of what is enabled there',
    options: { ...propsOptions, ...placeOptions, ...remote },
    examples: [
      'funcatron enable 3f2a9c41 --props props.json',
      `funcatron enable 3f2a9c41 --host api.example.com --props '{"db":{"file":"shop.db"}}'`,
    ],
    run: async ([sha], options, terminal) =>
      (await import('./enable.ts')).enable(sha!, options, terminal),
  }),
  command('disable <sha>', {
    about: 'stop serving a bundle: wherever it is enabled, or at one place',
    options: { ...placeOptions, ...remote },
    examples: ['funcatron disable 3f2a9c41', 'funcatron disable 3f2a9c41 --base-path /api'],
    run: async ([sha], options, terminal) =>
      (await import('./disable.ts')).disable(sha!, options, terminal),
  }),
  command('routes', {
    about: 'what is enabled where',
    options: remote,
    examples: ['funcatron routes', 'funcatron routes --json'],
    run: async (_, options, terminal) => (await import('./routes.ts')).routes(options, terminal),
  }),
  command('scale <name> <count>', {
    about: 'how many workers it should have: a number, or auto for as its load needs',
    options: remote,
    examples: ['funcatron scale figlet 3', 'funcatron scale /shop 0', 'funcatron scale shop auto'],
    run: async ([name, count], options, terminal) =>
      (await import('./scale.ts')).scale(name!, count!, options, terminal),
  }),
  command('rollback <base-path>', {
    about: 'go back to what was enabled there before: bundle, props and overlay',
    options: { host: placeOptions.host, ...remote },
    examples: ['funcatron rollback /api', 'funcatron rollback / --host api.example.com'],
    run: async ([basePath], options, terminal) =>
      (await import('./rollback.ts')).rollback(basePath!, options, terminal),
  }),
];

const callingCommands = [
  command('invoke <operation>', {
    about: 'call a Func by its operationId, through the frontend',
    options: { ...invokeOptions, ...remote, ...doorOptions },
    examples: [
      'funcatron invoke getPetById --param petId=1',
      `funcatron invoke addPet --data '{"name":"Rex"}'`,
    ],
    run: async ([operation], options, terminal) =>
      (await import('./invoke.ts')).invoke(operation!, options, terminal),
  }),
  command('logs', {
    about: 'log lines of the Funcs',
    options: { ...logsOptions, ...remote },
    examples: ['funcatron logs -f', 'funcatron logs --request 0198f2c1', 'funcatron logs --json'],
    run: async (_, options, terminal) => (await import('./logs.ts')).logs(options, terminal),
  }),
];

/** Under the headings of `funcatron --help`. */
export const commandTable: Record<string, readonly CommandSpec[]> = {
  'Make bundles': makingCommands,
  'Run the platform': servingCommands,
  'Bundles of a Tron': bundleCommands,
  'Where they are enabled': placeCommands,
  'Use them': callingCommands,
  'Functions by name': functionCommands,
  'Asynchronous calls': asyncCommands,
};

/** What has sub-commands only. */
export const parentCommands: Record<string, string> = {
  token: 'who may talk to the Tron',
  secret: 'values that functions get as files',
  calls: 'asynchronous calls, and what became of them',
  dead: 'asynchronous calls that failed for good',
};

function tokenOptions() {
  return { data: stateOptions.data, store: stateOptions.store };
}

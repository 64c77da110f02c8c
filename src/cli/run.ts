/**
 * The command line: which commands there are, what they take and examples of each. A command's
 * code is imported when it runs. Exit codes: 0 done, 1 failed, 2 called wrongly.
 */
import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { toFault } from '../errors.ts';
import { logOptions, serveOptions, tronOptions } from '../config/options.ts';
import { addOptions } from './server-command.ts';
import { printError } from './terminal.ts';
import type { Terminal } from './terminal.ts';

type Flags = Record<string, unknown>;

const frontendHelp = 'where calls go; the Tron knows its frontends ($FUNCATRON_FRONTEND)';

export async function run(argv: string[], terminal: Terminal): Promise<number> {
  const program = createProgram(terminal);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    printError(terminal, thrown, argv.includes('--json'));
    return toFault(thrown).code === 'option_invalid' ? 2 : 1;
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
  addAuthorCommands(program, terminal);
  addServerCommands(program, terminal);
  addBundleCommands(program, terminal);
  addPlaceCommands(program, terminal);
  addCallCommands(program, terminal);
  addTokenCommand(program, terminal);
  for (const command of program.commands) inherit(command, program);
  return program;
}

/** Sub-commands do not take over the parent's settings by themselves. */
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
}

function addAuthorCommands(program: Command, terminal: Terminal): void {
  example(
    program
      .command('init <name>')
      .description('make a project that runs, with tests of its functions')
      .option('--lang <lang>', 'ts, js, python or process', 'ts')
      .action(async (name: string, flags: Flags) =>
        (await import('./init.ts')).init(name, flags, terminal),
      ),
    'funcatron init shop',
    'funcatron init shop --lang python',
  );
  example(
    program
      .command('build [dir]')
      .description('pack a folder as one zip; same input, same SHA')
      .option('-o, --output <file>', 'file to write [<name>.zip]')
      .option('--json', 'print what was built as JSON')
      .action(async (dir: string | undefined, flags: Flags) =>
        (await import('./build.ts')).build(dir, flags, terminal),
      ),
    'funcatron build',
    'funcatron build shop -o shop.zip',
  );
  example(
    program
      .command('check [path]')
      .description('say everything that is wrong with a folder or bundle, and run its loading')
      .option('--json', 'print the findings as JSON')
      .action(async (path: string | undefined, flags: Flags) =>
        (await import('./check.ts')).check(path, flags, terminal),
      ),
    'funcatron check',
    'funcatron check shop.zip --json',
  );
}

function addServerCommands(program: Command, terminal: Terminal): void {
  const dev = program
    .command('dev [dir]')
    .description('serve a folder, and take up every save; same path as production')
    .option('--port <port>', 'port of the endpoints and docs [3001] ($FUNCATRON_DEV_PORT)')
    .option('--host <address>', 'address to listen on [127.0.0.1]')
    .option('--props <file|json>', 'props of the bundle')
    .option('--overlay <file>', 'OpenAPI Overlay applied to the contract');
  addOptions(dev, logOptions).action(async (dir: string | undefined, flags: Flags) =>
    (await import('./dev.ts')).dev(dir, flags, terminal),
  );
  example(dev, 'funcatron dev', 'funcatron dev shop --port 4000');
  const serve = program
    .command('serve')
    .description('everything in one process: frontend, broker, runner and Tron; durable');
  addOptions(serve, serveOptions).action(async (flags: Flags) =>
    (await import('./serve.ts')).serve(flags, terminal),
  );
  example(
    serve,
    'funcatron serve',
    'funcatron serve --port 8080 --tron-port 3000 --data /var/lib/funcatron',
  );
}

function addBundleCommands(program: Command, terminal: Terminal): void {
  const load = async () => import('./bundle-command.ts');
  const deploy = program
    .command('deploy <path>')
    .description('build, upload and enable; prints the SHA and a curl line')
    .option('--props <file|json>', 'props of the bundle')
    .option('--overlay <file>', 'OpenAPI Overlay applied to the contract')
    .option('--host <host>', "host to bind, instead of the contract's")
    .option('--base-path <path>', "base path to bind, instead of the contract's")
    .option('--frontend <url>', frontendHelp);
  remote(deploy).action(async (path: string, flags: Flags) =>
    (await load()).deploy(path, flags, terminal),
  );
  example(
    deploy,
    'funcatron deploy shop',
    `funcatron deploy shop.zip --props '{"db":{"type":"sqlite"}}'`,
  );
  const upload = program.command('upload <path>').description('upload a bundle; enables nothing');
  remote(upload).action(async (path: string, flags: Flags) =>
    (await load()).upload(path, flags, terminal),
  );
  example(upload, 'funcatron upload shop.zip');
  const list = program.command('list').description('the bundles that were uploaded');
  remote(list).action(async (flags: Flags) => (await load()).list(flags, terminal));
  example(list, 'funcatron list', 'funcatron list --json');
  const describe = program
    .command('describe <sha>')
    .description('one bundle: its contract, and where it is enabled');
  remote(describe).action(async (sha: string, flags: Flags) =>
    (await load()).describe(sha, flags, terminal),
  );
  example(describe, 'funcatron describe 3f2a9c41');
}

function addPlaceCommands(program: Command, terminal: Terminal): void {
  const load = async () => import('./place-command.ts');
  const enable = program
    .command('enable <sha>')
    .description('serve an uploaded bundle')
    .option('--props <file|json>', 'props of the bundle')
    .option('--overlay <file>', 'OpenAPI Overlay applied to the contract')
    .option('--host <host>', "host to bind, instead of the contract's")
    .option('--base-path <path>', "base path to bind, instead of the contract's");
  remote(enable).action(async (sha: string, flags: Flags) =>
    (await load()).enable(sha, flags, terminal),
  );
  example(enable, 'funcatron enable 3f2a9c41 --props props.json');
  const disable = program
    .command('disable <sha>')
    .description('stop serving a bundle, wherever it is enabled');
  remote(disable).action(async (sha: string, flags: Flags) =>
    (await load()).disable(sha, flags, terminal),
  );
  example(disable, 'funcatron disable 3f2a9c41');
  const routes = program.command('routes').description('what is enabled where');
  remote(routes).action(async (flags: Flags) => (await load()).routes(flags, terminal));
  example(routes, 'funcatron routes', 'funcatron routes --json');
  const rollback = program
    .command('rollback <base-path>')
    .description('go back to what was enabled there before: bundle, props and overlay')
    .option('--host <host>', 'the host it is bound to');
  remote(rollback).action(async (basePath: string, flags: Flags) =>
    (await load()).rollback(basePath, flags, terminal),
  );
  example(rollback, 'funcatron rollback /api');
}

function addCallCommands(program: Command, terminal: Terminal): void {
  const invoke = program
    .command('invoke <operation>')
    .description('call a Func by its operationId, through the frontend')
    .option('--param <name=value>', 'a parameter; repeat for more', collect, [])
    .option('--data <text|@file|->', 'request body')
    .option('--header <name: value>', 'a request header; repeat for more', collect, [])
    .option('--bundle <name|sha>', 'the bundle, when several have the operation')
    .option('--frontend <url>', frontendHelp);
  remote(invoke).action(async (operation: string, flags: Flags) =>
    (await import('./invoke.ts')).invoke(operation, flags, terminal),
  );
  example(
    invoke,
    'funcatron invoke getPetById --param petId=1',
    `funcatron invoke addPet --data '{"name":"Rex"}'`,
  );
  const logs = program
    .command('logs')
    .description('log lines of the Funcs')
    .option('-f, --follow', 'go on as they come')
    .option('--bundle <name|sha>', 'only of this bundle')
    .option('--request <id>', 'only of this request')
    .option('--level <level>', 'only of this level and above')
    .option('--tail <count>', 'how many to begin with [100]');
  remote(logs).action(async (flags: Flags) => (await import('./logs.ts')).logs(flags, terminal));
  example(logs, 'funcatron logs -f', 'funcatron logs --request 0198f2c1');
}

function addTokenCommand(program: Command, terminal: Terminal): void {
  const load = async () => import('./token.ts');
  const token = program.command('token').description('who may talk to the Tron');
  const data = (command: Command): Command =>
    command
      .option('--data <folder>', 'the data folder of the Tron [.funcatron]')
      .option('--store <url>', 'the store of the Tron')
      .option('--json', 'print JSON');
  example(
    data(token.command('create <name>').description('make a token; it is shown once')).action(
      async (name: string, flags: Flags) => (await load()).create(name, flags, terminal),
    ),
    'funcatron token create ci',
  );
  example(
    data(token.command('list').description('names and dates of the tokens')).action(
      async (flags: Flags) => (await load()).list(flags, terminal),
    ),
    'funcatron token list',
  );
  example(
    data(token.command('revoke <name>').description('make a token invalid')).action(
      async (name: string, flags: Flags) => (await load()).revoke(name, flags, terminal),
    ),
    'funcatron token revoke ci',
  );
}

/** Options of every command that talks to a Tron. */
function remote(command: Command): Command {
  return command
    .option(
      '--tron <url>',
      `where the Tron is [http://localhost:${tronOptions.tronPort.default}] ($FUNCATRON_TRON)`,
    )
    .option('--token <token>', 'token for the Tron ($FUNCATRON_TOKEN)')
    .option('--json', 'print JSON');
}

function example(command: Command, ...lines: string[]): Command {
  const shown = lines.map((line) => `  $ ${line}`).join('\n');
  return command.addHelpText('after', `\nExamples:\n${shown}`);
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

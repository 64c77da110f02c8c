/** `funcatron dev`: a folder served over the path of production, and taken up at every save. */
import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { styleText } from 'node:util';
import type { BuiltBundle } from '../bundle/build.ts';
import { contractNames } from '../bundle/read.ts';
import { port as portOption, readOptions, text } from '../config/option.ts';
import { logOptions, serveOptions } from '../config/options.ts';
import type { Log } from '../log.ts';
import type { Contract } from '../openapi/contract.ts';
import { openBuilder } from './bundle-source.ts';
import { DevBundle } from './dev-bundle.ts';
import { curlLine } from './curl-line.ts';
import { readObject } from './json-input.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { openLog, optionValues, untilStopped } from './server-command.ts';
import { printError } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';

/** Options whose defaults differ from those of `serve`. */
export const devOptions = {
  ...logOptions,
  port: {
    ...portOption('--port <port>', 'port of the endpoints and docs', 3001),
    env: 'FUNCATRON_DEV_PORT',
  },
  host: text('--host <address>', 'address to listen on', '127.0.0.1'),
};

/** Props given in dev when no `--props` is: never part of a bundle. */
const devPropsFile = 'props.dev.json';

interface DevFlags extends Record<string, unknown> {
  props?: string;
  overlay?: string;
}

export interface DevServer {
  readonly platform: Platform;
  readonly bundle: DevBundle;
  close(): Promise<void>;
}

export async function dev(
  dir: string | undefined,
  flags: DevFlags,
  terminal: Terminal,
): Promise<void> {
  const log = openLog(optionValues(logOptions, flags, terminal));
  const server = await startDev(dir ?? '.', flags, terminal, log);
  await untilStopped(() => server.close());
}

/** Serves `dir` until closed. Rejects when the port is taken or the folder is none. */
export async function startDev(
  dir: string,
  flags: DevFlags,
  terminal: Terminal,
  log: Log,
): Promise<DevServer> {
  const options = optionValues(devOptions, flags, terminal);
  const folder = resolve(terminal.cwd, dir);
  const builder = await openBuilder(folder, terminal);
  const data = await mkdtemp(join(tmpdir(), 'funcatron-dev-'));
  const bundle = new DevBundle({
    builder,
    first: contractNames.map((name) => join(folder, name)),
    enable: (built) => enable(platform, built, flags, folder, terminal),
    onReady: (built, ms) => terminal.say(showReady(built, ms, terminal)),
    onFailed: (fault) => printError(terminal, fault, false),
  });
  const platform = await startPlatform(
    {
      ...readOptions(serveOptions, {}, {}),
      ...{ port: options.port, host: options.host, tronPort: 0, data, drain: 2_000, dev: true },
      beforeCall: () => bundle.beforeCall(),
      notice: () => bundle.fault?.toProblem(),
    },
    log,
  );
  await bundle.refresh();
  const watcher = await watch(folder, () => bundle.touch());
  await printWelcome(platform, folder, terminal);
  return {
    platform,
    bundle,
    async close() {
      await watcher.close();
      await platform.close();
      await builder.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Through the Tron's own API: what `deploy` does. Any host matches. */
async function enable(
  platform: Platform,
  built: BuiltBundle,
  flags: DevFlags,
  folder: string,
  terminal: Terminal,
): Promise<void> {
  for (const warning of built.warnings) terminal.say(`warning: ${warning}`);
  const client = new TronClient({ tron: platform.tron.url }, { ...terminal, env: {} });
  const bytes = built.bytes as Uint8Array<ArrayBuffer>;
  const { sha } = await client.json<{ sha: string }>('/api/v1/add_func', { bytes });
  const devProps = join(folder, devPropsFile);
  const given = flags.props ?? (existsSync(devProps) ? devProps : undefined);
  const props = given === undefined ? {} : await readObject('--props', given, terminal.cwd);
  const body: Record<string, unknown> = { sha, props, host: '*' };
  if (flags.overlay !== undefined)
    body.overlay = await readObject('--overlay', flags.overlay, terminal.cwd);
  const { warnings } = await client.json<{ warnings?: string[] }>('/api/v1/enable', { json: body });
  for (const warning of warnings ?? []) terminal.say(`warning: ${warning}`);
}

async function watch(folder: string, onChange: () => void): Promise<{ close(): Promise<void> }> {
  const { watch: open } = await import('chokidar');
  const ignored = /(^|[\\/])(node_modules|vendor|__pycache__|\.[^\\/]+)([\\/]|$)/;
  const watcher = open(folder, {
    ignoreInitial: true,
    ignored: (path) => ignored.test(relative(folder, path)),
  });
  watcher.on('all', onChange);
  return watcher;
}

function showReady({ sha }: BuiltBundle, ms: number, terminal: Terminal): string {
  const line = `serving ${sha.slice(0, 12)}, built and enabled in ${Math.round(ms)} ms`;
  return terminal.isTty ? styleText('green', line) : line;
}

async function printWelcome(platform: Platform, folder: string, terminal: Terminal): Promise<void> {
  const { url } = platform.frontend;
  const contract = await platform.contract();
  if (!contract) return terminal.say(`${url} waits for ${folder} to build`);
  const base = contract.basePath === '/' ? '' : contract.basePath;
  terminal.out(`\n${contract.name} ${contract.version} at ${url}${base}\n`);
  for (const { method, template, operationId } of contract.operations)
    terminal.out(`  ${method.padEnd(7)}${base}${template}  ${operationId}`);
  terminal.out(`\nTry   ${devCurl(contract, url)}`);
  terminal.out(`Docs  ${url}/ui/`);
  terminal.out('\nSave a file, and the next request runs it. Ctrl-C ends.');
}

function devCurl(contract: Contract, origin: string): string {
  return curlLine(contract, { origin, basePath: contract.basePath });
}

/** `funcatron dev`: a folder served over the path of production, and taken up at every save. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { ignoredAlways } from '../bundle/ignore.ts';
import { readIgnore } from '../bundle/source-folder.ts';
import { serveOptions } from '../config/options.ts';
import type { devOptions } from '../config/options.ts';
import { readOptions } from '../config/option.ts';
import type { Values } from '../config/option.ts';
import { toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Contract } from '../openapi/contract.ts';
import { findContractIssues, openBuilder, unsound } from './bundle-source.ts';
import { Closing } from './closing.ts';
import { DevBundle } from './dev-bundle.ts';
import { DevPlace } from './dev-place.ts';
import { DevReport } from './dev-report.ts';
import { FileWatch } from './file-watch.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { openLog, runServer } from './server-command.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';

type DevOptions = Values<typeof devOptions>;

export interface DevServer {
  readonly url: string;
  /** Where its Tron listens. */
  readonly tron: string;
  close(): Promise<void>;
}

export async function dev(dir: string, options: DevOptions, terminal: Terminal): Promise<void> {
  const log = openLog(options);
  await runServer(() => startDev(dir, options, terminal, log));
}

/** Serves `dir` until closed. Rejects when the port is taken or there is no such folder. */
export async function startDev(
  dir: string,
  options: DevOptions,
  terminal: Terminal,
  log: Log,
): Promise<DevServer> {
  const folder = resolve(terminal.cwd, dir);
  const closing = new Closing();
  const platform = await closing.guard(() => start(folder, options, terminal, log, closing));
  return { url: platform.frontend.url, tron: platform.tron.url, close: () => closing.close() };
}

async function start(
  folder: string,
  options: DevOptions,
  terminal: Terminal,
  log: Log,
  closing: Closing,
): Promise<Platform> {
  const builder = await openBuilder(folder, options);
  closing.add(() => builder.close());
  const data = await mkdtemp(join(tmpdir(), 'funcatron-dev-'));
  closing.add(() => rm(data, { recursive: true, force: true }));
  const report = new DevReport(folder, terminal);
  const given = { folder, props: options.props, overlay: options.overlay, cwd: terminal.cwd };
  const always = DevPlace.files(given);
  // A contract's faults are told by the files one edits, not by what a build makes of them.
  const retell = async (thrown: unknown): Promise<never> => {
    if (toFault(thrown).code !== 'contract_invalid') throw thrown;
    const errors = await findContractIssues(folder, options);
    throw errors.length > 0 ? unsound(errors) : thrown;
  };
  const bundle = new DevBundle({
    files: new FileWatch(folder, always),
    build: () => builder.build().catch(retell),
    enable: (built) => place.enable(built).catch(retell),
    onReady: async (built, ms) => report.ready(await contractOf(platform, place), built, ms),
    onFailed: (fault) => report.failed(fault),
  });
  const platform = await startPlatform(
    {
      ...readOptions(serveOptions, {}, {}),
      ...options,
      ...{ tronPort: 0, data, dev: true },
      beforeCall: () => bundle.beforeCall(),
      notice: () => bundle.fault && report.notice(bundle.fault),
    },
    log,
  );
  closing.add(() => platform.close());
  const client = new TronClient({ tron: platform.tron.url, token: '' });
  const unpacked = join(data, 'unpacked');
  const place = new DevPlace(client, { ...given, unpacked }, (text) => terminal.say(text));
  const watcher = await watch(folder, always, (path) => bundle.touch(path));
  closing.add(() => watcher.close());
  report.listening(platform.frontend.url);
  await bundle.refresh();
  return platform;
}

/** The contract of what serves now; undefined when something else is enabled by hand. */
async function contractOf(platform: Platform, place: DevPlace): Promise<Contract | undefined> {
  const { runner, contracts } = platform;
  const route = runner.routes.find((one) => one.queue === place.queue);
  return route && contracts.get(route);
}

/** Events of the file system: they have saves built that no request asks for. */
async function watch(
  folder: string,
  always: readonly string[],
  onChange: (path: string) => void,
): Promise<{ close(): Promise<void> }> {
  const { watch: open } = await import('chokidar');
  const ignore = await readIgnore(folder, ignoredAlways);
  const ignored = (path: string, stats?: { isDirectory(): boolean }): boolean => {
    const inside = relative(folder, path);
    if (inside === '' || inside.startsWith('..') || always.includes(path)) return false;
    return ignore(inside, stats?.isDirectory() ?? false);
  };
  const watcher = open([folder, ...always], { ignoreInitial: true, ignored });
  watcher.on('all', (_event, path) => onChange(path));
  // Where there are too many files to watch, requests still look at them.
  watcher.on('error', () => undefined);
  return watcher;
}

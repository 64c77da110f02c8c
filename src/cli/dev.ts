/** `funcatron dev`: a folder, or a dev shim, served over the path of production. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { serveOptions } from '../config/options.ts';
import type { devOptions } from '../config/dev-options.ts';
import { readOptions } from '../config/option.ts';
import type { Values } from '../config/option.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import { openShimRuntime } from '../runtime/runtime.ts';
import { openBuilder } from './bundle-source.ts';
import { Closing } from './closing.ts';
import { DevFolder } from './dev-folder.ts';
import type { DevGround } from './dev-place.ts';
import { DevShim, nothingHere } from './dev-shim.ts';
import { startPlatform } from './platform.ts';
import { openLog, runServer } from './server-command.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';

type DevOptions = Values<typeof devOptions>;

export interface DevServer {
  readonly url: string;
  /** Where its Tron listens. */
  readonly tron: string;
  /** Where dev shims connect; undefined where that port is taken. */
  readonly shimPort: number | undefined;
  close(): Promise<void>;
}

/** `dir`: the folder; undefined for the current one, or for none with `--shim`. */
export async function dev(
  dir: string | undefined,
  options: DevOptions,
  terminal: Terminal,
): Promise<void> {
  if (options.shim && dir !== undefined) {
    const detail = `--shim serves what a dev shim brings, and no folder; leave out ${dir} or --shim`;
    throw new FuncatronError('option_invalid', detail);
  }
  const log = openLog(options);
  await runServer(() => startDev(dir ?? '.', options, terminal, log));
}

/** Serves `dir` until closed. Rejects when the port is taken or there is no such folder. */
export async function startDev(
  dir: string,
  options: DevOptions,
  terminal: Terminal,
  log: Log,
): Promise<DevServer> {
  const closing = new Closing();
  const started = await closing.guard(() => start(dir, options, terminal, log, closing));
  return { ...started, close: () => closing.close() };
}

async function start(
  dir: string,
  options: DevOptions,
  terminal: Terminal,
  log: Log,
  closing: Closing,
): Promise<Omit<DevServer, 'close'>> {
  const given = resolve(terminal.cwd, dir);
  const say = (text: string): void => terminal.say(text);
  const builder = options.shim ? undefined : await openBuilder(given, options, say);
  if (builder) closing.add(() => builder.close());
  const data = await mkdtemp(join(tmpdir(), 'funcatron-dev-'));
  closing.add(() => rm(data, { recursive: true, force: true }));
  const shims = await openShimRuntime({
    lineBytesMax: options.shimLineMax,
    onSwagger: (link, swagger) => shim.take(link, swagger),
    onGone: () => shim.leave(),
    say: (text) => terminal.say(text),
  });
  // What one has in hand is finished while the platform closes.
  closing.add(() => shims.close());
  const platform = await startPlatform(
    {
      ...readOptions(serveOptions, {}, {}),
      ...options,
      ...{ tronPort: 0, data, dev: true },
      runtimes: [shims],
      beforeCall: () => allOf(folder?.beforeCall(), shim.beforeCall()),
      notice: () => shim.notice() ?? (shim.queue ? undefined : folder?.notice()),
      ...(options.shim && { nothingHere }),
    },
    log,
  );
  const ground: DevGround = {
    ...{ folder: given, props: options.props, overlay: options.overlay, cwd: terminal.cwd },
    ...{ terminal, platform, unpacked: join(data, 'unpacked'), inTurn: createTurns() },
    client: new TronClient({ tron: platform.tron.url, token: '' }),
  };
  closing.add(() => platform.close());
  const shim = new DevShim(ground, options, shims, async (queue) => folder?.giveWay(queue));
  closing.add(() => shim.stop());
  const isTaken = (queue: string): boolean => shim.queue === queue;
  const folder = builder && new DevFolder(ground, builder, options, isTaken);
  const shimPort = await shim.begin();
  const watcher = await folder?.begin();
  closing.add(() => watcher?.close());
  return { url: platform.frontend.url, tron: platform.tron.url, shimPort };
}

function allOf(
  one: Promise<void> | undefined,
  other: Promise<void> | undefined,
): Promise<void> | undefined {
  return one && other ? Promise.all([one, other]).then(() => undefined) : (one ?? other);
}

/** Runs what it is given one after the other: two may want to have the same place. */
function createTurns(): DevGround['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

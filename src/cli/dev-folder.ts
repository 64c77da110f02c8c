/** The folder that dev serves: built and enabled at every save. */
import { relative } from 'node:path';
import type { Builder } from '../bundle/build.ts';
import { ignoredAlways } from '../bundle/ignore.ts';
import type { Ignore } from '../bundle/ignore.ts';
import { readIgnore } from '../bundle/source-folder.ts';
import { toFault } from '../errors.ts';
import type { Problem } from '../message.ts';
import { findContractIssues, unsound } from './bundle-source.ts';
import type { LimitValues } from './bundle-limit.ts';
import { DevBundle } from './dev-bundle.ts';
import { contractAt, DevPlace } from './dev-place.ts';
import type { DevGround } from './dev-place.ts';
import { DevReport } from './dev-report.ts';
import { FileWatch } from './file-watch.ts';
import type { Terminal } from './terminal.ts';

export class DevFolder {
  readonly #ground: DevGround;
  readonly #terminal: Terminal;
  readonly #place: DevPlace;
  readonly #report: DevReport;
  readonly #bundle: DevBundle;
  readonly #always: string[];
  readonly #ignored: readonly string[];

  /** `isTaken`: whether a dev shim has the place of this queue. */
  constructor(
    ground: DevGround,
    builder: Builder,
    limits: LimitValues,
    isTaken: (queue: string) => boolean,
  ) {
    const { folder, terminal, inTurn } = ground;
    this.#ground = ground;
    this.#ignored = builder.ignored ?? ignoredAlways;
    this.#terminal = terminal;
    this.#always = DevPlace.files(ground);
    this.#place = new DevPlace(ground, isTaken);
    this.#report = new DevReport(
      {
        begin: 'Save a file, and the next request runs it.',
        again: `save a file in ${folder} to try again`,
      },
      terminal,
    );
    // A contract's faults are told by the files one edits, not by what a build makes of them.
    const retell = async (thrown: unknown): Promise<never> => {
      if (toFault(thrown).code !== 'contract_invalid') throw thrown;
      const errors = await findContractIssues(folder, limits);
      throw errors.length > 0 ? unsound(errors) : thrown;
    };
    // It keeps the contract's faults from waiting for a tool that takes its time.
    const soundly = async (): Promise<void> => {
      const errors = builder.isSlow ? await findContractIssues(folder, limits) : [];
      if (errors.length > 0) throw unsound(errors);
    };
    this.#bundle = new DevBundle({
      files: new FileWatch(folder, this.#always, builder.ignored),
      build: () => soundly().then(() => builder.build().catch(retell)),
      enable: (built) => inTurn(() => this.#place.enable(built)).catch(retell),
      onReady: async (built, ms) => {
        const contract = await contractAt(ground.platform, this.#place.queue);
        this.#report.ready(contract, built, ms);
      },
      onFailed: (fault) => this.#report.failed(fault),
    });
  }

  /** Builds and enables it, and watches it from now on. */
  async begin(): Promise<{ close(): Promise<void> }> {
    const { folder } = this.#ground;
    const ignore = await readIgnore(folder, this.#ignored);
    const watcher = await watch(folder, this.#always, ignore, (path) => this.#bundle.touch(path));
    this.#report.listening(this.#ground.platform.frontend.url);
    await this.#bundle.refresh();
    return watcher;
  }

  beforeCall(): Promise<void> | undefined {
    return this.#bundle.beforeCall();
  }

  notice(): Problem | undefined {
    return this.#bundle.fault && this.#report.notice(this.#bundle.fault);
  }

  /** Lets a dev shim have the place of this queue, and takes back what none has any more. */
  async giveWay(queue: string | undefined): Promise<void> {
    const { waitsFor } = this.#place;
    if (queue !== undefined && this.#place.queue === queue) {
      this.#place.lose();
      this.#terminal.say(`the dev shim serves in place of ${this.#ground.folder} until it goes`);
    } else if (waitsFor !== undefined && waitsFor !== queue) await this.#bundle.renew();
  }
}

/** Events of the file system: they have saves built that no request asks for. */
async function watch(
  folder: string,
  always: readonly string[],
  ignore: Ignore,
  onChange: (path: string) => void,
): Promise<{ close(): Promise<void> }> {
  const { watch: open } = await import('chokidar');
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

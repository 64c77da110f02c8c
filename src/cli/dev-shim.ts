/**
 * Funcs of a program that connects to dev, most likely started in a debugger. Its Swagger is made a
 * bundle, uploaded and enabled like any other; only what runs the Funcs is another.
 */
import type { devOptions } from '../config/dev-options.ts';
import type { Values } from '../config/option.ts';
import { toFault } from '../errors.ts';
import type { FuncatronError } from '../errors.ts';
import type { Problem } from '../message.ts';
import type { ShimRuntime } from '../runtime/shim.ts';
import type { ShimLink, Swagger } from '../runtime/shim-link.ts';
import { contractAt, DevPlace } from './dev-place.ts';
import type { DevGround } from './dev-place.ts';
import { DevReport } from './dev-report.ts';
import { FileWatch } from './file-watch.ts';
import { readObject } from './json-input.ts';
import { buildShimBundle } from './shim-bundle.ts';
import { ShimEnabler } from './shim-enabler.ts';
import { showIssue } from './terminal.ts';

type ShimOptions = Pick<Values<typeof devOptions>, 'shim' | 'shimPort' | 'shimTimeout'>;

/** The original's words, and why. */
export const nothingHere =
  'No Swagger Defined. Unable to route request: no dev shim is connected (funcatron.devshim)';

export class DevShim {
  readonly #ground: DevGround;
  readonly #options: ShimOptions;
  readonly #place: DevPlace;
  readonly #report: DevReport;
  readonly #shims: ShimRuntime;
  readonly #enabler: ShimEnabler;
  #isStopped = false;

  /** `onMoved` is told of the queue it has now: undefined for none. */
  constructor(
    ground: DevGround,
    options: ShimOptions,
    shims: ShimRuntime,
    onMoved: (queue: string | undefined) => Promise<void>,
  ) {
    const { terminal, inTurn } = ground;
    this.#ground = ground;
    this.#options = options;
    this.#shims = shims;
    this.#place = new DevPlace(ground);
    this.#report = new DevReport(
      {
        begin: 'Edit the Swagger, and the next request goes by it.',
        again: 'save the Swagger to try again',
      },
      terminal,
    );
    this.#enabler = new ShimEnabler({
      files: new FileWatch(undefined, DevPlace.files(ground)),
      enable: async (built) => {
        const isNew = await inTurn(() => this.#place.enable(built));
        await onMoved(this.#place.queue);
        return isNew;
      },
      disable: async () => {
        await inTurn(() => this.#place.disable());
        await onMoved(undefined);
      },
      onReady: async (built, ms) => {
        const contract = await contractAt(ground.platform, this.#place.queue);
        this.#report.ready(contract, built, ms);
      },
      onFailed: (fault) => this.#report.failed(fault, this.#place.queue !== undefined),
    });
  }

  /** The port it listens on; undefined when that is taken and the folder is served without. */
  async begin(): Promise<number | undefined> {
    const { terminal, platform } = this.#ground;
    const { shim: isAlone, shimPort } = this.#options;
    const { url } = platform.frontend;
    this.#report.listening(url);
    try {
      const port = await this.#shims.listen(shimPort);
      if (isAlone)
        terminal.say(`waiting for a dev shim at port ${port}, and for requests at ${url}`);
      return port;
    } catch (thrown) {
      if (isAlone) throw thrown;
      terminal.say(`warning: ${toFault(thrown).message}; dev goes on without`);
      return undefined;
    }
  }

  beforeCall(): Promise<void> | undefined {
    return this.#enabler.beforeCall();
  }

  notice(): Problem | undefined {
    return this.#enabler.fault && this.#report.notice(this.#enabler.fault);
  }

  /** The queue of what it serves. */
  get queue(): string | undefined {
    return this.#place.queue;
  }

  /** Takes up nothing any more; calls in hand may still be answered. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Has the newest Swagger of a shim enabled; tells the shim why not. */
  take(link: ShimLink, swagger: Swagger): void {
    if (this.#isStopped) return;
    const { overlay, cwd } = this.#ground;
    void this.#enabler.want({
      build: async () =>
        buildShimBundle(swagger, {
          overlay: await readObject('--overlay', overlay, cwd),
          timeoutMs: this.#options.shimTimeout,
        }),
      refuse: (fault) => link.say(inFull(fault)),
    });
  }

  /** It is gone, and what it served with it. */
  leave(): void {
    if (this.#isStopped) return;
    this.#ground.terminal.say('the dev shim went away; start its program again');
    void this.#enabler.want(undefined);
  }
}

function inFull({ message, errors = [] }: FuncatronError): string {
  return [message, ...errors.map(showIssue)].join('\n');
}

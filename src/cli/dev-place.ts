/**
 * What dev has enabled, through the Tron's own API as `deploy` does it: one bundle, at one place,
 * for any host. What it replaces goes.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltBundle } from '../bundle/build.ts';
import { queueName } from '../bundle/queue-name.ts';
import { removeUnpacked } from '../bundle/unpack.ts';
import type { Contract } from '../openapi/contract.ts';
import { contractId, loadContract } from '../openapi/load.ts';
import { bundlePath } from './bundle-info.ts';
import { filePath, readObject } from './json-input.ts';
import type { Platform } from './platform.ts';
import type { Terminal } from './terminal.ts';
import type { TronClient } from './tron-client.ts';
import { uploadBundle } from './upload.ts';

/** Props given in dev when no `--props` is: never part of a bundle. */
const devPropsFile = 'props.dev.json';

/** Bundles kept beside the one that serves: calls they have in hand may still need their files. */
const keptMax = 3;

/** What all of dev stands on. */
export interface DevGround {
  /** The project. */
  folder: string;
  props: string | undefined;
  overlay: string | undefined;
  cwd: string;
  /** Where the runner unpacks bundles. */
  unpacked: string;
  terminal: Terminal;
  /** Changes of what is enabled come one after the other. */
  inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  platform: Platform;
  client: TronClient;
}

interface Enabled {
  sha: string;
  basePath: string;
  /** Everything that decides what serves, as text. */
  key: string;
}

export class DevPlace {
  readonly #ground: DevGround;
  readonly #isTaken: (queue: string) => boolean;
  #enabled: Enabled | undefined;
  /** The queue it would have, and somebody else has. */
  #waitsFor: string | undefined;
  /** Bundles that were replaced, oldest first. */
  #past: string[] = [];
  #forgetting: Promise<void> = Promise.resolve();
  /** Warnings about the contract that stand in the terminal. */
  #told: ReadonlySet<string> = new Set();

  /** `isTaken`: whether somebody else has the place of a queue now. */
  constructor(ground: DevGround, isTaken: (queue: string) => boolean = () => false) {
    this.#ground = ground;
    this.#isTaken = isTaken;
  }

  /** The files whose content is given along with the bundle, whether they are there or not. */
  static files({ folder, props, overlay, cwd }: DevGround): string[] {
    const named = [props, overlay].flatMap((one) => (one && filePath(one, cwd)) ?? []);
    return [join(folder, devPropsFile), ...named];
  }

  /** False when what was built serves already. Throws what the Tron refuses it for. */
  async enable(built: BuiltBundle): Promise<boolean> {
    const { client, terminal } = this.#ground;
    const given = await this.#given();
    const key = JSON.stringify([built.sha, given]);
    await this.#forgetting;
    const before = this.#enabled;
    if (before?.key === key) return false;
    for (const warning of built.warnings) terminal.say(`warning: ${warning}`);
    const { route, swagger, warnings = [] } = await uploadBundle(client, built);
    for (const one of warnings) if (!this.#told.has(one)) terminal.say(`warning: ${one}`);
    this.#told = new Set(warnings);
    const basePath = given.overlay ? await this.#basePath(swagger, given.overlay) : route;
    if (this.#isTaken(queueName(null, basePath))) {
      await this.disable();
      this.#waitsFor = queueName(null, basePath);
      return false;
    }
    this.#waitsFor = undefined;
    const body = { sha: built.sha, host: '*', ...given };
    const said = await client.json<{ warnings?: string[] }>('/api/v1/enable', { json: body });
    for (const warning of said.warnings ?? []) terminal.say(`warning: ${warning}`);
    this.#enabled = { sha: built.sha, basePath, key };
    this.#past = this.#past.filter((one) => one !== built.sha);
    if (before) await this.#replace(before, this.#enabled);
    return true;
  }

  /** The queue of what is enabled. */
  get queue(): string | undefined {
    return this.#enabled && queueName(null, this.#enabled.basePath);
  }

  /** The queue that it would have, if nobody else had it. */
  get waitsFor(): string | undefined {
    return this.#waitsFor;
  }

  /** Has nothing enabled any more. */
  async disable(): Promise<void> {
    const before = this.#enabled;
    this.lose();
    this.#waitsFor = undefined;
    if (before) await this.#disable(before);
  }

  /** Somebody else has its place now, by having enabled another bundle there. */
  lose(): void {
    if (!this.#enabled) return;
    this.#waitsFor = this.queue;
    this.#bury(this.#enabled.sha);
    this.#enabled = undefined;
  }

  async #given(): Promise<{ props: object; overlay?: object }> {
    const { folder, props, overlay, cwd } = this.#ground;
    const devProps = join(folder, devPropsFile);
    const source = props ?? (existsSync(devProps) ? devProps : undefined);
    const layer = await readObject('--overlay', overlay, cwd);
    return {
      props: (await readObject('--props', source, cwd)) ?? {},
      ...(layer && { overlay: layer }),
    };
  }

  async #basePath(swagger: object, overlay: object): Promise<string> {
    const source = { file: 'funcatron.json', text: JSON.stringify(swagger) };
    const contract = await loadContract(source, { id: contractId('', overlay), overlay });
    return contract.basePath;
  }

  /** What serves no more is disabled. */
  async #replace(before: Enabled, now: Enabled): Promise<void> {
    if (before.basePath !== now.basePath) await this.#disable(before);
    if (before.sha !== now.sha) this.#bury(before.sha);
  }

  async #disable({ sha, basePath }: Enabled): Promise<void> {
    await this.#ground.client.json('/api/v1/disable', { json: { sha, host: '*', basePath } });
  }

  /** A bundle is forgotten once nobody can need it. Nobody waits for that. */
  #bury(sha: string): void {
    this.#past = [...this.#past.filter((one) => one !== sha), sha];
    const old = this.#past.splice(0, Math.max(0, this.#past.length - keptMax));
    this.#forgetting = this.#forgetting.then(() => this.#forget(old)).catch(() => undefined);
  }

  async #forget(shas: readonly string[]): Promise<void> {
    for (const sha of shas) {
      await this.#ground.client.json(bundlePath(sha), { method: 'DELETE' });
      await removeUnpacked(this.#ground.unpacked, sha);
    }
  }
}

/** The contract of what serves there now; undefined when something else was enabled by hand. */
export async function contractAt(
  { runner, contracts }: Platform,
  queue: string | undefined,
): Promise<Contract | undefined> {
  const route = runner.routes.find((one) => one.queue === queue);
  return route && contracts.get(route);
}

/**
 * What dev has enabled, through the Tron's own API as `deploy` does it: one bundle, at one place,
 * for any host. What it replaces goes.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltBundle } from '../bundle/build.ts';
import { queueName } from '../bundle/queue-name.ts';
import { contractId, loadContract } from '../openapi/load.ts';
import { bundlePath } from './bundle-info.ts';
import { filePath, readObject } from './json-input.ts';
import type { TronClient } from './tron-client.ts';
import { uploadBundle } from './upload.ts';

/** Props given in dev when no `--props` is: never part of a bundle. */
const devPropsFile = 'props.dev.json';

/** Bundles kept beside the one that serves: calls they have in hand may still need their files. */
const keptMax = 3;

interface PlaceOptions {
  /** The project. */
  folder: string;
  props: string | undefined;
  overlay: string | undefined;
  cwd: string;
  /** Where the runner unpacks bundles. */
  unpacked: string;
}

interface Enabled {
  sha: string;
  basePath: string;
  /** Everything that decides what serves, as text. */
  key: string;
}

export class DevPlace {
  readonly #client: TronClient;
  readonly #options: PlaceOptions;
  readonly #say: (text: string) => void;
  #enabled: Enabled | undefined;
  /** Bundles that were replaced, oldest first. */
  #past: string[] = [];
  #forgetting: Promise<void> = Promise.resolve();

  constructor(client: TronClient, options: PlaceOptions, say: (text: string) => void) {
    this.#client = client;
    this.#options = options;
    this.#say = say;
  }

  /** The files whose content is given along with the bundle, whether they are there or not. */
  static files({ folder, props, overlay, cwd }: Omit<PlaceOptions, 'unpacked'>): string[] {
    const given = [props, overlay].flatMap((one) => (one && filePath(one, cwd)) ?? []);
    return [join(folder, devPropsFile), ...given];
  }

  /** False when what was built serves already. Throws what the Tron refuses it for. */
  async enable(built: BuiltBundle): Promise<boolean> {
    const given = await this.#given();
    const key = JSON.stringify([built.sha, given]);
    await this.#forgetting;
    const before = this.#enabled;
    if (before?.key === key) return false;
    for (const warning of built.warnings) this.#say(`warning: ${warning}`);
    const { route, swagger } = await uploadBundle(this.#client, built);
    const basePath = given.overlay ? await this.#basePath(swagger, given.overlay) : route;
    const body = { sha: built.sha, host: '*', ...given };
    const said = await this.#client.json<{ warnings?: string[] }>('/api/v1/enable', { json: body });
    for (const warning of said.warnings ?? []) this.#say(`warning: ${warning}`);
    this.#enabled = { sha: built.sha, basePath, key };
    if (before) await this.#replace(before, this.#enabled);
    return true;
  }

  /** The queue of what is enabled. */
  get queue(): string | undefined {
    return this.#enabled && queueName(null, this.#enabled.basePath);
  }

  async #given(): Promise<{ props: object; overlay?: object }> {
    const { folder, props, overlay, cwd } = this.#options;
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

  /** What serves no more is disabled, and forgotten once nobody can need it. */
  async #replace(before: Enabled, now: Enabled): Promise<void> {
    if (before.basePath !== now.basePath) {
      const json = { sha: before.sha, host: '*', basePath: before.basePath };
      await this.#client.json('/api/v1/disable', { json });
    }
    if (before.sha === now.sha) return;
    this.#past = [...this.#past.filter((sha) => sha !== before.sha && sha !== now.sha), before.sha];
    // Whoever waits for what was built does not wait for this.
    const old = this.#past.splice(0, Math.max(0, this.#past.length - keptMax));
    this.#forgetting = this.#forgetting.then(() => this.#forget(old)).catch(() => undefined);
  }

  async #forget(shas: readonly string[]): Promise<void> {
    for (const sha of shas) {
      await this.#client.json(bundlePath(sha), { method: 'DELETE' });
      await rm(join(this.#options.unpacked, sha), { recursive: true, force: true });
    }
  }
}

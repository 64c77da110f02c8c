/**
 * The bundles that were uploaded. A bundle is read and its contract checked; its code is never run
 * here.
 */
import { parseSha } from '../bundle/identity.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Contract } from '../openapi/contract.ts';
import type { BundleHost } from '../store/bundle-fetch.ts';
import { fetchBundle } from '../store/store.ts';
import type { BundleFiles, BundleRecord, Store } from '../store/store.ts';
import type { TronOptions } from './option.ts';
import { Turns } from './turn.ts';

/** The beginning of a hex SHA that is long enough to name a bundle. */
const prefixPattern = /^[0-9a-f]{8,63}$/i;

export interface Uploaded {
  bundle: BundleRecord;
  /** The contract's document as it is written. */
  document: Record<string, unknown>;
}

export class Bundles {
  readonly #store: Store;
  readonly #files: BundleFiles;
  readonly #options: TronOptions;
  readonly #log: Log;
  /** By SHA: a bundle is not deleted while it is uploaded again. */
  readonly #turns = new Turns();
  readonly #hosts: (() => readonly BundleHost[]) | undefined;
  #uploads = 0;
  #isCopying = false;

  /** `hosts`: other Trons of the same store, which may have files that this one has not. */
  constructor(
    store: Store,
    files: BundleFiles,
    options: TronOptions,
    log: Log,
    hosts?: () => readonly BundleHost[],
  ) {
    this.#hosts = hosts;
    this.#store = store;
    this.#files = files;
    this.#options = options;
    this.#log = log;
  }

  /**
   * Takes in a bundle file; one that is there already stays as it is. Rejects with what is wrong
   * with it, `bundle_too_large`, `too_busy` or `store_failed`, and keeps nothing then.
   */
  async upload(source: AsyncIterable<Uint8Array>, declaredBytes: number): Promise<Uploaded> {
    const { uploadsMax, bundleMax } = this.#options;
    if (declaredBytes > bundleMax) {
      const detail = `the bundle is ${declaredBytes} bytes, over the limit of ${bundleMax}`;
      throw new FuncatronError('bundle_too_large', `${detail} (--bundle-max)`);
    }
    if (this.#uploads >= uploadsMax) {
      const detail = `${uploadsMax} uploads are under way (--uploads-max); try again`;
      throw new FuncatronError('too_busy', detail, { headers: { 'retry-after': '1' } });
    }
    this.#uploads++;
    try {
      const staged = await this.#files.stage(source, bundleMax);
      try {
        if (staged.bytes === 0)
          throw new FuncatronError('bundle_invalid', 'the request has no body; send the file');
        const uploaded = await this.#judge(staged.path);
        const { sha, name, version } = uploaded.bundle;
        await this.#turns.take(sha, async () => {
          await staged.keep();
          await this.#store.commit([{ put: 'bundle', bundle: uploaded.bundle }]);
        });
        this.#log.info({ bundle: name, sha, version, bytes: staged.bytes }, 'bundle uploaded');
        return uploaded;
      } finally {
        await staged.discard();
      }
    } finally {
      this.#uploads--;
    }
  }

  list(): Promise<BundleRecord[]> {
    return this.#store.bundles();
  }

  /** The bundle a SHA in either form, or the beginning of one in hex, names; or undefined. */
  async find(text: string): Promise<BundleRecord | undefined> {
    const sha = parseSha(text);
    const bundles = await this.#store.bundles();
    if (sha) return bundles.find((bundle) => bundle.sha === sha);
    if (!prefixPattern.test(text)) return undefined;
    const found = bundles.filter((bundle) => bundle.sha.startsWith(text.toLowerCase()));
    if (found.length < 2) return found[0];
    const shas = found.map((bundle) => bundle.sha).join(', ');
    throw new FuncatronError('bundle_unknown', `"${text}" is the beginning of ${shas}; give more`);
  }

  /** As `find`. Rejects with `bundle_unknown`. */
  async get(text: string): Promise<BundleRecord> {
    const bundle = await this.find(text);
    if (bundle) return bundle;
    throw new FuncatronError(
      'bundle_unknown',
      `there is no bundle ${text}; see what there is with: funcatron list`,
    );
  }

  /** A copy on this disk; what another Tron has is fetched from there and kept. */
  async path(sha: string): Promise<string> {
    if (!this.#hosts) return this.#files.path(sha);
    return this.#turns.take(sha, async () => {
      const known = await this.localPath(sha).catch(() => undefined);
      if (known !== undefined) return known;
      await fetchBundle(sha, this.#hosts!(), this.#files, this.#options.bundleMax);
      return this.localPath(sha);
    });
  }

  /** Has a copy here of every bundle that is enabled: the Tron that took it may go. */
  async copyEnabled(): Promise<void> {
    if (this.#isCopying) return;
    this.#isCopying = true;
    try {
      for (const sha of new Set((await this.#store.routes()).map((route) => route.sha)))
        await this.path(sha);
    } catch (err) {
      this.#log.warn({ err }, 'not every enabled bundle can be copied here');
    } finally {
      this.#isCopying = false;
    }
  }

  /** Rejects with `bundle_unknown` when no copy is here. */
  localPath(sha: string): Promise<string> {
    return this.#files.path(sha);
  }

  /** The bundle's contract with an overlay. Rejects with `overlay_invalid` for a bad outcome. */
  async contract({ sha }: BundleRecord, overlay?: unknown): Promise<Contract> {
    const [{ readContract }, { contractId, loadContract }] = await Promise.all([
      import('../bundle/read.ts'),
      import('../openapi/load.ts'),
    ]);
    const source = await readContract(await this.path(sha));
    if (overlay !== undefined) {
      const { checkDocument } = await import('../openapi/check.ts');
      const errors = await checkDocument(source, { overlay });
      if (errors.length > 0) {
        const detail = `the contract is invalid with this overlay: ${errors[0]!.message}`;
        throw new FuncatronError('overlay_invalid', detail, { errors });
      }
    }
    return loadContract(source, { id: contractId(sha, overlay), overlay });
  }

  /** Deletes a bundle that is enabled nowhere. Rejects with `bundle_enabled`. */
  async remove({ sha, name }: BundleRecord): Promise<void> {
    const route = (await this.#store.routes()).find((one) => one.sha === sha);
    if (route)
      throw new FuncatronError(
        'bundle_enabled',
        `${sha} is enabled at ${route.host ?? '*'}${route.basePath}; disable it first`,
      );
    await this.#turns.take(sha, async () => {
      await this.#store.commit([{ delete: 'bundle', sha }]);
      await this.#files.remove(sha);
    });
    this.#log.info({ bundle: name, sha }, 'bundle deleted');
  }

  async #judge(path: string): Promise<Uploaded> {
    const [{ readBundle }, { checkDocument }, { invalidContract, readDocument }, { loadContract }] =
      await Promise.all([
        import('../bundle/read.ts'),
        import('../openapi/check.ts'),
        import('../openapi/document.ts'),
        import('../openapi/load.ts'),
      ]);
    const { bundleLimits, bundleMax } = this.#options;
    const facts = await readBundle(path, { ...bundleLimits, fileBytesMax: bundleMax });
    const issues = await checkDocument(facts.contract);
    if (issues.length > 0) throw invalidContract(issues);
    const { sha, kind, bytes } = facts;
    const { name, version, host, basePath } = await loadContract(facts.contract, { id: sha });
    const uploadedAt = Date.now();
    const bundle = { sha, kind, bytes, name, version, host, basePath, uploadedAt };
    return { bundle, document: readDocument(facts.contract) };
  }
}

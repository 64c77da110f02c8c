/**
 * The bundles that were uploaded. A bundle is read and its contract checked; its code is never run
 * here.
 */
import { parseSha } from '../bundle/identity.ts';
import type { BareJar, BundleFacts, ContractFile } from '../bundle/read.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Issue } from '../message.ts';
import type { Contract } from '../openapi/contract.ts';
import type { BundleHost } from '../store/bundle-fetch.ts';
import { fetchBundle } from '../store/store.ts';
import type { BundleFiles, BundleRecord, StagedFile, Store } from '../store/store.ts';
import type { Uploaded } from './judge.ts';
import type { TronOptions } from './option.ts';
import { Turns } from './turn.ts';

/** The beginning of a hex SHA that is long enough to name a bundle. */
const prefixPattern = /^[0-9a-f]{8,63}$/i;

interface Parts {
  store: Store;
  files: BundleFiles;
  options: TronOptions;
  log: Log;
  /** Other Trons of the same store, which may have files that this one has not. */
  hosts?: (() => readonly BundleHost[]) | undefined;
  /** Has the code of a JAR asked for its contract; `path` gives its file meanwhile. */
  describe(sha: string): Promise<ContractFile>;
}

export class Bundles {
  readonly #store: Store;
  readonly #files: BundleFiles;
  readonly #options: TronOptions;
  readonly #log: Log;
  /** By SHA: a bundle is not deleted while it is uploaded again. */
  readonly #turns = new Turns();
  readonly #hosts: Parts['hosts'];
  readonly #describe: Parts['describe'];
  /** Files that become bundles once their code was asked for the contract, by SHA. */
  readonly #sources = new Map<string, string>();
  #uploads = 0;
  #isCopying = false;

  constructor({ store, files, options, log, hosts, describe }: Parts) {
    this.#hosts = hosts;
    this.#store = store;
    this.#files = files;
    this.#options = options;
    this.#log = log;
    this.#describe = describe;
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
        const { inspectBundle } = await import('../bundle/read.ts');
        const { bundleLimits } = this.#options;
        const facts = await inspectBundle(staged.path, {
          ...bundleLimits,
          fileBytesMax: bundleMax,
        });
        return facts.contract
          ? await this.#keep(staged, facts)
          : await this.#complete(staged, facts);
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

  /**
   * The bundle a SHA in either form, or the beginning of one in hex, names: its own, or that of the
   * JAR it was made of. Undefined when there is none.
   */
  async find(text: string): Promise<BundleRecord | undefined> {
    const sha = parseSha(text);
    const bundles = await this.#store.bundles();
    if (sha) return bundles.find((bundle) => bundle.sha === sha) ?? madeOf(sha, bundles);
    if (!prefixPattern.test(text)) return undefined;
    const start = text.toLowerCase();
    const found = bundles.filter(
      (bundle) => bundle.sha.startsWith(start) || bundle.sourceSha?.startsWith(start),
    );
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
    if (!this.#hosts || this.#sources.has(sha)) return this.localPath(sha);
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
  async localPath(sha: string): Promise<string> {
    return this.#sources.get(sha) ?? this.#files.path(sha);
  }

  /** The bundle's contract with an overlay. Rejects with `overlay_invalid` for a bad outcome. */
  async contract({ sha }: Pick<BundleRecord, 'sha'>, overlay?: unknown): Promise<Contract> {
    const [{ readContract }, { contractId, loadContract }] = await Promise.all([
      import('../bundle/read.ts'),
      import('../openapi/load.ts'),
    ]);
    const path = await this.path(sha);
    const source = await readContract(path);
    if (overlay !== undefined) {
      const { judgeContract } = await import('./judge.ts');
      const errors = await judgeContract(path, source, { overlay });
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

  /**
   * Makes a bundle of a JAR without a contract: the same JAR, and what its code gives as one more
   * entry. The same file always becomes the same bundle.
   */
  #complete(staged: StagedFile, facts: BareJar): Promise<Uploaded> {
    const { sha: sourceSha } = facts;
    return this.#turns.take(`source ${sourceSha}`, async () => {
      const known = madeOf(sourceSha, await this.#store.bundles());
      if (known) return this.#recall(known);
      const [{ assertMayTell }, { appendEntry }, { contractEntry }, { fillLimits }] =
        await Promise.all([
          import('../bundle/jar.ts'),
          import('../bundle/append.ts'),
          import('../bundle/ready.ts'),
          import('../bundle/limit.ts'),
        ]);
      await assertMayTell(staged.path);
      this.#sources.set(sourceSha, staged.path);
      const contract = await this.#describe(sourceSha).finally(() =>
        this.#sources.delete(sourceSha),
      );
      const entry = contractEntry(contract, fillLimits(this.#options.bundleLimits));
      const chunks = appendEntry(staged.path, entry);
      const made = await this.#files.stage(chunks, this.#options.bundleMax);
      try {
        const { sha, bytes } = made;
        const entries = facts.entries + 1;
        return await this.#keep(made, { ...facts, sha, bytes, entries, contract }, sourceSha);
      } finally {
        await made.discard();
      }
    });
  }

  async #keep(staged: StagedFile, facts: BundleFacts, sourceSha?: string): Promise<Uploaded> {
    const { judge } = await import('./judge.ts');
    const { bundle, document, warnings } = await judge(staged.path, facts);
    if (sourceSha !== undefined) bundle.sourceSha = sourceSha;
    const { sha, name, version, bytes } = bundle;
    await this.#turns.take(sha, async () => {
      await staged.keep();
      await this.#store.commit([{ put: 'bundle', bundle }]);
    });
    this.#log.info({ bundle: name, sha, version, bytes, sourceSha }, 'bundle uploaded');
    return { bundle, document, warnings };
  }

  async #recall(bundle: BundleRecord): Promise<Uploaded> {
    const [{ readContract }, { readDocument }, { judgeContract }] = await Promise.all([
      import('../bundle/read.ts'),
      import('../openapi/document.ts'),
      import('./judge.ts'),
    ]);
    const path = await this.path(bundle.sha);
    const contract = await readContract(path);
    const warnings: Issue[] = [];
    await judgeContract(path, contract, { warnings });
    return { bundle, document: readDocument(contract), warnings };
  }
}

/** The newest bundle that was made of a file. */
function madeOf(sourceSha: string, bundles: readonly BundleRecord[]): BundleRecord | undefined {
  return bundles.findLast((bundle) => bundle.sourceSha === sourceSha);
}

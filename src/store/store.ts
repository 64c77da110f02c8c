/**
 * What a Tron must not forget: bundle records, routes, what was enabled before, tokens and
 * settings; and the bundles' bytes. One file an adapter; the URL's scheme picks it.
 */
import type { SecretFound, SecretWant } from '../control/secret-wire.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Route } from '../message.ts';
import type { BundleCache, BundleCacheOptions } from './bundle-cache.ts';
import type { BundleHost } from './bundle-fetch.ts';
import type { CallStore } from './call.ts';
import type { Database } from './database.ts';
import type { Leases } from './lease.ts';
import type { DeadLetters } from './letter.ts';
import type { Tallies } from './tally.ts';

export interface BundleRecord {
  /** Hex SHA-256 of the bundle file. */
  sha: string;
  /** `zip`, `jar` or `pex`. */
  kind: string;
  /** Size of the file. */
  bytes: number;
  /** As the contract says. */
  name: string;
  version: string;
  host: string | null;
  basePath: string;
  /** Milliseconds since 1970. */
  uploadedAt: number;
  /** Hex SHA-256 of the file it was made of: a JAR whose code gave the contract. */
  sourceSha?: string;
}

export interface EnabledRoute extends Route {
  /** Milliseconds since 1970. */
  enabledAt: number;
  /** What of `replicas` somebody asked for, not the load; absent: nobody did. */
  asked?: number;
}

export interface TokenRecord {
  name: string;
  /** Hex SHA-256 of the token. The token itself is kept nowhere. */
  hash: string;
  /** Milliseconds since 1970. */
  createdAt: number;
}

/**
 * One change of a transaction. A bundle is deleted with the past routes that name it; a route put
 * takes the place of the one with its host and base path.
 */
export type Change =
  | { put: 'bundle'; bundle: BundleRecord }
  | { delete: 'bundle'; sha: string }
  | { put: 'route'; route: EnabledRoute }
  | { delete: 'route'; host: string | null; basePath: string }
  | { put: 'past'; route: EnabledRoute }
  | { delete: 'past'; revision: number }
  | { put: 'token'; token: TokenRecord }
  | { delete: 'token'; name: string }
  /** With `was`, only if that is its value now; undefined: if it has none. */
  | { put: 'setting'; name: string; value: unknown; was?: unknown };

export interface Store {
  /** Oldest first. */
  bundles(): Promise<BundleRecord[]>;
  routes(): Promise<EnabledRoute[]>;
  /** What was enabled at a place before what is now, newest first. */
  past(host: string | null, basePath: string): Promise<EnabledRoute[]>;
  tokens(): Promise<TokenRecord[]>;
  /** Undefined when it was never put. */
  setting(name: string): Promise<unknown>;
  /**
   * Makes all changes or none, and resolves when they are durable. Rejects with `store_failed`, or
   * `route_conflict` when a setting is not what it was expected to be.
   */
  commit(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

/** The bundles' bytes. */
export interface BundleFiles {
  /**
   * Takes in a file of at most `bytesMax` bytes, hashing on the way; it counts only once `keep` is
   * called. Rejects with `bundle_too_large` or `store_failed`, and leaves nothing then.
   */
  stage(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<StagedFile>;
  /** A readable local copy. Rejects with `bundle_unknown`. */
  path(sha: string): Promise<string>;
  remove(sha: string): Promise<void>;
}

export interface StagedFile {
  readonly path: string;
  /** Hex SHA-256. */
  readonly sha: string;
  readonly bytes: number;
  /** Resolves when the file is durable under its SHA. */
  keep(): Promise<void>;
  discard(): Promise<void>;
}

/** All that one database keeps. */
export interface Stores {
  state: Store;
  calls: CallStore;
  letters: DeadLetters;
  leases: Leases;
  tallies: Tallies;
  close(): Promise<void>;
}

/**
 * Opens the database a URL names, its tables made or brought up to date: `sqlite:PATH`, `memory:`
 * or `postgres://`. Rejects with `store_failed`, or `scheme_unknown`.
 */
export async function openStores(url: string): Promise<Stores> {
  const database = await openDatabase(url);
  const [{ StateTables }, { CallTable }, { LetterTable }, { LeaseTable }, { TallyTable }] =
    await Promise.all([
      import('./state.ts'),
      import('./call-table.ts'),
      import('./letter-table.ts'),
      import('./lease.ts'),
      import('./tally-table.ts'),
    ]);
  return {
    state: new StateTables(database),
    calls: new CallTable(database),
    letters: new LetterTable(database),
    leases: new LeaseTable(database),
    tallies: new TallyTable(database),
    close: () => database.close(),
  };
}

/** Only what a Tron must not forget; closing it closes the database. */
export async function openStore(url: string): Promise<Store> {
  return (await openStores(url)).state;
}

async function openDatabase(url: string): Promise<Database> {
  const [, scheme, rest] = /^([a-z0-9]+):(.*)$/s.exec(url) ?? [];
  switch (scheme) {
    case 'sqlite':
    case 'memory': {
      if (scheme === 'sqlite' && !rest)
        throw new FuncatronError(
          'option_invalid',
          '--store sqlite: names no file; write sqlite:PATH',
        );
      const { SqliteDatabase } = await import('./sqlite.ts');
      const path = scheme === 'memory' ? ':memory:' : rest!.replace(/^\/\/(?=\/)/, '');
      return SqliteDatabase.open(path);
    }
    case 'postgres':
    case 'postgresql': {
      const { PostgresDatabase } = await import('./postgres.ts');
      return PostgresDatabase.open(url);
    }
    default: {
      // Not the whole of it: there may be a password.
      const shown = scheme ?? url.slice(0, 20);
      throw new FuncatronError(
        'scheme_unknown',
        `--store: no store adapter for "${shown}"; use sqlite:PATH, memory: or postgres://`,
      );
    }
  }
}

export interface BundleFilesOptions {
  /** `s3://bucket/prefix`; empty for the folder itself. */
  url?: string;
  /** Bytes of local copies of what is elsewhere (`--bundle-cache-max`). Default 4 GiB. */
  cacheBytesMax?: number;
}

/**
 * Opens where the bundles' bytes are: in a folder, made if need be, or at a URL with local copies
 * in that folder. What a crash left in it is cleared away. Rejects with `store_failed`,
 * `option_invalid` or `scheme_unknown`.
 */
export async function openBundleFiles(
  dir: string,
  log: Log,
  { url = '', cacheBytesMax = 4 * 2 ** 30 }: BundleFilesOptions = {},
): Promise<BundleFiles> {
  if (url === '') {
    const { DiskFiles } = await import('./disk.ts');
    return DiskFiles.open(dir, log);
  }
  const scheme = url.split(':', 1)[0]!.slice(0, 20);
  if (scheme !== 's3')
    throw new FuncatronError(
      'scheme_unknown',
      `--bundle-store: no adapter for "${scheme}"; use s3://bucket/prefix, or none for a folder`,
    );
  const { S3Files, copiesFolder } = await import('./s3.ts');
  return S3Files.open(url, { folder: copiesFolder(dir), cacheBytesMax, log });
}

/**
 * Takes in a bundle from the first of the Trons that has it whole. Rejects with
 * `bundle_unavailable`, naming each of them and why, or `store_failed`.
 */
export async function fetchBundle(
  sha: string,
  hosts: readonly BundleHost[],
  files: BundleFiles,
  bytesMax: number,
): Promise<void> {
  const fetching = await import('./bundle-fetch.ts');
  await fetching.fetchBundle(sha, hosts, files, bytesMax);
}

/**
 * Takes secrets from the first of the Trons that answers. Rejects with `secret_unavailable`, naming
 * each of them and why.
 */
export async function fetchSecrets(
  wants: readonly SecretWant[],
  hosts: readonly BundleHost[],
): Promise<SecretFound[]> {
  const fetching = await import('./secret-fetch.ts');
  return fetching.fetchSecrets(wants, hosts);
}

/** Opens the bundles of a node that fetches them from Trons, in a folder made if need be. */
export async function openBundleCache(options: BundleCacheOptions): Promise<BundleCache> {
  const { BundleCache: Cache } = await import('./bundle-cache.ts');
  return new Cache(await openBundleFiles(options.dir, options.log), options);
}

/**
 * Bundles as objects named by their SHA, in a bucket of S3 or whatever speaks its protocol. There
 * is a bounded folder of local copies; a copy is in it under its SHA only once its bytes were seen
 * to have that SHA.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import { keepWithin, touch } from './cache-bound.ts';
import { DiskFiles } from './disk.ts';
import { mayPass, nameOf, readS3Address, s3Failed } from './s3-address.ts';
import type { S3Address } from './s3-address.ts';
import type { BundleFiles, StagedFile } from './store.ts';

const connectTimeoutMs = 5_000;
/** No byte comes or goes for so long. */
const stallTimeoutMs = 30_000;
/** Begun again from the first byte when the bytes break off or are not those of the SHA. */
const downloadsMax = 3;

export interface S3Options {
  /** The copies; made if need be. */
  folder: string;
  cacheBytesMax: number;
  log: Log;
  stallMs?: number;
}

export class S3Files implements BundleFiles {
  readonly #client: S3Client;
  readonly #address: S3Address;
  readonly #copies: DiskFiles;
  readonly #options: S3Options;
  readonly #downloads = new Map<string, Promise<string>>();

  private constructor(client: S3Client, address: S3Address, copies: DiskFiles, options: S3Options) {
    this.#client = client;
    this.#address = address;
    this.#copies = copies;
    this.#options = options;
  }

  /**
   * Rejects with `option_invalid` for a URL it cannot read, and with `store_failed` when the bucket
   * is not there or refuses. A store that does not answer at the moment is no reason: the rest of
   * a Tron works without.
   */
  static async open(url: string, options: S3Options): Promise<S3Files> {
    const address = readS3Address(url);
    const { endpoint, region, pathStyle, bucket, prefix } = address;
    const copies = await DiskFiles.open(options.folder, options.log);
    try {
      // One of them has to be named for a signature; compatible servers take any.
      const assumed = endpoint && !process.env.AWS_REGION ? 'us-east-1' : undefined;
      const client = new S3Client({
        ...(endpoint && { endpoint }),
        ...((region ?? assumed) && { region: region ?? assumed }),
        forcePathStyle: pathStyle,
        requestHandler: {
          connectionTimeout: connectTimeoutMs,
          socketTimeout: options.stallMs ?? stallTimeoutMs,
        },
      });
      const look = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 });
      await client.send(look).catch((cause: unknown) => {
        // Listing is not needed, and may be forbidden where all else is allowed.
        if (!mayPass(cause) && nameOf(cause) !== 'AccessDenied') throw cause;
        options.log.warn(s3Failed(address, 'looked at', cause).message);
      });
      return new S3Files(client, address, copies, options);
    } catch (cause) {
      throw s3Failed(address, 'opened', cause);
    }
  }

  async stage(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<StagedFile> {
    const staged = await this.#copies.stage(source, bytesMax);
    const keep = async (): Promise<void> => {
      await this.#upload(staged);
      await staged.keep();
      await this.#sweep();
    };
    return { ...staged, keep };
  }

  async path(sha: string): Promise<string> {
    try {
      const path = await this.#copies.path(sha);
      await touch(path);
      return path;
    } catch {
      // Not here, or swept away in this moment.
    }
    let download = this.#downloads.get(sha);
    if (!download) {
      const key = this.#keyOf(sha);
      download = this.#download(sha, key).finally(() => this.#downloads.delete(sha));
      this.#downloads.set(sha, download);
    }
    return download;
  }

  async remove(sha: string): Promise<void> {
    const command = new DeleteObjectCommand({
      Bucket: this.#address.bucket,
      Key: this.#keyOf(sha),
    });
    await this.#client.send(command).catch((cause: unknown) => {
      throw s3Failed(this.#address, 'written', cause);
    });
    await this.#copies.remove(sha);
  }

  /** S3 shows an object when it is whole and durable, and not before. */
  async #upload(staged: StagedFile): Promise<void> {
    const Body = createReadStream(staged.path);
    try {
      const Key = this.#keyOf(staged.sha);
      const params = { Bucket: this.#address.bucket, Key, Body, ContentType: 'application/zip' };
      await new Upload({ client: this.#client, params, queueSize: 2 }).done();
    } catch (cause) {
      throw s3Failed(this.#address, 'written', cause);
    } finally {
      Body.destroy();
    }
  }

  async #download(sha: string, key: string): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const source = await this.#fetch(sha, key);
      try {
        const staged = await this.#copies.stage(source, Number.MAX_SAFE_INTEGER);
        if (staged.sha === sha) {
          await staged.keep();
          await this.#sweep();
          return await this.#copies.path(sha);
        }
        await staged.discard();
        throw new Error(`the object ${key} has other bytes than its SHA says`);
      } catch (cause) {
        // A fault of ours is one of the disk.
        if (cause instanceof FuncatronError || attempt === downloadsMax)
          throw s3Failed(this.#address, 'read', cause);
        const { message } = s3Failed(this.#address, 'read', cause);
        this.#options.log.warn({ sha, attempt }, `${message}; trying again`);
      }
    }
  }

  async #fetch(sha: string, Key: string): Promise<AsyncIterable<Uint8Array>> {
    const { bucket: Bucket } = this.#address;
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket, Key }));
      return Body as unknown as AsyncIterable<Uint8Array>;
    } catch (cause) {
      if (nameOf(cause) === 'NoSuchKey')
        throw new FuncatronError('bundle_unknown', `there is no bundle file for ${sha}`);
      throw s3Failed(this.#address, 'read', cause);
    }
  }

  /** Only a SHA may become part of a name. */
  #keyOf(sha: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha))
      throw new FuncatronError('bundle_unknown', `"${sha}" is no SHA-256 in hexadecimal`);
    return `${this.#address.prefix}${sha}.zip`;
  }

  async #sweep(): Promise<void> {
    const { folder, cacheBytesMax, log } = this.#options;
    // What cannot be removed now can be later.
    await keepWithin(folder, cacheBytesMax).catch((err: unknown) => {
      log.warn({ err, folder }, 'copies of bundles could not be cleared away');
    });
  }
}

/** Where the copies are: not among the bundles of a store on disk. */
export const copiesFolder = (dir: string): string => join(dir, 's3');

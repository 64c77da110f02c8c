/**
 * The Function Builder of OpenFaaS's clients (`faas-cli publish --remote-builder`), without Docker: a
 * tar comes, signed with a key that both know; what can be made of it goes into the catalogue of
 * images, where a deployment that names the image finds it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fillLimits } from '../../bundle/limit.ts';
import type { BundleLimits } from '../../bundle/limit.ts';
import { readTar } from '../../bundle/tar.ts';
import type { BundleFile } from '../../bundle/zip-writer.ts';
import { FuncatronError, toFault } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { json, nothing } from '../answer.ts';
import type { Answer } from '../answer.ts';
import type { TronOptions } from '../option.ts';
import type { Catalogue, Image } from './image.ts';

/** Makes an image of a folder with a context. */
export type BuildImage = (
  context: { name: string; dir: string; buildArgs: Record<string, string> },
  limits: BundleLimits,
) => Promise<Image & { warnings: string[] }>;

/** None where nothing can make images. */
export function createBuilder(
  options: TronOptions,
  catalogue: Catalogue,
  log: Log,
): Builder | undefined {
  const { payloadSecret: keyFile, bundleMax: bytesMax, bundleLimits, buildImage: build } = options;
  return build && new Builder({ keyFile, bytesMax, limits: bundleLimits, build, catalogue, log });
}

export interface BuilderOptions {
  /** File of the key that builds are signed with (`--payload-secret`); empty: none is taken. */
  keyFile: string;
  /** Bytes of a tar (`--bundle-max`). */
  bytesMax: number;
  limits: Partial<BundleLimits>;
  build: BuildImage;
  catalogue: Catalogue;
  log: Log;
}

interface Result {
  log: string[];
  image: string;
  status: 'success' | 'failed';
  error?: string;
}

const configFile = 'com.openfaas.docker.config';
const contextFolder = 'context/';
const countMax = 4;
const lineType = 'application/x-ndjson';

export class Builder {
  readonly #options: BuilderOptions;
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  /** Rejects with `forbidden`, `too_busy`, `body_too_large` or a fault of the tar. */
  async answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'POST') return { ...nothing(405), headers: { allow: 'POST' } };
    const key = await this.#key();
    // Each holds its whole tar.
    if (this.#count >= countMax) {
      const detail = `${countMax} builds are under way; send it again in a moment`;
      throw new FuncatronError('too_busy', detail, { headers: { 'retry-after': '5' } });
    }
    this.#count++;
    const result = await this.#take(request, key).finally(() => this.#count--);
    const status = result.status === 'success' ? 200 : 400;
    if (!/x-ndjson/.test(request.headers.accept ?? '')) return json(status, result);
    // The status is in the lines: whoever reads them began before it was known.
    const lines = [{ ...result, status: 'in_progress', error: undefined }, result];
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    return { status: 200, headers: { 'content-type': lineType }, body };
  }

  /** Tars come at the same time; images are made one after the other. */
  async #take(request: IncomingMessage, key: Buffer): Promise<Result> {
    const bytes = await this.#read(request, key);
    const turn = this.#last.then(() => this.#build(bytes));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #key(): Promise<Buffer> {
    const { keyFile } = this.#options;
    if (keyFile === '')
      throw forbidden('this Tron takes no builds; give it --payload-secret FILE to sign them with');
    const key = await readFile(keyFile).catch((cause: Error) => {
      throw forbidden(`--payload-secret cannot be read: ${cause.message}`);
    });
    if (key.toString().trim() === '') throw forbidden(`--payload-secret ${keyFile} is empty`);
    return key;
  }

  async #read(request: IncomingMessage, key: Buffer): Promise<Buffer> {
    const { bytesMax } = this.#options;
    const given = [request.headers['x-build-signature']].flat()[0] ?? '';
    if (!/^sha256=[0-9a-f]{64}$/i.test(given))
      throw forbidden('X-Build-Signature is missing: sign the tar with --payload-secret');
    // A line end of the file may or may not be part of the key, as its reader has it.
    const macs = [key, Buffer.from(key.toString().trim())].map((one) => createHmac('sha256', one));
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > bytesMax)
        throw new FuncatronError(
          'body_too_large',
          `the tar is over ${bytesMax} bytes (--bundle-max)`,
          { component: 'tron' },
        );
      for (const mac of macs) mac.update(chunk);
      chunks.push(chunk);
    }
    const signature = Buffer.from(given.slice('sha256='.length), 'hex');
    const isRight = macs.map((mac) => timingSafeEqual(mac.digest(), signature));
    if (!isRight.includes(true)) throw forbidden('X-Build-Signature is not that of this tar');
    return Buffer.concat(chunks);
  }

  async #build(bytes: Buffer): Promise<Result> {
    const { catalogue, log } = this.#options;
    const files = readTar(bytes, fillLimits(this.#options.limits));
    const { image, buildArgs } = readConfig(files);
    const dir = await mkdtemp(join(tmpdir(), 'funcatron-build-'));
    try {
      await writeContext(dir, files);
      const context = { name: image, dir, buildArgs };
      const made = await this.#options.build(context, fillLimits(this.#options.limits));
      await catalogue.add(image, made);
      log.info({ image, warnings: made.warnings }, 'image built');
      const said = [...made.warnings, `${image} is in the catalogue, ${made.files.length} files`];
      return { log: said, image, status: 'success' };
    } catch (thrown) {
      const fault = toFault(thrown);
      if (fault.code === 'internal' || fault.status >= 500) throw fault;
      return { log: [fault.message], image, status: 'failed', error: fault.message };
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
}

function readConfig(files: readonly BundleFile[]) {
  const file = files.find(({ path }) => path === configFile);
  if (!file) throw invalid(`the tar has no ${configFile}`);
  let config: { image?: unknown; buildArgs?: unknown };
  try {
    config = JSON.parse(Buffer.from(file.bytes).toString()) as typeof config;
  } catch (cause) {
    throw invalid(`${configFile} is no JSON: ${(cause as Error).message}`);
  }
  const { image, buildArgs } = config ?? {};
  if (typeof image !== 'string' || image === '') throw invalid(`${configFile} names no image`);
  const pairs = Object.entries((buildArgs ?? {}) as Record<string, unknown>);
  return {
    image,
    buildArgs: Object.fromEntries(pairs.map(([name, text]) => [name, String(text)])),
  };
}

/** The paths were found to stay in their folder. */
async function writeContext(dir: string, files: readonly BundleFile[]): Promise<void> {
  const context = files.filter(({ path }) => path.startsWith(contextFolder));
  if (context.length === 0) throw invalid(`the tar has nothing in ${contextFolder}`);
  for (const { path, bytes, executable } of context) {
    const full = join(dir, path.slice(contextFolder.length));
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, bytes);
    if (executable) await chmod(full, 0o755);
  }
}

const invalid = (detail: string): FuncatronError => new FuncatronError('bundle_invalid', detail);

function forbidden(detail: string): FuncatronError {
  return new FuncatronError('forbidden', detail, { component: 'tron' });
}

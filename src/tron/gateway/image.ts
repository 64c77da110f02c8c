/**
 * The catalogue of images (`--images`): a folder with one folder per image. Nothing is pulled from
 * anywhere; the name of an image is a key that is looked up here.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fillLimits } from '../../bundle/limit.ts';
import type { BundleLimits } from '../../bundle/limit.ts';
import { listFolder } from '../../bundle/source-folder.ts';
import type { BundleFile } from '../../bundle/zip-writer.ts';
import { FuncatronError } from '../../errors.ts';

type Texts = Record<string, string>;

/** `image.json` in an image's folder; all of it may be absent, and so may the file. */
interface ImageFile {
  title?: string;
  description?: string;
  fprocess?: string;
  mode?: string;
  env?: Texts;
  labels?: Texts;
  annotations?: Texts;
  readOnlyRootFilesystem?: boolean;
}

export interface Image {
  /** Its environment, `fprocess` and `mode` included. */
  env: Texts;
  files: BundleFile[];
}

const imageFile = 'image.json';
const partPattern = /^[A-Za-z0-9]+([._-]+[A-Za-z0-9]+)*$/;

export class Catalogue {
  readonly #dir: string;
  readonly #limits: Partial<BundleLimits>;

  /** `dir` is empty where there is none. */
  constructor(dir: string, limits: Partial<BundleLimits>) {
    this.#dir = dir;
    this.#limits = limits;
  }

  /** Rejects with `function_invalid` or a limit of bundles where the folder is no good. */
  async find(image: string): Promise<Image | undefined> {
    for (const name of this.#dir === '' ? [] : foldersOf(image)) {
      const dir = join(this.#dir, name);
      const found = await stat(dir).catch(() => undefined);
      if (!found?.isDirectory()) continue;
      const { fprocess, mode, env } = await readImage(dir);
      return {
        env: { ...env, ...(fprocess && { fprocess }), ...(mode && { mode }) },
        files: await this.#read(dir),
      };
    }
    return undefined;
  }

  /**
   * Puts an image there, in the place of one of its name, whatever its tag. Rejects with
   * `function_invalid` where it cannot be.
   */
  async add(image: string, { env, files }: Image): Promise<void> {
    const [name] = foldersOf(image);
    if (name === undefined || this.#dir === '')
      throw new FuncatronError('function_invalid', `"${image}" is no name for an image here`);
    if (files.some(({ path }) => path === imageFile))
      throw new FuncatronError('function_invalid', `an image may have no ${imageFile} of its own`);
    const draft = join(this.#dir, `.draft-${randomUUID()}`);
    const [next, old, place] = [join(draft, 'next'), join(draft, 'old'), join(this.#dir, name)];
    try {
      for (const { path, bytes, executable } of files) {
        const full = join(next, path);
        await mkdir(dirname(full), { recursive: true });
        await writeFile(full, bytes, { mode: executable ? 0o755 : 0o644 });
      }
      await mkdir(next, { recursive: true });
      await writeFile(join(next, imageFile), JSON.stringify({ env }, null, 2));
      await mkdir(dirname(place), { recursive: true });
      await rename(place, old).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code !== 'ENOENT') throw thrown;
      });
      await rename(next, place);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** As `faas-cli store` reads it. */
  async store(): Promise<Record<string, unknown>> {
    const functions = [];
    for (const name of await this.#names()) {
      const { title, description, fprocess, env, labels, annotations, ...rest } = await readImage(
        join(this.#dir, name),
      );
      const { readOnlyRootFilesystem } = rest;
      functions.push({
        name: name.split('/').at(-1)!,
        title: title ?? name,
        description: description ?? '',
        images: { x86_64: name, arm64: name, armhf: name },
        ...(fprocess && { fprocess }),
        ...(env && { environment: env }),
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ...(readOnlyRootFilesystem && { readOnlyRootFilesystem }),
      });
    }
    return { version: '0.2.0', functions };
  }

  /** Those with an `image.json`: `figlet` or `openfaas/figlet`. */
  async #names(): Promise<string[]> {
    if (this.#dir === '') return [];
    const files = await readdir(this.#dir, { recursive: true }).catch(() => []);
    return files
      .map((path) => path.replaceAll('\\', '/').split('/'))
      .filter((parts) => parts.at(-1) === imageFile && (parts.length === 2 || parts.length === 3))
      .map((parts) => parts.slice(0, -1))
      .filter((parts) => parts.every((part) => partPattern.test(part)))
      .map((parts) => parts.join('/'))
      .toSorted();
  }

  async #read(dir: string): Promise<BundleFile[]> {
    const found = await listFolder(dir, (path) => path === imageFile, fillLimits(this.#limits));
    const files: BundleFile[] = [];
    for (const { path, absolute, executable } of found)
      files.push({ path, bytes: await readFile(absolute), executable });
    return files;
  }
}

/** Where an image may be: `ghcr.io/openfaas/figlet:1` in `openfaas/figlet`, else in `figlet`. */
export function foldersOf(image: string): string[] {
  const parts = image.split('@', 1)[0]!.split('/');
  if (parts.length > 1 && /^([A-Za-z0-9][^/]*[.:]|localhost$)/.test(parts[0]!)) parts.shift();
  parts.push(parts.pop()!.split(':', 1)[0]!);
  if (!parts.every((part) => partPattern.test(part))) return [];
  return [...new Set([parts.join('/'), parts.at(-1)!])];
}

async function readImage(dir: string): Promise<ImageFile> {
  const path = join(dir, imageFile);
  const text = await readFile(path, 'utf8').catch(() => '{}');
  try {
    const image = JSON.parse(text) as ImageFile;
    const maps = [image.env, image.labels, image.annotations];
    const texts = [image.fprocess, image.mode, ...maps.flatMap((map) => Object.values(map ?? {}))];
    if (texts.every((value) => value === undefined || typeof value === 'string')) return image;
    throw new TypeError('its values must be texts');
  } catch (cause) {
    const detail = `${path} cannot be read: ${(cause as Error).message}`;
    throw new FuncatronError('function_invalid', detail, { cause });
  }
}

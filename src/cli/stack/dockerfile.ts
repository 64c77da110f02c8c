/**
 * What of a Dockerfile can be done without Docker: files that are copied, variables, and the program.
 * Nothing is pulled and no RUN is run, so what those install must be on the machines of the runners.
 */
import { readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { createIgnore } from '../../bundle/ignore.ts';
import type { Ignore } from '../../bundle/ignore.ts';
import type { BundleLimits } from '../../bundle/limit.ts';
import type { BundleFile } from '../../bundle/zip-writer.ts';
import { failed, readFiles } from './image-files.ts';
import type { FunctionImage } from './image-files.ts';
import { substitute } from './stack-file.ts';

interface Stage {
  name: string;
  env: Record<string, string>;
  workdir: string;
  /** By absolute path in the image. */
  files: Map<string, BundleFile>;
  command: string[];
}

/** OpenFaaS's watchdogs: the runtime is one. */
const isWatchdog = (word: string): boolean => /(^|\/)(f|of-)?watchdog$/.test(word);

/** Throws `build_failed` for what cannot be done, naming the instruction. */
export async function readDockerfile(
  dir: string,
  args: Record<string, string>,
  limits: BundleLimits,
  name: string,
): Promise<FunctionImage> {
  const text = await readFile(join(dir, 'Dockerfile'), 'utf8').catch(() => {
    throw failed(name, `there is no Dockerfile in ${dir}`);
  });
  const ignoreText = await readFile(join(dir, '.dockerignore'), 'utf8').catch(() => '');
  const ignore = createIgnore(['.git/', ...ignoreText.split(/\r?\n/)]);
  const reading = new Reading(dir, { ...args }, ignore, limits, name);
  for (const { verb, rest, line } of instructions(text)) await reading.take(verb, rest, line);
  return reading.image();
}

class Reading {
  readonly #dir: string;
  readonly #args: Record<string, string>;
  readonly #given: ReadonlySet<string>;
  readonly #ignore: Ignore;
  readonly #limits: BundleLimits;
  readonly #name: string;
  readonly #stages: Stage[] = [];
  readonly #warnings: string[] = [];

  constructor(
    dir: string,
    args: Record<string, string>,
    ignore: Ignore,
    limits: BundleLimits,
    name: string,
  ) {
    this.#dir = dir;
    this.#args = args;
    this.#given = new Set(Object.keys(args));
    this.#ignore = ignore;
    this.#limits = limits;
    this.#name = name;
  }

  get #stage(): Stage {
    const stage = this.#stages.at(-1);
    if (!stage) throw failed(this.#name, 'the Dockerfile begins with no FROM');
    return stage;
  }

  async take(verb: string, given: string, line: number): Promise<void> {
    const where = `${this.#name}: Dockerfile:${line}`;
    if (verb === 'ARG') return this.#takeArg(given);
    if (verb === 'FROM') return this.#takeFrom(this.#fill(given));
    const stage = this.#stage;
    switch (verb) {
      case 'ENV':
        return this.#takeEnv(given);
      case 'WORKDIR':
        stage.workdir = posix.resolve(stage.workdir, this.#fill(given));
        return undefined;
      case 'COPY':
      case 'ADD':
        return this.#takeCopy(this.#fill(given), where);
      case 'CMD':
        stage.command = wordsOf(given);
        return undefined;
      case 'ENTRYPOINT':
        if (!isWatchdog(wordsOf(given)[0] ?? '')) stage.command = wordsOf(given);
        return undefined;
      case 'RUN':
        if (!this.#takeChmod(this.#fill(given)))
          this.#warnings.push(`${where}: RUN is not run; what it makes must be on the runners`);
        return undefined;
      default:
        // Of no meaning to a process: EXPOSE, HEALTHCHECK, LABEL, USER, VOLUME, ...
        return undefined;
    }
  }

  image(): FunctionImage {
    const { env, workdir, files, command } = this.#stage;
    const paths = new Map([...files.keys()].map((path) => [path, inBundle(path, workdir)]));
    const placed = (word: string): string => {
      const path = paths.get(posix.resolve(workdir, word));
      return word.startsWith('/') && path !== undefined ? `./${path}` : word;
    };
    const said = (env['fprocess'] ?? env['function_process'] ?? '').split(' ');
    const program = command.filter((word) => !isWatchdog(word));
    const made: Record<string, string> = { ...env };
    if (said.join('') !== '') made['fprocess'] = said.map(placed).join(' ');
    else if (program.length > 0) {
      // An image without a watchdog is a server of its own.
      made['fprocess'] = program.map(placed).join(' ');
      made['mode'] ??= 'http';
    } else if (made['mode'] !== 'static')
      throw failed(this.#name, 'the Dockerfile names no program: set ENV fprocess, or CMD');
    if (/["']/.test(made['fprocess'] ?? ''))
      this.#warnings.push(`${this.#name}: fprocess is split at spaces and knows no quotes`);
    delete made['PATH'];
    const all = Array.from(files, ([path, file]) => ({ ...file, path: paths.get(path)! }));
    return { env: made, files: all, warnings: this.#warnings };
  }

  #takeArg(given: string): void {
    const [, name = '', , fallback = ''] = /^([A-Za-z_]\w*)(=(.*))?$/.exec(given) ?? [];
    if (!this.#given.has(name)) this.#args[name] = this.#fill(fallback);
  }

  #takeFrom(given: string): void {
    const [, image = '', , name = ''] =
      /^(?:--\S+\s+)*(\S+)(\s+as\s+(\S+))?$/i.exec(given.trim()) ?? [];
    const base = this.#stages.find((stage) => stage.name !== '' && stage.name === image);
    this.#stages.push({
      name,
      env: { ...base?.env },
      workdir: base?.workdir ?? '/',
      files: new Map(base?.files),
      command: base?.command ?? [],
    });
  }

  #takeEnv(given: string): void {
    const pairs = [...given.matchAll(/([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)/g)];
    const { env } = this.#stage;
    if (/^[A-Za-z_]\w*=/.test(given))
      for (const [, name, value] of pairs) env[name!] = this.#fill(unquote(value!));
    else {
      const [, name = '', value = ''] = /^(\S+)\s+(.*)$/s.exec(given) ?? [];
      if (name !== '') env[name] = this.#fill(value);
    }
  }

  async #takeCopy(given: string, where: string): Promise<void> {
    const flags = [...given.matchAll(/(?:^|\s)--(\S+)/g)].map(([, flag]) => flag!);
    const words = wordsOf(given.replaceAll(/(^|\s)--\S+/g, ' ').trim());
    const target = words.pop() ?? '';
    const from = flags.find((flag) => flag.startsWith('from='))?.slice('from='.length);
    if (from !== undefined) return this.#copyStage(from, words, target, where);
    const { workdir, files } = this.#stage;
    const isFolder = target.endsWith('/') || target === '.' || words.length > 1;
    for (const word of words) {
      if (/^(https?|git):/.test(word)) throw failed(where, `${word} is not fetched: copy a file`);
      const source = posix.normalize(posix.join('/', word)).slice(1);
      const found = await stat(join(this.#dir, source)).catch(() => undefined);
      if (!found) throw failed(where, `there is no ${word} in ${this.#dir}`);
      const place = posix.resolve(workdir, target);
      for (const file of await this.#read(source, found.isDirectory())) {
        const asFile = isFolder ? posix.join(place, file.path) : place;
        files.set(found.isDirectory() ? posix.join(place, file.path) : asFile, file);
      }
    }
  }

  async #read(source: string, isFolder: boolean): Promise<BundleFile[]> {
    const ignore: Ignore = (path, folder) =>
      this.#ignore(source === '' ? path : `${source}/${path}`, folder);
    if (isFolder) return readFiles(join(this.#dir, source), '', ignore, this.#limits);
    const parent = posix.dirname(source);
    const all = await readFiles(
      join(this.#dir, parent),
      '',
      (path) => path !== posix.basename(source),
      this.#limits,
    );
    return all;
  }

  #copyStage(from: string, words: string[], target: string, where: string): void {
    const isOnlyWatchdog = words.every(isWatchdog) || isWatchdog(target);
    if (isOnlyWatchdog) return;
    const stage = this.#stages.find(({ name }, at) => name === from || String(at) === from);
    const { workdir, files } = this.#stage;
    for (const word of words) {
      const source = posix.resolve('/', word);
      const found = [...(stage?.files ?? [])].filter(
        ([path]) => path === source || path.startsWith(source === '/' ? '/' : `${source}/`),
      );
      if (found.length === 0)
        throw failed(where, `${word} of "${from}" would have to be built or pulled; copy a file`);
      const place = posix.resolve(workdir, target);
      for (const [path, file] of found) {
        const rest =
          posix.relative(source, path) || (target.endsWith('/') ? posix.basename(path) : '');
        files.set(posix.join(place, rest), file);
      }
    }
  }

  /** `RUN chmod +x FILE...` alone can be done. */
  #takeChmod(given: string): boolean {
    const [, paths] = /^chmod\s+(?:\+x|[0-7]*[157][0-7]*)\s+([^&|;]+)$/.exec(given.trim()) ?? [];
    if (paths === undefined) return false;
    const { workdir, files } = this.#stage;
    for (const path of paths.trim().split(/\s+/)) {
      const full = posix.resolve(workdir, path);
      const file = files.get(full);
      if (file) files.set(full, { ...file, executable: true });
    }
    return true;
  }

  #fill(text: string): string {
    const known = { ...this.#args, ...this.#stages.at(-1)?.env };
    const plain = text.replaceAll(/\$([A-Za-z_]\w*)/g, (_, name: string) => known[name] ?? '');
    return substitute(plain, known);
  }
}

/** Where a file of the image is in the bundle, whose folder is the working directory. */
function inBundle(path: string, workdir: string): string {
  const rest = posix.relative(workdir, path);
  return rest.startsWith('..') ? path.slice(1) : rest;
}

function* instructions(text: string): Generator<{ verb: string; rest: string; line: number }> {
  let held = '';
  let begun = 0;
  for (const [at, given] of text.split(/\r?\n/).entries()) {
    if (/^\s*#/.test(given) || (held === '' && given.trim() === '')) continue;
    if (held === '') begun = at + 1;
    if (given.trimEnd().endsWith('\\')) {
      held += `${given.trimEnd().slice(0, -1)} `;
      continue;
    }
    const [, verb = '', rest = ''] = /^\s*(\S+)\s*(.*)$/s.exec(held + given) ?? [];
    held = '';
    yield { verb: verb.toUpperCase(), rest: rest.trim(), line: begun };
  }
}

/** A JSON list, or words with spaces between. */
function wordsOf(text: string): string[] {
  if (text.trimStart().startsWith('['))
    try {
      return (JSON.parse(text) as unknown[]).map(String);
    } catch {
      // No list after all: the shell form.
    }
  return text.split(/\s+/).filter((word) => word !== '');
}

function unquote(text: string): string {
  if (/^'.*'$/s.test(text)) return text.slice(1, -1);
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
}

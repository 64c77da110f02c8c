/** `stack.yml`, as OpenFaaS's clients read it: the functions, and where they are deployed. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FuncatronError } from '../../errors.ts';
import { parseDocument } from '../../openapi/document.ts';

type Json = Record<string, unknown>;
type Texts = Record<string, string>;

export interface StackFunction {
  name: string;
  /** Absent: the image is all there is. */
  lang?: string;
  /** Folder of the handler, or of the Dockerfile. */
  handler?: string;
  buildArgs: Texts;
  skipBuild: boolean;
  /** As `/system/functions` takes it. */
  deployment: Json & { service: string; image: string; namespace?: string };
}

export interface Stack {
  /** As it says; empty where it says nothing. */
  gateway: string;
  functions: StackFunction[];
  /** What it says that means nothing here. */
  warnings: string[];
}

const fileNames = ['stack.yml', 'stack.yaml'];
const downloadMs = 30_000;
const downloadBytesMax = 2 ** 20;

/** Throws `option_invalid`, saying what is wrong and where. */
export async function readStack(file: string | undefined, cwd: string, env: Env): Promise<Stack> {
  const { name, text, dir } = await fetchStack(file, cwd);
  const { version = '1.0', provider, functions } = parse(name, substitute(text, env));
  if (String(version) !== '1.0' && Number(version) !== 1)
    throw invalid(name, `version is ${JSON.stringify(version)}: only "1.0" is known`);
  const { name: kind = 'openfaas', gateway = '' } = asObject(provider ?? {}, `${name}: provider`);
  if (kind !== 'openfaas')
    throw invalid(name, `provider.name is ${JSON.stringify(kind)}: it must be openfaas`);
  const warnings: string[] = [];
  const known: StackFunction[] = [];
  for (const [key, given] of Object.entries(asObject(functions ?? {}, `${name}: functions`))) {
    const fn = asObject(given, `${name}: functions.${key}`);
    known.push(await readFunction(key, fn, { dir, where: `${name}: functions.${key}`, warnings }));
  }
  if (known.length === 0) throw invalid(name, 'there are no functions in it');
  // Credentials go where it says: only a file of one's own may say that.
  return { gateway: isRemote(file) ? '' : String(gateway), functions: known, warnings };
}

export type Env = Record<string, string | undefined>;

/** `${NAME}` and `${NAME:-default}`; a variable that is not there is empty. */
export function substitute(text: string, env: Env): string {
  return text.replaceAll(
    /\$\{([A-Za-z_]\w*)(?:(:?)-([^}]*))?\}/g,
    (_, name: string, colon: string | undefined, fallback = '') => {
      const value = env[name];
      return value === undefined || (value === '' && colon === ':') ? fallback : value;
    },
  );
}

function isRemote(file: string | undefined): boolean {
  return file !== undefined && /^https?:\/\//.test(file);
}

async function fetchStack(file: string | undefined, cwd: string) {
  if (file !== undefined && isRemote(file))
    return { name: file, text: await download(file), dir: cwd };
  for (const name of file === undefined ? fileNames : [file]) {
    const path = resolve(cwd, name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return { name, text, dir: dirname(path) };
  }
  const what = file === undefined ? `there is no ${fileNames[0]} here` : `${file} cannot be read`;
  throw new FuncatronError('option_invalid', `${what}; name one with -f`);
}

async function download(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(downloadMs) }).catch(
    (cause: Error) => {
      throw invalid(url, `it cannot be fetched: ${cause.message}`);
    },
  );
  if (!response.ok) throw invalid(url, `it cannot be fetched: status ${response.status}`);
  const text = await response.text();
  if (text.length > downloadBytesMax) throw invalid(url, `it is over ${downloadBytesMax} bytes`);
  return text;
}

interface Place {
  dir: string;
  where: string;
  warnings: string[];
}

const keys = new Set(
  (
    'lang handler image fprocess environment environment_file secrets skip_build constraints labels ' +
    'annotations limits requests readonly_root_filesystem namespace build_args name'
  ).split(' '),
);

async function readFunction(name: string, fn: Json, place: Place): Promise<StackFunction> {
  const { where, dir, warnings } = place;
  for (const key of Object.keys(fn))
    if (!keys.has(key)) warnings.push(`${where}.${key} means nothing here`);
  const { lang, handler, image, fprocess, namespace, skip_build: skips } = fn;
  for (const [key, value] of Object.entries({ lang, handler, image, fprocess, namespace }))
    if (value != null && typeof value !== 'string') throw invalid(where, `${key} must be a text`);
  const envVars = {
    ...readTexts(fn.environment, `${where}.environment`),
    ...(await readEnvironmentFiles(fn.environment_file, place)),
  };
  const deployment: StackFunction['deployment'] = {
    service: name,
    image: (image as string | undefined) || `${name}:latest`,
    ...(namespace ? { namespace: namespace as string } : {}),
    ...(fprocess ? { envProcess: fprocess } : {}),
    envVars,
    labels: readTexts(fn.labels, `${where}.labels`),
    annotations: readTexts(fn.annotations, `${where}.annotations`),
    secrets: readList(fn.secrets, `${where}.secrets`),
    constraints: readList(fn.constraints, `${where}.constraints`),
    ...(fn.limits ? { limits: readTexts(fn.limits, `${where}.limits`) } : {}),
    ...(fn.requests ? { requests: readTexts(fn.requests, `${where}.requests`) } : {}),
    readOnlyRootFilesystem: fn.readonly_root_filesystem === true,
  };
  return {
    name,
    ...(lang ? { lang: lang as string } : {}),
    ...(handler ? { handler: resolve(dir, handler as string) } : {}),
    buildArgs: readTexts(fn.build_args, `${where}.build_args`),
    skipBuild: skips === true,
    deployment,
  };
}

async function readEnvironmentFiles(given: unknown, { dir, where }: Place): Promise<Texts> {
  const all: Texts = {};
  for (const file of readList(given, `${where}.environment_file`)) {
    const text = await readFile(resolve(dir, file), 'utf8').catch((cause: Error) => {
      throw invalid(where, `environment_file ${file}: ${cause.message}`);
    });
    const { environment } = parse(file, text);
    Object.assign(all, readTexts(environment, `${file}: environment`));
  }
  return all;
}

function readTexts(given: unknown, where: string): Texts {
  return Object.fromEntries(
    Object.entries(asObject(given ?? {}, where)).map(([name, value]) => {
      if (typeof value === 'object' && value !== null)
        throw invalid(where, `${name} must be a text`);
      return [name, String(value ?? '')];
    }),
  );
}

function readList(given: unknown, where: string): string[] {
  const items = given ?? [];
  if (Array.isArray(items) && items.every((item) => typeof item === 'string')) return items;
  throw invalid(where, 'it must be a list of texts');
}

function parse(file: string, text: string): Json {
  try {
    return parseDocument({ file, text }).value;
  } catch (cause) {
    throw new FuncatronError('option_invalid', (cause as Error).message, { cause });
  }
}

function asObject(value: unknown, where: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw invalid(where, 'it is no object');
}

function invalid(where: string, detail: string): FuncatronError {
  return new FuncatronError('option_invalid', `${where}: ${detail}`);
}

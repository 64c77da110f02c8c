/** What a function of a stack is made of: its files, and the variables that say how they are run. */
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createIgnore } from '../../bundle/ignore.ts';
import type { Ignore } from '../../bundle/ignore.ts';
import type { BundleLimits } from '../../bundle/limit.ts';
import { runTool } from '../../bundle/tool-run.ts';
import type { BundleFile } from '../../bundle/zip-writer.ts';
import { readDockerfile } from './dockerfile.ts';
import { failed, readFiles } from './image-files.ts';
import type { FunctionImage } from './image-files.ts';
import type { StackFunction } from './stack-file.ts';

const workers = fileURLToPath(new URL('../../../workers/function/', import.meta.url));
const installMs = 600_000;
const never: Ignore = () => false;
/** Of a handler's folder. */
const ignored = createIgnore(['.git/', '__pycache__/', '*.py[co]', 'venv/', '.venv/']);

/** What is made of which folder. */
export type ImageSource = Pick<StackFunction, 'name' | 'lang' | 'handler' | 'buildArgs'>;

type Make = (dir: string, limits: BundleLimits, name: string) => Promise<FunctionImage>;

/** By the names of OpenFaaS's templates; what follows the name there is a version or a base image. */
const langs: readonly { pattern: RegExp; make: Make }[] = [
  { pattern: /^(node|javascript)(\d+)?(-debian)?$/, make: makeNode },
  { pattern: /^python3-http(-debian)?$/, make: (...given) => makePython(' http', ...given) },
  { pattern: /^python3?(-debian)?$/, make: (...given) => makePython('', ...given) },
  { pattern: /^(bash|sh)(-like|-streaming)?$/, make: makeShell },
];

/** Throws `build_failed`, saying what to do. */
export async function buildImage(fn: ImageSource, limits: BundleLimits): Promise<FunctionImage> {
  const { name, lang = '', handler, buildArgs } = fn;
  if (!handler) throw failed(name, `lang is ${lang}, but it names no handler: add the folder`);
  const found = await stat(handler).catch(() => undefined);
  if (!found?.isDirectory()) throw failed(name, `the handler ${handler} is no folder`);
  if (lang === 'dockerfile') return readDockerfile(handler, buildArgs, limits, name);
  const known = langs.find(({ pattern }) => pattern.test(lang));
  if (known) return known.make(handler, limits, name);
  const mend =
    'use node, python3, python3-http, bash or dockerfile, or make a bundle of it and say funcatron';
  throw failed(name, `lang ${JSON.stringify(lang)} cannot be built without Docker; ${mend}`);
}

async function makeNode(dir: string, limits: BundleLimits, name: string): Promise<FunctionImage> {
  await assertFile(dir, 'handler.js', name);
  const files = await withPackages(dir, name, (folder) =>
    readFiles(folder, 'function/', ignored, limits),
  );
  files.push(await adapter('node.mjs'));
  return { env: { mode: 'http', fprocess: 'node node.mjs' }, files, warnings: [] };
}

/** With the packages that package.json asks for, where they are not in the folder already. */
async function withPackages<T>(
  dir: string,
  name: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const text = await readFile(join(dir, 'package.json'), 'utf8').catch(() => '{}');
  const { dependencies = {} } = parseJson(text, `${name}: package.json`);
  const isThere = await stat(join(dir, 'node_modules')).catch(() => undefined);
  if (isThere || Object.keys(dependencies as object).length === 0) return use(dir);
  const folder = await mkdtemp(join(tmpdir(), 'funcatron-node-'));
  try {
    await cp(dir, folder, { recursive: true });
    const args = ['install', '--omit=dev', '--no-audit', '--no-fund'];
    const run = { program: 'npm', args, cwd: folder, timeoutMs: installMs };
    const { code, output } = await runTool(run).catch((cause: Error) => {
      throw failed(name, `npm cannot be run: ${cause.message}`);
    });
    if (code !== 0) throw failed(name, `npm install failed:\n${output.trim().slice(-2_000)}`);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makePython(
  shape: '' | ' http',
  dir: string,
  limits: BundleLimits,
  name: string,
): Promise<FunctionImage> {
  await assertFile(dir, 'handler.py', name);
  const files = await readFiles(dir, 'function/', ignored, limits);
  files.push(await adapter('python.py'));
  const { readRequirements } = await import('../../bundle/requirement.ts');
  const requirements = await readRequirements(join(dir, 'requirements.txt'));
  if (!requirements.isEmpty) {
    const { fillPipOptions, withVendored } = await import('../../bundle/pip.ts');
    const packages = await withVendored(dir, requirements, fillPipOptions(), (folder) =>
      readFiles(folder, 'packages/', never, limits),
    );
    files.push(...packages);
  }
  return { env: { mode: 'warm', fprocess: `python3 python.py${shape}` }, files, warnings: [] };
}

async function makeShell(dir: string, limits: BundleLimits, name: string): Promise<FunctionImage> {
  await assertFile(dir, 'handler.sh', name);
  const files = await readFiles(dir, 'function/', ignored, limits);
  return { env: { fprocess: 'bash function/handler.sh' }, files, warnings: [] };
}

async function adapter(file: string): Promise<BundleFile> {
  return { path: file, bytes: await readFile(join(workers, file)) };
}

async function assertFile(dir: string, file: string, name: string): Promise<void> {
  const found = await stat(join(dir, file)).catch(() => undefined);
  if (!found?.isFile()) throw failed(name, `there is no ${file} in ${dir}`);
}

function parseJson(text: string, where: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (thrown) {
    throw failed(where, (thrown as Error).message);
  }
}

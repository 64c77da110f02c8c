/**
 * The context that OpenFaaS's clients send to be built: a folder with a Dockerfile, and where it is of
 * one of the templates, the handler in `function/`. Nothing of it is run, and nothing installed: this
 * is for a Tron.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleLimits } from '../../bundle/limit.ts';
import { readRequirements } from '../../bundle/requirement.ts';
import { buildImage } from './function-image.ts';
import { failed } from './image-files.ts';
import type { FunctionImage } from './image-files.ts';

export interface BuildContext {
  /** Of the image, for messages. */
  name: string;
  dir: string;
  buildArgs: Record<string, string>;
}

/** Throws `build_failed`, saying what to do. */
export async function buildContext(
  { name, dir, buildArgs }: BuildContext,
  limits: BundleLimits,
): Promise<FunctionImage> {
  const handler = join(dir, 'function');
  const lang = await findLang(handler);
  if (lang === 'node') await assertInstalled(handler, name);
  if (lang?.startsWith('python3')) await assertNothingRequired(handler, name);
  if (lang) return buildImage({ name, lang, handler, buildArgs }, limits);
  return buildImage({ name, lang: 'dockerfile', handler: dir, buildArgs }, limits);
}

async function findLang(handler: string): Promise<string | undefined> {
  const has = async (file: string): Promise<boolean> =>
    (await stat(join(handler, file)).catch(() => undefined))?.isFile() === true;
  if (await has('handler.js')) return 'node';
  if (await has('handler.sh')) return 'bash';
  if (!(await has('handler.py'))) return undefined;
  const text = await readFile(join(handler, 'handler.py'), 'utf8');
  return /^def\s+handle\s*\([^,)]+,/m.test(text) ? 'python3-http' : 'python3';
}

const mend = 'build it with funcatron up, which installs them, or send them along';

async function assertInstalled(handler: string, name: string): Promise<void> {
  const text = await readFile(join(handler, 'package.json'), 'utf8').catch(() => '{}');
  const isAsked = /"dependencies"\s*:\s*\{\s*"/.test(text);
  const isThere = await stat(join(handler, 'node_modules')).catch(() => undefined);
  if (isAsked && !isThere) throw failed(name, `its packages (package.json) are not there; ${mend}`);
}

async function assertNothingRequired(handler: string, name: string): Promise<void> {
  const { isEmpty } = await readRequirements(join(handler, 'requirements.txt'));
  if (!isEmpty) throw failed(name, `its packages (requirements.txt) are not there; ${mend}`);
}

/** JSON and YAML that a flag gives: inline, or as a file's name. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { parseDocument } from '../openapi/document.ts';

type Json = Record<string, unknown>;

/**
 * The object a flag gives; undefined when the flag is not there. Throws `option_invalid` naming
 * the flag, the file and the line.
 */
export async function readObject(
  flag: string,
  given: string | undefined,
  cwd: string,
): Promise<Json | undefined> {
  if (given === undefined) return undefined;
  const path = filePath(given, cwd);
  const text = path === undefined ? given : await readText(flag, path);
  try {
    return parseDocument({ file: path === undefined ? flag : given, text }).value;
  } catch (cause) {
    const { message, errors } = cause as FuncatronError;
    const detail = `${path === undefined ? flag : `${flag} ${given}`}: ${message}`;
    throw new FuncatronError('option_invalid', detail, { cause, ...(errors && { errors }) });
  }
}

/** The absolute path of what a flag names; undefined when the flag holds the object itself. */
export function filePath(given: string, cwd: string): string | undefined {
  return given.trimStart().startsWith('{') ? undefined : resolve(cwd, given);
}

async function readText(flag: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new FuncatronError('option_invalid', `${flag} ${path}: ${cause.message}`, { cause });
  });
}

/** JSON and YAML that a flag gives: inline, or as a file's name. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { parseDocument } from '../openapi/document.ts';

/** The object a flag names. Throws `option_invalid` naming the flag, the file and the line. */
export async function readObject(
  flag: string,
  given: string,
  cwd: string,
): Promise<Record<string, unknown>> {
  const inline = given.trimStart().startsWith('{');
  const file = inline ? flag : given;
  const text = inline ? given : await readText(flag, resolve(cwd, given));
  const value = parse(flag, file, text);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new FuncatronError('option_invalid', `${flag} ${file}: must hold an object`);
  return value as Record<string, unknown>;
}

async function readText(flag: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new FuncatronError('option_invalid', `${flag} ${path}: ${cause.message}`, { cause });
  });
}

function parse(flag: string, file: string, text: string): unknown {
  try {
    return parseDocument({ file, text }).value;
  } catch (cause) {
    const detail = `${flag} ${file}: ${(cause as Error).message}`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
}

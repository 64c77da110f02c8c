/** What `requirements.txt` says, as far as a build must know before pip reads it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export interface Requirements {
  /** Nothing is required: pip need not run. */
  isEmpty: boolean;
  /** Requirements of no fixed version. */
  unpinned: string[];
  /** Whether a requirement is a folder of this machine, which may change at any time. */
  isLocal: boolean;
  /** The requirements files, included ones too: absolute paths. */
  files: string[];
  /** Changes whenever what is required does. */
  digest: string;
}

const include = /^(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)/;
const local = /^(?:-e|--editable|\.{0,2}\/|\.\.?$|file:|\S+\s*@\s*file:)/;

/** Reads a requirements file and those it includes (pip's requirements file format). */
export async function readRequirements(path: string): Promise<Requirements> {
  const texts = new Map<string, string>();
  await readIncluding(resolve(path), texts);
  const lines = [...texts.values()].flatMap(splitLines);
  const packages = lines.filter((line) => !line.startsWith('-') && !local.test(line));
  const isLocal = lines.some((line) => local.test(line));
  return {
    isEmpty: packages.length === 0 && !isLocal,
    unpinned: packages.filter((line) => !/===?[^*]+$| @ /.test(line)),
    isLocal,
    files: [...texts.keys()],
    digest: createHash('sha256')
      .update(JSON.stringify([...texts.values()]))
      .digest('hex'),
  };
}

async function readIncluding(path: string, texts: Map<string, string>): Promise<void> {
  if (texts.has(path)) return;
  // An included file that is not there, or is an address, is for pip to read or to complain about.
  const text = await readFile(path, 'utf8').catch(() => '');
  texts.set(path, text);
  for (const line of splitLines(text)) {
    const name = include.exec(line)?.[1];
    if (name && !/^\w+:\/\//.test(name)) await readIncluding(join(dirname(path), name), texts);
  }
}

/** Lines without comments, markers, hashes and blank ones; continued lines in one. */
function splitLines(text: string): string[] {
  return text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) =>
      line
        .replace(/(^|\s)#.*$/, '')
        .replace(/\s--hash.*$/, '')
        .replace(/\s*;.*$/, '')
        .trim(),
    )
    .filter((line) => line !== '');
}

/**
 * Brings a contract that is spread over files together into one document. What another file holds
 * becomes a component under its own name: references keep pointing at components, which upgrading
 * and compiling rely on. (json-schema-ref-parser, tried first, points them at the first use.)
 */
import { readFile, realpath } from 'node:fs/promises';
import { dirname, extname, relative, resolve, sep } from 'node:path';
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { invalidContract, parseDocument } from './document.ts';
import type { ParsedDocument } from './document.ts';
import { Bundling } from './bundling.ts';
import { createReferences } from './reference.ts';
import { issueAt, listRefs, targetOf } from './file-ref.ts';

type Json = Record<string, unknown>;

export interface BundledDocument {
  /** The text as it was where nothing had to be brought in; else written anew, same format. */
  text: string;
  /** Absolute paths of every file read, the document itself first. */
  files: string[];
}

/** Files one document may be spread over. */
const filesMax = 1000;

/**
 * Reads a document and the files in its folder that it refers to. Throws `contract_invalid`,
 * naming file and line, for a reference that leads nowhere or out of the folder.
 */
export async function bundleDocument(file: string): Promise<BundledDocument> {
  const main = resolve(file);
  const text = await readFile(main, 'utf8');
  const files = new Map<string, ParsedDocument>();
  const issues: Issue[] = [];
  const first = parseDocument({ file, text });
  files.set(main, first);
  const root = await realpath(dirname(main));
  for (const [path, parsed] of files) await readReferred(path, parsed, root, files, issues);
  if (issues.length > 0) throw invalidContract(issues);
  if (files.size === 1) return { text, files: [main] };
  new Bundling(main, files, issues).run();
  if (issues.length > 0) throw invalidContract(issues);
  return { text: await write(first.value, main, text), files: [...files.keys()] };
}

/** A file is JSON when it reads as such, whatever its name. */
async function write(value: Json, file: string, text: string): Promise<string> {
  const json = extname(file) === '.json' || text.trimStart().startsWith('{');
  if (json) return `${JSON.stringify(value, null, 2)}\n`;
  const { dump } = await import('js-yaml');
  return dump(value, { noRefs: true, lineWidth: -1 });
}

/** Whether a reference is by an `$id` of the same document (JSON Schema 2020-12, 8.2.1). */
function isNamedWithin(document: Json, ref: string): boolean {
  try {
    return createReferences(document).find(ref) !== undefined;
  } catch {
    return false;
  }
}

/** Adds the files that one file refers to. The map grows while its reader walks it. */
async function readReferred(
  path: string,
  parsed: ParsedDocument,
  root: string,
  files: Map<string, ParsedDocument>,
  issues: Issue[],
): Promise<void> {
  for (const [ref, pointer] of listRefs(parsed.value)) {
    const target = targetOf(ref, path);
    if (files.has(target.file) || isNamedWithin(parsed.value, ref)) continue;
    const refuse = (message: string, mend: string) =>
      issues.push(issueAt(path, parsed, pointer, message, mend));
    if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(ref)) {
      refuse(`${ref} is on another server`, 'put a copy into the bundle folder');
      continue;
    }
    try {
      const within = relative(root, await realpath(target.file));
      if (within === '..' || within.startsWith(`..${sep}`))
        refuse(`${ref} is outside the bundle folder`, 'move the file into it');
      else if (files.size >= filesMax)
        refuse(`the document is spread over more than ${filesMax} files`, 'put some together');
      else {
        const text = await readFile(target.file, 'utf8');
        files.set(target.file, parseDocument({ file: target.file, text }));
      }
    } catch (thrown) {
      if (thrown instanceof FuncatronError) issues.push(...(thrown.errors ?? []));
      else refuse(`${ref} cannot be read`, 'correct the path');
    }
  }
}

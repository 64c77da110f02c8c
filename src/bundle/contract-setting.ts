/**
 * The little of a contract that a build must know. Whether the document is right is not judged
 * here: that is done before a bundle is uploaded, with line and pointer.
 */
import { CORE_SCHEMA, load, mergeTag, YAMLException } from 'js-yaml';
import { FuncatronError } from '../errors.ts';
import type { ContractFile } from './read.ts';

export interface BuildSettings {
  runtime?: string;
  handler?: string;
  /** Programs that operations name, as written: the first word of each command. */
  programs: string[];
  /** Whether a `$ref` leads to another file. */
  refersToFiles: boolean;
}

type Json = Record<string, unknown>;

const schema = CORE_SCHEMA.withTags(mergeTag);
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** Throws `contract_invalid` when the text is no YAML or JSON object. */
export function readBuildSettings(contract: ContractFile): BuildSettings {
  const document = parse(contract);
  const own = asObject(document['x-funcatron']);
  const operations = Object.values(asObject(document.paths)).flatMap((item) =>
    methods.map((method) => asObject(asObject(asObject(item)[method])['x-funcatron'])),
  );
  const programs = [own, ...operations].flatMap(({ process }) => firstWord(process) ?? []);
  const settings: BuildSettings = {
    programs: [...new Set(programs)],
    refersToFiles: refersToFiles(document),
  };
  if (typeof own.runtime === 'string') settings.runtime = own.runtime;
  if (typeof own.handler === 'string') settings.handler = own.handler;
  return settings;
}

function parse({ file, text }: ContractFile): Json {
  try {
    const document = load(text, { filename: file, schema });
    if (isObject(document)) return document;
  } catch (thrown) {
    if (!(thrown instanceof YAMLException)) throw thrown;
    throw invalid(file, thrown.reason, (thrown.mark?.line ?? 0) + 1);
  }
  throw invalid(file, 'the document is no object', 1);
}

function invalid(file: string, message: string, line: number): FuncatronError {
  return new FuncatronError('contract_invalid', `${file}:${line}: ${message}`, {
    errors: [{ in: 'document', at: '', message, file, line, mend: 'write an OpenAPI document' }],
  });
}

function firstWord(process: unknown): string | undefined {
  const [first] = Array.isArray(process) ? process : String(process ?? '').split(/\s+/, 1);
  return typeof first === 'string' && first !== '' ? first : undefined;
}

/** `seen` keeps YAML aliases from being walked more than once. */
function refersToFiles(value: unknown, seen = new Set<unknown>()): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  seen.add(value);
  return Object.entries(value).some(([key, member]) =>
    key === '$ref' && typeof member === 'string'
      ? !member.startsWith('#')
      : refersToFiles(member, seen),
  );
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

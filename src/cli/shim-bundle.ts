/** The Swagger of a dev shim as a bundle: the document alone, with a runtime that is only dev's. */
import type { BuiltBundle } from '../bundle/build.ts';
import { writeBundle } from '../bundle/write.ts';
import { checkDocument } from '../openapi/check.ts';
import { readDocument } from '../openapi/document.ts';
import type { Swagger } from '../runtime/shim-link.ts';
import { unsound } from './bundle-source.ts';

export interface ShimBundleOptions {
  overlay: object | undefined;
  /** What calls may take, whatever the document says; 0: what it says. */
  timeoutMs: number;
}

type Json = Record<string, unknown>;

const contractFile = 'funcatron.json';

/** Throws `contract_invalid` with every fault and its line in what the shim sent. */
export async function buildShimBundle(
  { text, file }: Swagger,
  { overlay, timeoutMs }: ShimBundleOptions,
): Promise<BuiltBundle> {
  const usual = /^\s*\{/.test(text) ? contractFile : 'funcatron.yaml';
  const source = { file: file ?? usual, text };
  const issues = await checkDocument(source, { overlay, warn: () => undefined });
  if (issues.length > 0) throw unsound(issues);
  const document = readDocument(source);
  const { handler: _, process: __, ...own } = asObject(document['x-funcatron']);
  document['x-funcatron'] = { ...own, runtime: 'shim' };
  if (timeoutMs > 0) setTimeouts(document, `${timeoutMs}ms`);
  const contract = { path: contractFile, bytes: Buffer.from(JSON.stringify(document)) };
  const { bytes, sha } = await writeBundle([contract]);
  return { bytes, sha, warnings: [], inputs: [], files: [contractFile], exports: undefined };
}

function setTimeouts(document: Json, timeout: string): void {
  Object.assign(document['x-funcatron'] as Json, { timeout });
  for (const item of Object.values(asObject(document['paths'])))
    for (const operation of Object.values(asObject(item))) {
      const own = asObject(operation)['x-funcatron'];
      if (own !== undefined) Object.assign(asObject(own), { timeout });
    }
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

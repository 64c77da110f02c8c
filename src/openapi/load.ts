/**
 * From the text of a contract to a `Contract`. Nothing is judged here that `checkDocument` judges;
 * what cannot be served at all is refused. An idle contract keeps its document as text, and no
 * operation is compiled before its first call: of many loaded contracts, most are idle.
 */
import { createHash } from 'node:crypto';
import type { Issue } from '../message.ts';
import { readBase } from './base.ts';
import type { Base } from './base.ts';
import type { Contract, Match, Operation } from './contract.ts';
import { invalidContract, readDocument } from './document.ts';
import type { DocumentSource } from './document.ts';
import { fallbackIssue, FallbackOperation, matchOr } from './fallback.ts';
import { LazyOperation } from './lazy-operation.ts';
import type { OperationHead } from './lazy-operation.ts';
import {
  findOperation,
  listOperations,
  namesProcess,
  plainContentType,
} from './operation-source.ts';
import type { FoundOperation } from './operation-source.ts';
import { compileOperation } from './operation.ts';
import { isObject } from './pointer.ts';
import { readRequirements } from './requirement.ts';
import type { Requirements } from './requirement.ts';
import { createRouter } from './router.ts';
import { createSchemas } from './schema.ts';
import type { Schemas } from './schema.ts';
import { readDocumentSettings, readOperationSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { openApiVersion, upgradeDocument, versionIssue } from './upgrade.ts';

type Json = Record<string, unknown>;

/** Id of a contract: the bundle's SHA, and a digest of the overlay where there is one. */
export function contractId(sha: string, overlay?: unknown): string {
  if (overlay === undefined || overlay === null) return sha;
  const digest = createHash('sha256').update(JSON.stringify(overlay)).digest('hex');
  return `${sha}+${digest.slice(0, 12)}`;
}

export interface LoadOptions {
  /** See `contractId`. */
  id: string;
  /** An OAI Overlay 1.0 document, applied to the document as it is written. */
  overlay?: unknown;
}

/** Loads a contract. Throws `contract_invalid` or `overlay_invalid`, with every issue found. */
export async function loadContract(
  source: DocumentSource,
  options: LoadOptions,
): Promise<Contract> {
  let written = readDocument(source);
  if (options.overlay !== undefined && options.overlay !== null) {
    const { applyOverlay } = await import('./overlay.ts');
    written = (await applyOverlay(written, options.overlay)).document;
  }
  const version = openApiVersion(written);
  if (!version) throw invalidContract([{ ...versionIssue(written), file: source.file }]);
  const base = readBase(written, version);
  const document = await upgradeDocument(written, version);
  const issues = [...base.issues];
  const contract = new LoadedContract(options.id, document, base, issues);
  if (issues.length === 0) return contract;
  throw invalidContract(issues.map((issue) => ({ ...issue, file: source.file })));
}

class LoadedContract implements Contract {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly host: string | null;
  readonly basePath: string;
  readonly settings: Settings;
  readonly operations: readonly Operation[];
  readonly match: (method: string, path: string) => Match;
  readonly #byKey: Map<string, Operation>;
  /** The document, until something needs it as an object. */
  #text: string | undefined;
  #document: Json | undefined;
  #schemas: Schemas | undefined;

  constructor(id: string, document: Json, base: Base, issues: Issue[]) {
    const info = isObject(document['info']) ? document['info'] : {};
    const found = listOperations(document);
    const usesProcess = found.some(({ operation }) => namesProcess(operation));
    const reading = readDocumentSettings(document['x-funcatron'], usesProcess);
    const required = readRequirements(document, document['security'], '/security');
    issues.push(...reading.issues, ...required.issues);
    this.settings = reading.settings;
    const { name, host } = reading.settings;
    this.id = id;
    this.name = name ?? slug(String(info['title'] ?? ''));
    this.version = String(info['version'] ?? '');
    this.host = host === undefined ? base.host : host === '*' ? null : host;
    this.basePath = base.basePath;
    // A closure made here would keep the whole document of this scope alive.
    const compile = this.#compileOperation.bind(this);
    const describe = (one: FoundOperation) => this.#describe(document, one, required, issues);
    const heads = found.map(describe);
    const { fallback } = reading.settings;
    this.operations = heads.map((head) =>
      head.operationId === fallback
        ? new FallbackOperation(head)
        : new LazyOperation(head, compile),
    );
    const ids = heads.map(({ operationId }) => operationId);
    const lacking = fallbackIssue(fallback, ids);
    if (lacking) issues.push(lacking);
    this.#byKey = new Map(this.operations.map((operation) => [operation.key, operation]));
    const last = this.operations.find(({ isFallback }) => isFallback);
    this.match = matchOr(createRouter(this.operations).match, last);
    this.#text = JSON.stringify(document);
  }

  get document(): Json {
    if (this.#text !== undefined) {
      this.#document = JSON.parse(this.#text) as Json;
      this.#text = undefined;
    }
    return this.#document!;
  }

  operation(key: string): Operation | undefined {
    return this.#byKey.get(key);
  }

  #describe(
    document: Json,
    found: FoundOperation,
    required: Requirements,
    issues: Issue[],
  ): OperationHead {
    const { method, template, operation, pointer } = found;
    const own = readOperationSettings(operation['x-funcatron'], this.settings, pointer);
    issues.push(...own.issues);
    let { security } = required;
    if (operation['security'] !== undefined) {
      const over = readRequirements(document, operation['security'], `${pointer}/security`);
      issues.push(...over.issues);
      ({ security } = over);
    }
    const { operationId } = operation;
    if (typeof operationId !== 'string' || operationId === '') {
      const mend = 'add operationId: the name of the Func';
      issues.push({ in: 'document', at: pointer, message: 'operationId is missing', mend });
    }
    return {
      method: method.toUpperCase(),
      template,
      operationId: String(operationId),
      settings: own.settings,
      security,
      contentType: plainContentType(document, operation),
    };
  }

  #compileOperation({ method, template, operationId, settings, security }: Operation): Operation {
    const { document } = this;
    const schemas = (this.#schemas ??= createSchemas(document));
    const operation = findOperation(document, method, template);
    const head = { method, template, operationId, settings, security };
    return compileOperation({ ...head, operation, document, schemas });
  }
}

/** A title as a name: `Swagger Petstore` is `swagger-petstore`. */
function slug(title: string): string {
  const plain = title.normalize('NFKD').replaceAll(/\p{Mark}/gu, '');
  const words = plain.toLowerCase().match(/[a-z0-9]+/g) ?? ['bundle'];
  return words.join('-').slice(0, 64).replace(/-$/, '');
}

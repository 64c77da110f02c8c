/**
 * The operation that takes what no other one of its contract does (`x-funcatron.fallback`): every
 * path below the base path, every method. It gets requests as they are, and nothing is checked.
 */
import type { BodyKind, Issue, Params } from '../message.ts';
import type { CheckedBody, Match, Operation, SecurityRequirement } from './contract.ts';
import type { OperationHead } from './lazy-operation.ts';
import { suggest } from './nearest.ts';
import type { Settings } from './settings.ts';

export class FallbackOperation implements Operation {
  readonly isFallback = true;
  readonly checksReplies = false;
  readonly key: string;
  readonly operationId: string;
  readonly method: string;
  readonly template: string;
  readonly settings: Settings;
  readonly security: readonly SecurityRequirement[];
  readonly contentType: string | undefined;

  constructor({ method, template, operationId, settings, security, contentType }: OperationHead) {
    this.key = `${method} ${template}`;
    this.operationId = operationId;
    this.method = method;
    this.template = template;
    this.settings = settings;
    this.security = security;
    this.contentType = contentType;
  }

  params(): Params {
    return { path: {}, query: {}, header: {}, cookie: {} };
  }

  body(_headers: unknown, bytes: Uint8Array): CheckedBody {
    if (bytes.byteLength === 0) return { kind: 'none', value: undefined };
    return { kind: 'binary', value: bytes };
  }

  kind(): BodyKind {
    return 'binary';
  }

  negotiate(): void {
    // Whatever is accepted, its answer may be.
  }

  reply(): undefined {
    return undefined;
  }
}

/** The matcher of a contract, with its fallback for what has no match otherwise. */
export function matchOr(
  match: (method: string, path: string) => Match,
  fallback: Operation | undefined,
): (method: string, path: string) => Match {
  if (!fallback) return match;
  return (method, path) => {
    const found = match(method, path);
    return found && 'operation' in found ? found : { operation: fallback, raw: {} };
  };
}

/** What is wrong with the name of a fallback, given all operationIds of its contract. */
export function fallbackIssue(
  fallback: string | undefined,
  operationIds: readonly string[],
): Issue | undefined {
  const count = operationIds.filter((id) => id === fallback).length;
  if (fallback === undefined || count === 1) return undefined;
  const at = '/x-funcatron/fallback';
  if (count > 1) {
    const several = `fallback names ${fallback}, which is the name of several operations`;
    return { in: 'document', at, message: several, mend: 'give one of them a name of its own' };
  }
  const message = `fallback names the operation ${JSON.stringify(fallback)}, which is not there`;
  const mend = suggest(fallback, operationIds);
  return { in: 'document', at, message, mend };
}

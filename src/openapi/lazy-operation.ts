/** An operation that compiles itself when it is first asked to check something. */
import type { BodyKind, Headers, Issue, Params } from '../message.ts';
import type { CheckedBody, Operation, SecurityRequirement } from './contract.ts';
import type { Settings } from './settings.ts';

/** What is known of an operation without compiling it. */
export interface OperationHead {
  method: string;
  template: string;
  operationId: string;
  settings: Settings;
  security: readonly SecurityRequirement[];
  contentType: string | undefined;
}

export class LazyOperation implements Operation {
  readonly key: string;
  readonly operationId: string;
  readonly method: string;
  readonly template: string;
  readonly settings: Settings;
  readonly security: readonly SecurityRequirement[];
  readonly contentType: string | undefined;
  readonly #compile: (operation: LazyOperation) => Operation;
  #compiled: Operation | undefined;

  /** `compile` is shared by all operations of a contract, and must hold on to none of them. */
  constructor(head: OperationHead, compile: (operation: LazyOperation) => Operation) {
    this.key = `${head.method} ${head.template}`;
    this.operationId = head.operationId;
    this.method = head.method;
    this.template = head.template;
    this.settings = head.settings;
    this.security = head.security;
    this.contentType = head.contentType;
    this.#compile = compile;
  }

  get checksReplies(): boolean {
    return this.compile().checksReplies;
  }

  params(raw: Record<string, string | undefined>, query: string, headers: Headers): Params {
    return this.compile().params(raw, query, headers);
  }

  body(headers: Headers, bytes: Uint8Array): CheckedBody {
    return this.compile().body(headers, bytes);
  }

  kind(headers: Headers): BodyKind {
    return this.compile().kind(headers);
  }

  negotiate(headers: Headers): void {
    this.compile().negotiate(headers);
  }

  reply(status: number, headers: Headers, bytes: Uint8Array): Issue[] | undefined {
    return this.compile().reply(status, headers, bytes);
  }

  /** The operation as it is compiled; everything above asks it. */
  compile(): Operation {
    return (this.#compiled ??= this.#compile(this));
  }
}

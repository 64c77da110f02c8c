/**
 * One operation, compiled: its parameters, body, replies and content types, each part when first
 * used. `validate.request: off` still coerces what it can, and refuses nothing.
 */
import { FuncatronError } from '../errors.ts';
import type { BodyKind, Headers, Issue, Params } from '../message.ts';
import { compileBody, compileKind, readUndeclared, type ReadBody } from './body.ts';
import type { ContentLimits } from './reading.ts';
import type { CheckedBody, Operation, SecurityRequirement } from './contract.ts';
import { compileNegotiate, type Negotiate } from './negotiate.ts';
import { compileParameters, type ReadParams } from './parameter-set.ts';
import { isObject } from './pointer.ts';
import type { Direction } from './prepare.ts';
import { compileReply, readResponses, type ReplyCheck } from './reply.ts';
import type { Json } from './reference.ts';
import type { Schemas } from './schema.ts';
import type { Settings } from './settings.ts';
import { list } from './shape.ts';

export interface OperationSource {
  /** Upper case. */
  method: string;
  template: string;
  operationId: string;
  settings: Settings;
  security: readonly SecurityRequirement[];
  /** An operation object of OpenAPI 3.1, with the parameters of its path; parts may be `$ref`. */
  operation: Record<string, unknown>;
  document: Record<string, unknown>;
  schemas: Schemas;
  limits?: Partial<ContentLimits>;
}

const usualLimits: ContentLimits = { fieldsMax: 10_000, partHeaderBytesMax: 16_384 };

/** Cheap: nothing of the operation is compiled yet. */
export function compileOperation(source: OperationSource): Operation {
  return new CompiledOperation(source);
}

/** Compiles every part of an operation now. Throws `contract_invalid` for a schema of no use. */
export function compileWhole(operation: Operation): void {
  if (operation instanceof CompiledOperation) operation.compileAll();
}

class CompiledOperation implements Operation {
  readonly key: string;
  readonly operationId: string;
  readonly method: string;
  readonly template: string;
  readonly settings: Settings;
  readonly security: readonly SecurityRequirement[];
  readonly #source: OperationSource;
  readonly #limits: ContentLimits;
  readonly #isChecked: boolean;
  /** The schemas that requests are checked by: none, when requests are not checked. */
  readonly #requestSchemas: Schemas;
  #params: ReadParams | undefined;
  #body: ReadBody | undefined;
  #kind: ((headers: Headers) => BodyKind) | undefined;
  #negotiate: Negotiate | undefined;
  #reply: ReplyCheck | undefined;

  constructor(source: OperationSource) {
    const { method, template, operationId, settings, security, schemas } = source;
    this.key = `${method} ${template}`;
    this.operationId = operationId;
    this.method = method;
    this.template = template;
    this.settings = settings;
    this.security = security;
    this.#source = source;
    this.#limits = { ...usualLimits, ...source.limits };
    this.#isChecked = settings.validate.request !== 'off';
    this.#requestSchemas = this.#isChecked ? schemas : { ...schemas, compile: () => undefined };
  }

  get contentType(): string | undefined {
    return this.#offered().find((type) => !type.includes('*'));
  }

  get checksReplies(): boolean {
    return this.#replies().checksReplies;
  }

  params(raw: Record<string, string | undefined>, query: string, headers: Headers): Params {
    const issues: Issue[] = [];
    const params = this.#readParams()(raw, query, headers, issues);
    if (issues.length > 0 && this.#isChecked) throw badParameters(issues);
    return params;
  }

  body(headers: Headers, bytes: Uint8Array): CheckedBody {
    const issues: Issue[] = [];
    let body: CheckedBody;
    try {
      body = this.#readBody()(headers, bytes, issues);
    } catch (error) {
      if (this.#isChecked || !(error instanceof FuncatronError)) throw error;
      return readUndeclared(headers, bytes, this.#requestSchemas, this.#limits);
    }
    if (issues.length > 0 && this.#isChecked) throw badBody(issues);
    return body;
  }

  kind(headers: Headers): BodyKind {
    const { operation, schemas } = this.#source;
    return (this.#kind ??= compileKind(operation['requestBody'], schemas, this.#isChecked))(
      headers,
    );
  }

  negotiate(headers: Headers): void {
    (this.#negotiate ??= compileNegotiate(this.#offered()))(headers);
  }

  reply(status: number, headers: Headers, bytes: Uint8Array): Issue[] | undefined {
    return this.#replies().check(status, headers, bytes);
  }

  /** See `compileWhole`. Bodies compile by content type when one comes, so each is done here. */
  compileAll(): void {
    const { operation, schemas } = this.#source;
    this.#readParams();
    this.#readBody();
    const requestBody = schemas.references.resolve(operation['requestBody']);
    if (isObject(requestBody)) compileSchemas(requestBody, schemas, 'request');
    for (const response of readResponses(operation['responses'], schemas.references).values()) {
      compileSchemas(response, schemas, 'response');
    }
  }

  #readParams(): ReadParams {
    const { operation } = this.#source;
    this.#params ??= compileParameters(list(operation['parameters']), this.#requestSchemas);
    return this.#params;
  }

  #readBody(): ReadBody {
    const { requestBody } = this.#source.operation;
    return (this.#body ??= compileBody(requestBody, this.#requestSchemas, this.#limits));
  }

  #replies(): ReplyCheck {
    const { operation, schemas } = this.#source;
    const { responses } = operation;
    return (this.#reply ??= compileReply(responses, this.method, schemas, this.#limits));
  }

  /** Media types of the 2xx responses, or of the default where there is none. */
  #offered(): string[] {
    const { operation, schemas } = this.#source;
    const responses = [...readResponses(operation['responses'], schemas.references)];
    const good = responses.filter(([status]) => status.startsWith('2'));
    const meant = good.length > 0 ? good : responses.filter(([status]) => status === 'default');
    const types = meant.flatMap(([, { content }]) =>
      isObject(content) ? Object.keys(content) : [],
    );
    return [...new Set(types)];
  }
}

/** The schemas of all media types and headers of a request body or response. */
function compileSchemas(source: Json, schemas: Schemas, direction: Direction): void {
  for (const part of [source['content'], source['headers']]) {
    for (const described of Object.values(isObject(part) ? part : {})) {
      const target = schemas.references.resolve(described);
      if (isObject(target)) schemas.compile(target['schema'], direction);
    }
  }
}

function badParameters(issues: Issue[]): FuncatronError {
  const [first] = issues;
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const detail = `The ${first!.in} parameter ${first!.at} ${first!.message}${rest}.`;
  return new FuncatronError('bad_parameter', detail, { errors: issues });
}

function badBody(issues: Issue[]): FuncatronError {
  const [first] = issues;
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const where = first!.at === '' ? 'The body' : `In the body, ${first!.at}`;
  return new FuncatronError('bad_body', `${where} ${first!.message}${rest}.`, { errors: issues });
}

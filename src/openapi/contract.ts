/**
 * A contract: one bundle's OpenAPI document, ready to match, coerce and check. Loading is cheap;
 * each operation compiles its validators at its first call and keeps them.
 */
import type { BodyKind, Headers, Identity, Issue, Params, Route } from '../message.ts';
import type { Settings } from './settings.ts';

export interface Contract {
  /** `<sha>` or `<sha>+<overlay digest>`: what `checked` names in a message head. */
  readonly id: string;
  /** `x-funcatron.name`, else a slug of `info.title`. */
  readonly name: string;
  /** `info.version`. */
  readonly version: string;
  readonly host: string | null;
  readonly basePath: string;
  readonly settings: Settings;
  /** The document as 3.1, overlay applied: what docs show. */
  readonly document: Record<string, unknown>;
  readonly operations: readonly Operation[];
  /** `path` is relative to the base path and begins with a slash; it is still percent-encoded. */
  match(method: string, path: string): Match;
  operation(key: string): Operation | undefined;
}

/** An operation with its raw path values, the methods the path does have, or nothing. */
export type Match =
  | { operation: Operation; raw: Record<string, string | undefined> }
  | { allow: string[] }
  | undefined;

export interface Operation {
  /** `GET /pets/{petId}`. */
  readonly key: string;
  readonly operationId: string;
  readonly method: string;
  readonly template: string;
  /** The document's settings with the operation's own over them. */
  readonly settings: Settings;
  /** Security requirements that apply, schemes resolved; empty: anybody may call. */
  readonly security: readonly SecurityRequirement[];
  /** Content type of a plain 2xx answer: the first media type declared, if any. */
  readonly contentType: string | undefined;
  /** It takes what no other operation does (`x-funcatron.fallback`), and nothing is checked. */
  readonly isFallback?: boolean;
  /** Whether responses have anything to check: false lets the runner skip parsing them. */
  readonly checksReplies: boolean;
  /** Coerces and checks; throws `bad_parameter` with every issue. */
  params(raw: Record<string, string | undefined>, query: string, headers: Headers): Params;
  /** Parses, coerces and checks; throws `malformed_body bad_body unsupported_media_type`. */
  body(headers: Headers, bytes: Uint8Array): CheckedBody;
  /**
   * What a body is by its content type, before a byte of it is read. Throws
   * `unsupported_media_type`.
   */
  kind(headers: Headers): BodyKind;
  /** Throws `not_acceptable` when no declared response type satisfies `Accept`. */
  negotiate(headers: Headers): void;
  /** What is wrong with a response, or undefined. */
  reply(status: number, headers: Headers, bytes: Uint8Array): Issue[] | undefined;
}

export interface CheckedBody {
  kind: BodyKind;
  /** The parsed and coerced value; bytes for binary; undefined for none. */
  value: unknown;
  /** New bytes, when defaults or coercion changed a JSON body; absent: the raw ones stand. */
  bytes?: Uint8Array;
}

/** All of `schemes` must be satisfied; one requirement of the list is enough. Empty: anonymous. */
export interface SecurityRequirement {
  schemes: readonly { name: string; scheme: SecurityScheme; scopes: readonly string[] }[];
}

/** A security scheme object of OpenAPI 3.1. */
export interface SecurityScheme {
  type: 'apiKey' | 'http' | 'oauth2' | 'openIdConnect' | 'mutualTLS';
  in?: 'query' | 'header' | 'cookie';
  name?: string;
  scheme?: string;
  openIdConnectUrl?: string;
}

/** Tells who calls, or throws `unauthorized`, `forbidden` or `security_not_configured`. */
export type Authenticate = (
  operation: Operation,
  headers: Headers,
  query: string,
) => Identity | undefined | Promise<Identity | undefined>;

/** Where frontends and runners get contracts: at once when loaded, which is the usual case. */
export interface ContractSource {
  get(route: Route): Contract | Promise<Contract>;
}

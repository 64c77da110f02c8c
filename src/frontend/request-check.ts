/** A request against its contract, as strictly as the bundle says. */
import { toFault } from '../errors.ts';
import type { Body, BodyKind, Params } from '../message.ts';
import type { Exchange } from './exchange.ts';

/** Throws `not_acceptable`, when enforced. */
export function checkAccept(x: Exchange): void {
  const { operation } = x;
  const mode = operation.settings.validate.request;
  if (mode === 'off') return;
  try {
    operation.negotiate(x.headers);
  } catch (thrown) {
    tolerate(x, thrown);
  }
}

/** The parameters, coerced; throws `bad_parameter`, when enforced. Else texts stand in for them. */
export function checkParams(x: Exchange): Params {
  const { operation, raw } = x;
  try {
    return operation.params(raw ?? {}, x.query, x.headers);
  } catch (thrown) {
    tolerate(x, thrown);
    return { path: { ...raw }, query: readQuery(x.query), header: {}, cookie: {} };
  }
}

/** What the body is, before it is read; throws `unsupported_media_type`, when enforced. */
export function kindOfBody(x: Exchange): BodyKind {
  try {
    return x.operation.kind(x.headers);
  } catch (thrown) {
    const { direct, validate } = x.operation.settings;
    // One that is read whole is told of when it is checked.
    if (direct || validate.request === 'enforce') tolerate(x, thrown);
    return 'none';
  }
}

export interface Payload {
  kind: BodyKind;
  data: unknown;
  bytes: Body;
  /** Defaults or coercion made other bytes than those that came. */
  isMade: boolean;
}

/** The body, parsed and coerced; throws what `Operation.body` does, when enforced. */
export function checkBody(x: Exchange): Payload {
  const { operation, body: bytes } = x;
  if (x.stream) return { kind: 'binary', data: undefined, bytes: x.stream.body, isMade: false };
  try {
    const { kind, value, bytes: made } = operation.body(x.headers, bytes);
    return { kind, data: value, bytes: made ?? bytes, isMade: made !== undefined };
  } catch (thrown) {
    const code = tolerate(x, thrown);
    if (bytes.byteLength === 0) return { kind: 'none', data: undefined, bytes, isMade: false };
    // What could be parsed is passed as what it is; anything else as the bytes it came in.
    const isJson = code === 'bad_body' && /\bjson\b/i.test(String(x.headers['content-type']));
    const kind = isJson ? 'json' : 'binary';
    return { kind, data: isJson ? undefined : bytes, bytes, isMade: false };
  }
}

/** Rethrows a breach that is enforced, and anything that is none; logs one that is reported. */
function tolerate(x: Exchange, thrown: unknown): string {
  const { operation } = x;
  const mode = operation.settings.validate.request;
  const fault = toFault(thrown);
  if (mode === 'enforce' || fault.component !== 'contract') throw thrown;
  if (mode === 'report')
    x.door.log.warn(
      { ...x.logFields, operation: operation.key, code: fault.code, issues: fault.errors },
      `the request breaks the contract: ${fault.message}`,
    );
  return fault.code;
}

function readQuery(query: string): Record<string, string | string[]> {
  const search = new URLSearchParams(query);
  const names = new Set(search.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const values = search.getAll(name);
      return [name, values.length === 1 ? values[0]! : values];
    }),
  );
}

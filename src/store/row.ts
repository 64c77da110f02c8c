/** Between the rows of the tables and what the store speaks of. */
import type { CallRecord, CallStatus, CallSummary } from './call.ts';
import type { Row, Value } from './database.ts';
import type { DeadLetter, LetterSummary } from './letter.ts';
import type { BundleRecord, EnabledRoute, TokenRecord } from './store.ts';

export function toBundle(row: Row): BundleRecord {
  const bundle: BundleRecord = {
    sha: String(row.sha),
    kind: String(row.kind),
    bytes: Number(row.bytes),
    name: String(row.name),
    version: String(row.version),
    host: row.host === null ? null : String(row.host),
    basePath: String(row.base_path),
    uploadedAt: Number(row.uploaded_at),
  };
  if (row.source_sha != null) bundle.sourceSha = String(row.source_sha);
  return bundle;
}

export function toRoute(row: Row): EnabledRoute {
  const route: EnabledRoute = {
    host: row.host === '' ? null : String(row.host),
    basePath: String(row.base_path),
    queue: String(row.queue),
    name: String(row.name),
    sha: String(row.sha),
    revision: Number(row.revision),
    props: JSON.parse(String(row.props)),
    enabledAt: Number(row.enabled_at),
  };
  if (row.overlay !== null) route.overlay = JSON.parse(String(row.overlay));
  if (row.triggers != null) route.triggers = JSON.parse(String(row.triggers));
  if (row.replicas != null) route.replicas = Number(row.replicas);
  if (row.enabled_in != null) route.enabledIn = Number(row.enabled_in);
  if (row.asked != null) route.asked = Number(row.asked);
  return route;
}

export function toToken(row: Row): TokenRecord {
  const { name, hash, created_at: createdAt } = row;
  return { name: String(name), hash: String(hash), createdAt: Number(createdAt) };
}

/** Values in the order of `routeColumns`. */
export function fromRoute(route: EnabledRoute): Value[] {
  return [
    route.host ?? '',
    route.basePath,
    route.queue,
    route.name,
    route.sha,
    route.revision,
    JSON.stringify(route.props),
    route.overlay === undefined ? null : JSON.stringify(route.overlay),
    route.enabledAt,
    route.triggers === undefined ? null : JSON.stringify(route.triggers),
    route.replicas ?? null,
    route.enabledIn ?? null,
    route.asked ?? null,
  ];
}

export const routeColumns =
  'host, base_path, queue, name, sha, revision, props, overlay, enabled_at, triggers, ' +
  'replicas, enabled_in, asked';

export function toCallSummary(row: Row): CallSummary {
  const text = (value: Value | undefined): string => (value == null ? '' : String(value));
  return {
    id: String(row.id),
    status: String(row.status) as CallStatus,
    queue: text(row.queue),
    bundle: text(row.bundle),
    operation: text(row.operation),
    method: text(row.method),
    path: text(row.path),
    tries: Number(row.tries),
    acceptedAt: Number(row.accepted_at),
    updatedAt: Number(row.updated_at),
    expiresAt: Number(row.expires_at),
    ...(row.callback != null && { callback: String(row.callback) }),
    ...(row.error != null && { error: JSON.parse(String(row.error)) }),
  };
}

export function toCall(row: Row): CallRecord {
  const call: CallRecord = toCallSummary(row);
  if (row.reply != null)
    call.reply = { ...JSON.parse(String(row.reply)), body: toBytes(row.reply_body) };
  return call;
}

export function toLetterSummary(row: Row): LetterSummary {
  const { head, body: _body, ...letter } = toLetter({ ...row, body: null });
  const { method, path, operation = '', async } = head;
  const { tries = 0, acceptedAt = letter.diedAt } = async ?? {};
  return { ...letter, method, path, operation, tries, acceptedAt, bytes: Number(row.bytes) };
}

export function toLetter(row: Row): DeadLetter {
  return {
    id: String(row.id),
    queue: String(row.queue),
    diedAt: Number(row.died_at),
    expiresAt: Number(row.expires_at),
    error: JSON.parse(String(row.error)),
    head: JSON.parse(String(row.head)),
    body: toBytes(row.body),
  };
}

/** A plain view: an adapter may hand out a class of its own. */
function toBytes(value: Value | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) return new Uint8Array(0);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

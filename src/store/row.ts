/** Between the rows of the tables and what the store speaks of. */
import type { BundleRecord, EnabledRoute, TokenRecord } from './store.ts';

export type Row = Record<string, string | number | null>;

export function toBundle(row: Row): BundleRecord {
  return {
    sha: String(row.sha),
    kind: String(row.kind),
    bytes: Number(row.bytes),
    name: String(row.name),
    version: String(row.version),
    host: row.host === null ? null : String(row.host),
    basePath: String(row.base_path),
    uploadedAt: Number(row.uploaded_at),
  };
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
  return route;
}

export function toToken(row: Row): TokenRecord {
  const { name, hash, created_at: createdAt } = row;
  return { name: String(name), hash: String(hash), createdAt: Number(createdAt) };
}

/** Values in the order of `routeColumns`. */
export function fromRoute(route: EnabledRoute): (string | number | null)[] {
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
  ];
}

export const routeColumns =
  'host, base_path, queue, name, sha, revision, props, overlay, enabled_at';

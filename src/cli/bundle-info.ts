/** What the Tron tells of bundles and places, and how people read it. */
import type { ScaleInfo, UsageInfo } from './scale-view.ts';

export interface BundleInfo {
  /** Base64, as the first Funcatron wrote it. */
  sha: string;
  hex: string;
  type: string;
  bytes: number;
  name: string;
  version: string;
  host: string | null;
  basePath: string;
  uploadedAt: number;
  enabled: PlaceInfo[];
}

interface PlaceInfo extends ScaleInfo {
  host: string | null;
  basePath: string;
  revision: number;
  enabledAt: number;
}

export interface BundleDescription extends BundleInfo {
  operations: { operationId: string; method: string; path: string; usage?: UsageInfo }[];
  settings: Record<string, unknown>;
}

/** Where the Tron describes a bundle. */
export function bundlePath(sha: string): string {
  return `/api/v1/bundles/${encodeURIComponent(sha)}`;
}

/** `api.example.com/v1`; any host is the usual case, and left out. */
export function showPlace({ host, basePath }: { host: string | null; basePath: string }): string {
  return (host && host !== '*' ? host : '') + basePath;
}

/** Begins as long as is unlikely to name another bundle, too. */
export function shortSha(hex: string): string {
  return hex.slice(0, 12);
}

export function showTime(msSince1970: number): string {
  return new Date(msSince1970).toISOString();
}

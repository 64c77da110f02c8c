/** The operations of the first Funcatron, in its words: programs written for it go on working. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { toBase64Sha } from '../bundle/identity.ts';
import { fetchKeyHeader } from '../control/tron-list.ts';
import type { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import type { EnabledRoute } from '../store/store.ts';
import { json, text } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Bundles } from './bundles.ts';
import type { Endpoints } from './endpoint.ts';
import { maskProps } from './mask.ts';
import type { Nodes } from './nodes.ts';
import { readBasePath, readHost } from './place.ts';
import type { Place } from './place.ts';
import type { Placement } from './placement.ts';
import type { RouteTable } from './route-table.ts';
import type { Scaling } from './scaling.ts';
import type { StatsD } from './statsd.ts';

export interface OriginalParts {
  bundles: Bundles;
  placement: Placement;
  table: RouteTable;
  nodes: Nodes;
  statsd: StatsD;
  scaling: Scaling;
}

interface PlaceRequest {
  sha: string;
  host?: string | null;
  basePath?: string;
}

export function originalEndpoints(parts: OriginalParts): Endpoints {
  const { bundles, table, nodes, scaling } = parts;
  const routes = async () =>
    (await table.read()).routes.map((route) => {
      return { ...showRoute(route), ...scaling.viewOf(route) };
    });
  return {
    addFunc: {
      streams: true,
      run: ({ request }) => addFunc(parts, request),
      refuse: refuseUpload,
    },
    enable: {
      run: ({ body }) => enable(parts, body as PlaceRequest),
      refuse: (fault) => refusePlace(fault, 'enable'),
    },
    disable: {
      run: ({ body }) => disable(parts, body as PlaceRequest),
      refuse: (fault) => refusePlace(fault, 'disable'),
    },
    knownFuncs: {
      run: async () => {
        const known = (await bundles.list()).map(({ sha, host, basePath }) => {
          return { sha: toBase64Sha(sha), host, path: basePath };
        });
        return json(200, { 'func-bundles': known });
      },
    },
    routes: { run: async () => json(200, await routes()) },
    stats: {
      run: async () => {
        const network = nodes.list().map(({ id, said, lastSeen }) => {
          const { msgId, ...message } = said;
          return [id, { ...message, 'msg-id': msgId, 'last-seen': lastSeen }];
        });
        return json(200, { network: Object.fromEntries(network), 'route-map': await routes() });
      },
    },
    setStats: { run: ({ body }) => setStats(parts, body), refuse: refuseStats },
    bundleFile: {
      run: ({ params: { path }, request: { headers } }) =>
        // Nodes know the SHA, and fetch though the store is down; and a Tron asks no third one.
        headers[fetchKeyHeader] === undefined
          ? bundleFile(bundles, String(path.sha))
          : localFile(bundles, String(path.sha)),
    },
  };
}

/** A route without what is secret about it. */
function showRoute({ host, basePath, queue, name, sha, props }: EnabledRoute) {
  return { host, path: basePath, queue, name, sha: toBase64Sha(sha), props: maskProps(props) };
}

async function addFunc({ bundles }: OriginalParts, request: IncomingMessage): Promise<Answer> {
  // Whoever is refused before the end of the file must still be able to read why.
  const source = request.iterator({ destroyOnReturn: false });
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  const { bundle, document, warnings } = await bundles.upload(source, declaredBytes);
  return json(200, {
    accepted: true,
    type: bundle.kind,
    host: bundle.host,
    route: bundle.basePath,
    swagger: document,
    sha: toBase64Sha(bundle.sha),
    ...(bundle.sourceSha && { sourceSha: toBase64Sha(bundle.sourceSha) }),
    ...(warnings.length > 0 && { warnings: await inWords(warnings) }),
  });
}

async function inWords(issues: Issue[]): Promise<string[]> {
  const { describeIssue } = await import('../openapi/document.ts');
  return issues.map(describeIssue);
}

function refuseUpload(fault: FuncatronError): Answer | undefined {
  const { code, status, message, errors } = fault;
  if (![400, 413, 503, 507].includes(status)) return undefined;
  const known: Record<string, string> = {
    'the request has no body; send the file': 'Must post a Func bundle file',
  };
  const unlikeZip = code === 'bundle_invalid' && /\bno zip\b/.test(message);
  const usual = unlikeZip ? 'Could not determine the file type' : message;
  return withReason(fault, { accepted: false, error: known[message] ?? usual }, errors);
}

async function enable({ bundles, placement }: OriginalParts, body: unknown): Promise<Answer> {
  const { sha, ...rest } = body as PlaceRequest & { props?: Record<string, unknown> };
  const bundle = await bundles.find(sha);
  if (!bundle) return notFound(sha);
  const { route, warnings } = await placement.enable({ bundle, props: {}, ...rest });
  return deployed(route, route.sha, warnings);
}

async function disable({ bundles, placement }: OriginalParts, body: PlaceRequest) {
  const { sha, host, basePath } = body;
  const bundle = await bundles.find(sha);
  if (!bundle) return notFound(sha);
  const place: Partial<Place> = {};
  if (host !== undefined) place.host = readHost(host);
  if (basePath !== undefined) place.basePath = readBasePath(basePath);
  const disabled = await placement.disable(bundle.sha, place);
  return deployed(disabled[0] ?? bundle, bundle.sha, []);
}

/** The first Funcatron says "Deployed" of disabling, too. */
function deployed({ host, basePath }: Place, sha: string, warnings: string[]): Answer {
  const msg = `Deployed Func bundle host: ${host ?? ''} basePath ${basePath} sha ${toBase64Sha(sha)}`;
  return json(200, { success: true, msg, ...(warnings.length > 0 && { warnings }) });
}

function notFound(sha: string): Answer {
  return json(404, { success: false, error: `Could not find Func bundle with SHA: ${sha}` });
}

function refusePlace(fault: FuncatronError, what: 'enable' | 'disable'): Answer | undefined {
  if (fault.code === 'malformed_body') return text(400, 'Malformed JSON in request body.');
  const { code, status, message, errors = [] } = fault;
  const hasNoSha = errors.some(({ at }) => at === '' || at.startsWith('/sha'));
  if (code === 'unsupported_media_type' || (code === 'bad_body' && hasNoSha)) {
    const error = `Request must be JSON and include the 'sha' of the Func bundle to ${what}`;
    return json(400, { success: false, error });
  }
  if (![400, 404, 507].includes(status)) return undefined;
  return withReason(fault, { success: false, error: message }, errors);
}

/** The original's answer, and beside it what tells a program what was wrong. */
function withReason(fault: FuncatronError, answer: object, errors: FuncatronError['errors'] = []) {
  const { code, status, message: detail, headers } = fault;
  const more = { code, detail, ...(errors.length > 0 && { errors }) };
  const sent = json(status, { ...answer, ...more });
  return { ...sent, headers: { ...sent.headers, ...headers } };
}

async function setStats({ statsd }: OriginalParts, body: unknown): Promise<Answer> {
  const { enable, host, port } = body as { enable: boolean; host: string; port: number };
  await statsd.set(enable ? { host, port } : undefined);
  const msg = enable ? `StatsD enabled. Host: ${host} port: ${port}` : 'StatsD disabled';
  return json(200, { accepted: true, msg });
}

function refuseStats(fault: FuncatronError): Answer | undefined {
  if (fault.code === 'malformed_body') return text(400, 'Malformed JSON in request body.');
  if (fault.code !== 'bad_body' && fault.code !== 'unsupported_media_type') return undefined;
  const error = 'Must be either enable=false or enable=true with host and port';
  return json(400, { accepted: false, error });
}

async function bundleFile(bundles: Bundles, sha: string): Promise<Answer> {
  const bundle = await bundles.find(sha);
  if (!bundle) return text(404, `No func bundle with sha ${sha} found`);
  return sendFile(await bundles.path(bundle.sha));
}

async function localFile(bundles: Bundles, sha: string): Promise<Answer> {
  const path = await bundles.localPath(sha).catch(() => undefined);
  return path === undefined ? text(404, 'This Tron has no such bundle') : sendFile(path);
}

async function sendFile(path: string): Promise<Answer> {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': (await stat(path)).size,
  };
  return { status: 200, headers, body: createReadStream(path) };
}

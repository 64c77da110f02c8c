/** What the first Funcatron did not have: bundles and places in detail, nodes, tokens. */
import { toBase64Sha } from '../bundle/identity.ts';
import { countedName } from '../function-name.ts';
import type { Settings } from '../openapi/settings.ts';
import type { BundleRecord, EnabledRoute, Store } from '../store/store.ts';
import { json, nothing } from './answer.ts';
import type { Bundles } from './bundles.ts';
import type { Counts } from './counts.ts';
import type { ApiCall, Endpoints } from './endpoint.ts';
import { maskProps } from './mask.ts';
import type { Network } from './network.ts';
import type { Node, Nodes } from './nodes.ts';
import { readBasePath, readHost } from './place.ts';
import type { Placement } from './placement.ts';
import type { RouteTable } from './route-table.ts';
import type { Scaling } from './scaling.ts';
import { createToken, listTokens, revokeToken } from './token.ts';

export interface ExtendedParts {
  store: Store;
  bundles: Bundles;
  placement: Placement;
  table: RouteTable;
  nodes: Nodes;
  network: Network;
  scaling: Scaling;
  counts: Counts;
}

const shaOf = ({ params }: ApiCall): string => String(params.path.sha);

export function extendedEndpoints(parts: ExtendedParts): Endpoints {
  const { store, bundles, placement, table, nodes, network, scaling } = parts;
  return {
    listBundles: {
      run: async () => {
        const { routes } = await table.read();
        return json(
          200,
          (await bundles.list()).map((bundle) => showBundle(bundle, routes, scaling)),
        );
      },
    },
    describeBundle: {
      run: async (call) => json(200, await describeBundle(parts, shaOf(call))),
    },
    deleteBundle: {
      run: async (call) => {
        await bundles.remove(await bundles.get(shaOf(call)));
        return nothing(204);
      },
    },
    rollback: {
      run: async ({ body }) => {
        const { host = null, basePath } = body as { host?: string | null; basePath: string };
        const place = { host: readHost(host), basePath: readBasePath(basePath) };
        const { route, warnings } = await placement.rollback(place);
        const shown = { success: true, sha: toBase64Sha(route.sha), hex: route.sha };
        const where = { name: route.name, host: route.host, basePath: route.basePath };
        return json(200, { ...shown, ...where, ...(warnings.length > 0 && { warnings }) });
      },
    },
    nodes: { run: () => json(200, [...listTrons(network), ...nodes.list().map(showNode)]) },
    listTokens: { run: async () => json(200, await listTokens(store)) },
    createToken: {
      run: async ({ body }) => {
        const { name } = body as { name: string };
        return json(201, { name, token: await createToken(store, name) });
      },
    },
    revokeToken: {
      run: async ({ params }) => {
        await revokeToken(store, String(params.path.name));
        return nothing(204);
      },
    },
  };
}

/** This one first. */
function listTrons({ id, url, leader, peers }: Network) {
  const mine = { id, type: 'tron', url, leads: leader.leads, lastSeen: Date.now() };
  const others = peers
    .list()
    .map(({ fetchKey: _fetchKey, ...peer }) => ({ ...peer, type: 'tron' }));
  return [mine, ...others];
}

function showNode({ id, type, said, lastSeen }: Node) {
  const { v: _v, action: _action, msgId: _msgId, from: _from, at: _at, ...facts } = said;
  return { ...facts, id, type, lastSeen };
}

function showBundle(bundle: BundleRecord, routes: readonly EnabledRoute[], scaling: Scaling) {
  const { sha, kind, bytes, name, version, host, basePath, uploadedAt } = bundle;
  const enabled = routes
    .filter((route) => route.sha === sha)
    .map((route) => ({ ...showEnabled(route), ...scaling.viewOf(route) }));
  const identity = { sha: toBase64Sha(sha), hex: sha, type: kind, bytes, name, version };
  const source = bundle.sourceSha && { sourceSha: toBase64Sha(bundle.sourceSha) };
  return { ...identity, host, basePath, uploadedAt, enabled, ...source };
}

function showEnabled(route: EnabledRoute) {
  const { host, basePath, queue, revision, enabledAt, props, overlay } = route;
  const when = { revision, enabledAt };
  return {
    host,
    basePath,
    queue,
    ...when,
    props: maskProps(props),
    overlay: overlay !== undefined,
  };
}

async function describeBundle({ bundles, table, counts, scaling }: ExtendedParts, text: string) {
  const bundle = await bundles.get(text);
  const contract = await bundles.contract(bundle);
  const { routes } = await table.read();
  const mine = routes.filter(({ sha }) => sha === bundle.sha);
  const operations = await Promise.all(
    contract.operations.map(async ({ operationId, method, template }) => {
      // Enabled at several places it is counted as one, unless it is a function at one of them.
      const [route = contract] = mine;
      const usage = await counts.usageOf(countedName(route, operationId));
      return { operationId, method, path: template, ...(usage && { usage }) };
    }),
  );
  const shown = showBundle(bundle, routes, scaling);
  return { ...shown, operations, settings: showSettings(contract.settings) };
}

function showSettings({ function: sent, ...settings }: Settings): Record<string, unknown> {
  const env = maskProps(settings.env);
  return { ...settings, env, ...(sent && { function: { ...sent, envVars: env } }) };
}

/** What functions there are: those deployed by name, and the operations of all other bundles. */
import { FuncatronError } from '../../errors.ts';
import type { Contract } from '../../openapi/contract.ts';
import { contractId } from '../../openapi/load.ts';
import type { EnabledRoute } from '../../store/store.ts';
import type { Bundles } from '../bundles.ts';
import { jsonReply } from '../call-view.ts';
import type { Counts, Usage } from '../counts.ts';
import type { RouteTable } from '../route-table.ts';
import type { Scaling } from '../scaling.ts';
import { recallDeployment, showStatus } from './deployment.ts';
import type { Deployment, StatusFacts } from './deployment.ts';
import type { GatewayEndpoints } from './endpoint.ts';
import { basePathOf, defaultNamespace, withoutNamespace } from './name.ts';
import type { FunctionName } from './name.ts';

/** A function with this label "true" may have no replica, and is shown to have none. */
const zeroLabel = 'com.openfaas.scale.zero';
/** Bundles that are read at a time. */
const readMax = 20;

/** What of a bundle is worth remembering to list it. */
interface BundleFunctions {
  /** Set where the bundle is a function. */
  deployment?: Deployment;
  operations: Deployment[];
}

export interface ListedFunction {
  route: EnabledRoute;
  deployment: Deployment;
  /** Whether it is an operation of a bundle with others, which cannot be deployed or removed. */
  isOperation: boolean;
}

interface Parts {
  bundles: Bundles;
  table: RouteTable;
  scaling: Scaling;
}

export class FunctionList {
  readonly #parts: Parts;
  /** By contract; of enabled bundles alone. */
  readonly #known = new Map<string, Promise<BundleFunctions>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** All of a namespace, by name. */
  async list(namespace: string): Promise<ListedFunction[]> {
    const { routes } = await this.#parts.table.read();
    const names = new Set<string>();
    const functions: ListedFunction[] = [];
    for (let at = 0; at < routes.length; at += readMax) {
      const some = routes.slice(at, at + readMax).map((route) => this.#of(route));
      functions.push(...(await Promise.all(some)).flat());
    }
    this.#forget(routes);
    return functions
      .filter(({ deployment }) => deployment.namespace === namespace)
      .toSorted((a, b) => (a.deployment.service < b.deployment.service ? -1 : 1))
      .filter(({ deployment: { service } }) => !names.has(service) && names.add(service));
  }

  /** Workers that each has, by the name it is counted by. */
  async replicas(): Promise<Record<string, number>> {
    const { routes } = await this.#parts.table.read();
    const functions = (await Promise.all(routes.map((route) => this.#of(route)))).flat();
    const counts = functions.map((one): [string, number] => {
      return [countedName(one), this.#parts.scaling.viewOf(one.route).instances];
    });
    return Object.fromEntries(counts);
  }

  /** Rejects with `function_unknown`. */
  async get({ service, namespace }: FunctionName): Promise<ListedFunction> {
    const known = await this.find({ service, namespace });
    if (known) return known;
    const detail = `there is no function ${JSON.stringify(service)} in the namespace ${JSON.stringify(namespace)}`;
    throw new FuncatronError('function_unknown', detail);
  }

  async find(name: FunctionName): Promise<ListedFunction | undefined> {
    const { routes } = await this.#parts.table.read();
    const place = routes.find((route) => route.basePath === basePathOf(name) && !route.host);
    const [own] = place ? await this.#of(place) : [];
    if (own && !own.isOperation) return own;
    const { service, namespace } = name;
    if (namespace !== defaultNamespace || !service.includes('.')) return undefined;
    const owners = routes.filter((route) => service.startsWith(`${route.name}.`));
    const all = (await Promise.all(owners.map((route) => this.#of(route)))).flat();
    return all.find(({ deployment }) => deployment.service === service);
  }

  /** The function that is enabled on a route; undefined where that is another bundle. */
  async deploymentOf(route: EnabledRoute): Promise<Deployment | undefined> {
    const [own] = await this.#of(route);
    return own?.isOperation === false ? own.deployment : undefined;
  }

  async #of(route: EnabledRoute): Promise<ListedFunction[]> {
    const { deployment, operations } = await this.#load(route);
    // Uploaded and enabled elsewhere by hand it is a bundle like any other.
    if (deployment && route.basePath === basePathOf(deployment) && !route.host)
      return [{ route, deployment, isOperation: false }];
    return operations.map((one) => ({ route, deployment: one, isOperation: true }));
  }

  #load(route: EnabledRoute): Promise<BundleFunctions> {
    const id = contractId(route.sha, route.overlay);
    let loading = this.#known.get(id);
    if (loading) return loading;
    loading = this.#parts.bundles.contract(route, route.overlay).then(readFunctions, () => {
      // One bundle that cannot be read is no reason to show none.
      this.#known.delete(id);
      return { operations: [] };
    });
    this.#known.set(id, loading);
    return loading;
  }

  #forget(routes: readonly EnabledRoute[]): void {
    if (this.#known.size <= routes.length) return;
    const enabled = new Set(routes.map(({ sha, overlay }) => contractId(sha, overlay)));
    for (const id of this.#known.keys()) if (!enabled.has(id)) this.#known.delete(id);
  }

  /** `usage`: how it was called, where that is to be shown. */
  show({ route, deployment }: ListedFunction, usage?: Usage): Record<string, unknown> {
    const { instances, replicas } = this.#parts.scaling.viewOf(route);
    // Clients wait for one that is ready: what starts within the call it is needed for is.
    const least = replicas === 0 || deployment.labels?.[zeroLabel] === 'true' ? 0 : 1;
    const facts: StatusFacts = {
      enabledAt: route.enabledAt,
      replicas: Math.max(least, replicas ?? instances),
      availableReplicas: Math.max(least, instances),
      invocationCount: usage?.calls,
    };
    return showStatus(deployment, facts);
  }
}

function readFunctions({ settings, operations, name, version, basePath }: Contract) {
  const sent = settings.function;
  const found: BundleFunctions = {
    operations: operations.map(({ operationId, method, template }) => {
      const path = (basePath === '/' ? '' : basePath) + template;
      return recallDeployment({
        service: `${name}.${operationId}`,
        image: `${name}:${version}`,
        annotations: { 'funcatron.operation': `${method} ${path}` },
      });
    }),
  };
  if (sent) found.deployment = recallDeployment(sent);
  return found;
}

export function listEndpoints(functions: FunctionList, counts: Counts): GatewayEndpoints {
  return {
    'GET /system/functions': async ({ query }) => {
      const listed = await functions.list(query.get('namespace') || defaultNamespace);
      const usages = await counts.all();
      return jsonReply(
        200,
        listed.map((one) => functions.show(one, usages.get(countedName(one)))),
      );
    },
    'GET /system/function/': async ({ name, query }) => {
      const found = await functions.get(nameOf(name, query.get('namespace')));
      return jsonReply(200, functions.show(found));
    },
  };
}

/** Clients name a function `figlet` or `figlet.openfaas-fn`, and its namespace beside it or not. */
export function nameOf(name: string, given: string | null): FunctionName {
  const namespace = given || defaultNamespace;
  return { service: withoutNamespace(name, namespace), namespace };
}

/** As counts and metrics name it. */
function countedName({ deployment: { service, namespace } }: ListedFunction): string {
  return `${service}.${namespace}`;
}

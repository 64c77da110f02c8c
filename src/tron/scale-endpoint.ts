/** Scaling by hand, over the REST API. */
import { FuncatronError } from '../errors.ts';
import type { EnabledRoute } from '../store/store.ts';
import { json } from './answer.ts';
import type { Endpoints } from './endpoint.ts';
import { showPlace } from './place.ts';
import type { RouteTable } from './route-table.ts';
import type { Scaling } from './scaling.ts';

interface ScaleRequest {
  name: string;
  replicas: number | null;
}

export function scaleEndpoints(scaling: Scaling, table: RouteTable): Endpoints {
  return {
    scale: {
      run: async ({ body }) => {
        const { name, replicas } = body as ScaleRequest;
        const { routes } = await table.read();
        const route = findByName(routes, name);
        const scaled = await scaling.ask(route, replicas ?? undefined);
        const { host, basePath } = scaled;
        return json(200, { name: scaled.name, host, basePath, ...scaling.viewOf(scaled) });
      },
    },
  };
}

/**
 * What is enabled under a name: a bundle's, a function's with its namespace or without, a base path, or
 * host and base path. Throws `route_unknown`, or `bad_request` with all places when there are several.
 */
export function findByName(routes: readonly EnabledRoute[], name: string): EnabledRoute {
  const short = name.replace(/\.openfaas-fn$/, '');
  const found = routes.filter((route) => {
    return [route.name, route.basePath, showPlace(route)].includes(name) || route.name === short;
  });
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    const detail = `nothing that is enabled has the name ${JSON.stringify(name)}; see: funcatron routes`;
    throw new FuncatronError('route_unknown', detail);
  }
  const places = found.map(showPlace).join(', ');
  throw new FuncatronError('bad_request', `"${name}" is enabled at ${places}; name one of these`, {
    component: 'tron',
  });
}

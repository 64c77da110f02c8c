/** Operations by name, for those who call Funcs and not paths. */
import { FuncatronError } from '../errors.ts';
import type { Contract, Operation } from '../openapi/contract.ts';
import type { RouteEntry } from './entry.ts';

export interface NamedFunc {
  entry: RouteEntry;
  contract: Contract;
  operation: Operation;
}

/**
 * The operation that a name stands for: `<bundle>.<operationId>`, or an operationId or a bundle's
 * name alone where that is enough. Throws `no_route` when there is none, and `bad_request` with all
 * names when there are several.
 */
export async function findFunc(entries: readonly RouteEntry[], name: string): Promise<NamedFunc> {
  const owners = entries.filter(({ route }) => name.startsWith(`${route.name}.`));
  const qualified = await operationsOf(owners, ({ entry, operation }) => {
    return `${entry.route.name}.${operation.operationId}` === name;
  });
  if (qualified.length > 0) return only(qualified, name);
  const found = await operationsOf(entries, ({ entry, operation }) => {
    return operation.operationId === name || entry.route.name === name;
  });
  return only(found, name);
}

async function operationsOf(
  entries: readonly RouteEntry[],
  isMeant: (func: NamedFunc) => boolean,
): Promise<NamedFunc[]> {
  const all = await Promise.all(
    entries.map(async (entry) => {
      // One contract that cannot be loaded is no reason not to find what is in another.
      const contract = await Promise.resolve(entry.load()).catch(() => undefined);
      const operations = contract?.operations ?? [];
      return operations.map((operation) => ({ entry, contract: contract!, operation }));
    }),
  );
  return all.flat().filter(isMeant);
}

function only(found: NamedFunc[], name: string): NamedFunc {
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    const mend = 'name one as BUNDLE.OPERATIONID; "funcatron describe SHA" lists them';
    throw new FuncatronError('no_route', `no enabled bundle has a Func "${name}"; ${mend}`);
  }
  const names = found.map(({ entry: { route }, operation }) => {
    const { operationId, key } = operation;
    const place = `${route.host ?? '*'}${route.basePath}`;
    // One Func may be that of several operations of its contract.
    const isShared = found.some(
      (other) => other.entry.route === route && other.operation !== operation,
    );
    return `${route.name}.${operationId} at ${place}${isShared ? ` (${key})` : ''}`;
  });
  const detail = `"${name}" may be any of ${names.join(', ')}; say which, or ask for its path`;
  throw new FuncatronError('bad_request', detail);
}

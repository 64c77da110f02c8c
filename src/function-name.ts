/** What functions are called in counts and metrics, which outlive the bundle that has them. */

/** Every function is in it that is not said to be in another. */
export const defaultNamespace = 'openfaas-fn';

/** Below it are the bundles that are functions each, deployed by name. */
export const functionPath = '/function/';

/**
 * `name.namespace`: of a function that was deployed by name, its own; of an operation of any other
 * bundle, `bundle.operationId.openfaas-fn`.
 */
export function countedName(
  { name, basePath }: { name: string; basePath: string },
  operationId: string,
): string {
  if (basePath !== functionPath + name) return `${name}.${operationId}.${defaultNamespace}`;
  return name.includes('.') ? name : `${name}.${defaultNamespace}`;
}

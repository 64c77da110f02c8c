/** Names of functions and namespaces, and where a function is enabled. */
import { FuncatronError } from '../../errors.ts';

/** Every function is in it that is not said to be in another. */
export const defaultNamespace = 'openfaas-fn';

export interface FunctionName {
  service: string;
  namespace: string;
}

const namePattern = /^[A-Za-z0-9]([-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?$/;
const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** A bundle's name has that many characters at most. */
const bundleNameMax = 64;

/** Throws `function_invalid`. */
export function checkName({ service, namespace }: FunctionName): void {
  checkNamespace(namespace);
  if (!namePattern.test(service)) throw badName(service);
  const name = bundleName({ service, namespace });
  if (name.length <= bundleNameMax) return;
  const detail = `"${name}" is longer than ${bundleNameMax} characters; shorten one of its names`;
  throw new FuncatronError('function_invalid', detail);
}

function badName(service: string): FuncatronError {
  const rule = 'use 1 to 63 letters, digits, "-" and "_", the first a letter or digit';
  const dot = service.includes('.') ? '; what follows a dot is a namespace, or an operation' : '';
  return new FuncatronError(
    'function_invalid',
    `the name ${JSON.stringify(service)} is not one for a function: ${rule}${dot}`,
  );
}

/** Throws `function_invalid`. */
export function checkNamespace(namespace: string): void {
  if (namespacePattern.test(namespace)) return;
  const detail = `the namespace ${JSON.stringify(namespace)} is not one: use 1 to 63 small letters, digits and "-"`;
  throw new FuncatronError('function_invalid', detail);
}

/** In the default namespace the name alone. */
export function bundleName({ service, namespace }: FunctionName): string {
  return namespace === defaultNamespace ? service : `${service}.${namespace}`;
}

export function basePathOf(name: FunctionName): string {
  return `/function/${bundleName(name)}`;
}

/** `figlet.openfaas-fn` without its namespace, where that is the one given. */
export function withoutNamespace(name: string, namespace: string): string {
  const end = `.${namespace}`;
  return name.endsWith(end) ? name.slice(0, -end.length) : name;
}

/** Loads a bundle's handler module and finds its Funcs. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @typedef {(data: unknown, ctx: object) => unknown} Func */

/**
 * @param {{dir: string, handler?: string, source?: string, funcs: {operationId: string}[]}} assignment
 * @returns {Promise<{funcs: Map<string, Func>, missing: {operationId: string, mend: string}[],
 *   services: Record<string, object> | undefined}>}
 */
export async function loadBundle({ dir, handler, source = handler, funcs }) {
  if (!handler) throw new Error('the bundle names no handler module (x-funcatron.handler)');
  const space = await import(pathToFileURL(join(dir, handler)).href);
  const roots = rootsOf(space);
  const layers = [find(roots, 'middleware', ['function', 'object']) ?? []].flat();
  if (layers.some((layer) => typeof layer !== 'function'))
    throw new Error('the export "middleware" must be a function or a list of functions');
  const found = new Map();
  const missing = [];
  for (const { operationId } of funcs) {
    const func = findFunc(roots, operationId);
    if (func) found.set(operationId, layers.reduceRight(wrap, func));
    else missing.push({ operationId, mend: mend(operationId, source, space) });
  }
  return { funcs: found, missing, services: find(roots, 'services', ['object']) };
}

/** Where exports may be: what CommonJS (webpack) exports, the module, its default export. */
function rootsOf(space) {
  const roots = [space['module.exports'], space, space.default, space.default?.default];
  const isHolder = (root) => root && (typeof root === 'object' || typeof root === 'function');
  return [...new Set(roots.filter(isHolder))];
}

function find(roots, name, types) {
  for (const root of roots) {
    const value = own(root, name);
    if (value && types.includes(typeof value)) return value;
  }
  return undefined;
}

/** An export of that very name, else `a.b` as function b of export a; bound to its object. */
function findFunc(roots, operationId) {
  const dotted = operationId.split('.');
  for (const path of [[operationId], dotted]) {
    const names = path.slice(0, -1);
    for (const root of roots) {
      const holder = names.reduce((value, name) => own(value, name), root);
      const func = own(holder, path.at(-1));
      if (typeof func === 'function') return func.bind(holder);
    }
  }
  return undefined;
}

/** A property that the object did not get from Object or Function. */
function own(holder, name) {
  if (holder === undefined || holder === null) return undefined;
  const value = holder[name];
  return value === Object.prototype[name] || value === Function.prototype[name] ? undefined : value;
}

/** One layer of middleware around a Func; `next()` passes on what it is not given. */
function wrap(inner, layer) {
  return (data, ctx) =>
    layer(data, ctx, (...given) =>
      inner(given.length > 0 ? given[0] : data, given.length > 1 ? given[1] : ctx),
    );
}

/** `source` is the file the author knows: a build may have made the handler of it. */
function mend(operationId, source, space) {
  const simple = /^[A-Za-z_$][\w$]*$/.test(operationId);
  const how = simple ? `a function ${operationId}` : `{ yourFunction as "${operationId}" }`;
  const names = Object.keys(space).filter((name) => name !== 'module.exports');
  return `export ${how} from ${source}; it exports ${names.join(', ') || 'nothing'}`;
}

/** The operations of a 3.1 document, and what compiling one of them needs of it. */
import { child, follow, isObject, pointerOf } from './pointer.ts';
import { methods } from './visit.ts';

type Json = Record<string, unknown>;

export interface FoundOperation {
  /** Lower case, as the document has it. */
  method: string;
  template: string;
  operation: Json;
  pointer: string;
}

/** Every operation under `paths`, path items that are a `$ref` followed. */
export function listOperations(document: Json): FoundOperation[] {
  const found: FoundOperation[] = [];
  const { paths } = document;
  for (const [template, value] of Object.entries(isObject(paths) ? paths : {})) {
    if (!template.startsWith('/')) continue;
    const pathItem = follow(document, value)?.value ?? {};
    for (const method of methods) {
      const operation = pathItem[method];
      if (!isObject(operation)) continue;
      const pointer = child(pointerOf(['paths', template]), method);
      found.push({ method, template, operation, pointer });
    }
  }
  return found;
}

/** One operation with the parameters of its path item that it does not replace. */
export function findOperation(document: Json, method: string, template: string): Json {
  const pathItem = follow(document, (document['paths'] as Json)[template])!.value;
  const operation = pathItem[method.toLowerCase()] as Json;
  const shared = pathItem['parameters'];
  if (!Array.isArray(shared) || shared.length === 0) return operation;
  const own = Array.isArray(operation['parameters']) ? operation['parameters'] : [];
  const keyOf = (parameter: unknown) => {
    const { in: place, name } = follow(document, parameter)?.value ?? {};
    return `${String(place)} ${String(name)}`;
  };
  const replaced = new Set(own.map(keyOf));
  const kept = shared.filter((parameter) => !replaced.has(keyOf(parameter)));
  return { ...operation, parameters: [...kept, ...own] };
}

/** Whether an operation names a program of its own. */
export function namesProcess(operation: Json): boolean {
  const settings = operation['x-funcatron'];
  return isObject(settings) && settings['process'] !== undefined;
}

/** The first media type that a 2xx response declares, or the default one where there is none. */
export function plainContentType(document: Json, operation: Json): string | undefined {
  const { responses } = operation;
  if (!isObject(responses)) return undefined;
  const good = Object.keys(responses).filter((status) => status.startsWith('2'));
  for (const status of good.length > 0 ? good : ['default']) {
    const content = follow(document, responses[status])?.value['content'];
    const types = isObject(content) ? Object.keys(content) : [];
    const type = types.find((one) => !one.includes('*'));
    if (type) return type;
  }
  return undefined;
}

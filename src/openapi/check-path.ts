/** What can be wrong with paths, their parameters and their operations. */
import type { CheckContext } from './check.ts';
import { child, follow, isObject, pointerOf } from './pointer.ts';
import { templateFault, templateShape } from './template.ts';
import { methods } from './visit.ts';

type Json = Record<string, unknown>;

interface Parameter {
  value: Json;
  pointer: string;
}

interface OperationPlace {
  template: string;
  method: string;
  operation: Json;
  pointer: string;
  /** Parameters of the path item. */
  shared: Parameter[];
}

/** Paths that cannot be told apart or matched; then every operation by itself. */
export function checkPaths(context: CheckContext): void {
  const { document, report } = context;
  const paths = isObject(document['paths']) ? document['paths'] : {};
  const shapes = new Map<string, string>();
  const places: OperationPlace[] = [];
  for (const [template, value] of Object.entries(paths)) {
    if (template.startsWith('x-')) continue;
    const pointer = pointerOf(['paths', template]);
    const fault = templateFault(template);
    if (fault) {
      report(pointer, `path ${template} cannot be matched: ${fault}`, 'correct the path');
      continue;
    }
    const shape = templateShape(template);
    const twin = shapes.get(shape);
    if (twin)
      report(pointer, `${template} matches the same paths as ${twin}`, 'keep one of the two');
    shapes.set(shape, template);
    places.push(...listPlaces(document, template, value, pointer));
  }
  if (places.length === 0)
    report('/paths', 'the contract has no operation', 'add a path with an operation');
  const ids = new Map<string, string>();
  for (const place of places) {
    checkOperationId(context, place, ids);
    checkParameters(context, place);
    checkBody(context, place);
    checkResponses(context, place);
  }
}

function listPlaces(
  document: Json,
  template: string,
  value: unknown,
  pointer: string,
): OperationPlace[] {
  const pathItem = follow(document, value);
  if (!pathItem) return [];
  const at = pathItem.pointer ?? pointer;
  const shared = listParameters(pathItem.value['parameters'], at);
  const places: OperationPlace[] = [];
  for (const method of methods) {
    const operation = pathItem.value[method];
    if (isObject(operation))
      places.push({ template, method, operation, pointer: child(at, method), shared });
  }
  return places;
}

function listParameters(value: unknown, owner: string): Parameter[] {
  const at = child(owner, 'parameters');
  const list = Array.isArray(value) ? value : [];
  return list.flatMap((item, index) =>
    isObject(item) ? [{ value: item, pointer: child(at, index) }] : [],
  );
}

function checkOperationId(
  { report, tolerate }: CheckContext,
  { operation, pointer, method, template }: OperationPlace,
  ids: Map<string, string>,
): void {
  const { operationId } = operation;
  if (typeof operationId !== 'string' || operationId === '') {
    const name = `${method.toUpperCase()} ${template}`;
    report(pointer, `${name} has no operationId`, 'add operationId: the name of the Func');
    return;
  }
  const first = ids.get(operationId);
  if (first)
    tolerate(
      `${pointer}/operationId`,
      `operationId ${operationId} is taken by ${first}`,
      'give each operation its own',
    );
  else ids.set(operationId, `${method.toUpperCase()} ${template}`);
}

/** Path parameters and the template must name each other; nothing is declared twice. */
function checkParameters(
  { document, report, tolerate }: CheckContext,
  place: OperationPlace,
): void {
  const { operation, pointer, shared, template } = place;
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!);
  const declared = new Set<string>();
  for (const list of [listParameters(operation['parameters'], pointer), shared]) {
    const seen = new Set<string>();
    for (const parameter of list) {
      const { in: where, name, required } = follow(document, parameter.value)?.value ?? {};
      if (typeof name !== 'string') continue;
      const key = `${String(where)} ${name}`;
      if (seen.has(key))
        report(
          parameter.pointer,
          `${String(where)} parameter ${String(name)} is declared twice`,
          'keep one',
        );
      seen.add(key);
      if (where !== 'path') continue;
      declared.add(name);
      if (!names.includes(name))
        report(
          parameter.pointer,
          `path parameter ${name} is not in ${template}`,
          names.length > 0 ? `the path has {${names.join('}, {')}}` : `add {${name}} to the path`,
        );
      if (required !== true)
        tolerate(parameter.pointer, `path parameter ${name} is not required`, 'add required: true');
    }
  }
  for (const name of names)
    if (!declared.has(name))
      report(
        pointer,
        `{${name}} of the path is no parameter of the operation`,
        `add a parameter with name: ${name}, in: path, required: true`,
      );
}

function checkBody({ document, report }: CheckContext, place: OperationPlace): void {
  const { operation, pointer, method, shared } = place;
  const own = listParameters(operation['parameters'], pointer);
  const bodies = parametersIn(document, own, 'body');
  const forms = parametersIn(document, [...own, ...shared], 'formData');
  if (bodies.length > 0 && forms.length > 0)
    report(pointer, 'the operation has a body and form fields', 'keep one kind of body');
  if (bodies.length > 1) report(pointer, 'the operation has more than one body', 'keep one');
  const request = follow(document, operation['requestBody'])?.value;
  const parts = [...bodies, ...parametersIn(document, shared, 'body'), ...forms];
  const required = [request, ...parts].some((part) => part?.['required'] === true);
  if (required && (method === 'get' || method === 'head' || method === 'trace'))
    report(
      pointer,
      `${method.toUpperCase()} requires a body, which HTTP gives no meaning there`,
      'use POST or PUT, or parameters instead of the body',
    );
}

function parametersIn(document: Json, parameters: Parameter[], where: string): Json[] {
  const values = parameters.map(({ value }) => follow(document, value)?.value);
  return values.filter((value) => value !== undefined).filter((value) => value['in'] === where);
}

function checkResponses({ tolerate }: CheckContext, { operation, pointer }: OperationPlace): void {
  const { responses } = operation;
  const statuses = isObject(responses) ? Object.keys(responses) : [];
  if (statuses.some((status) => !status.startsWith('x-'))) return;
  tolerate(
    child(pointer, 'responses'),
    'the operation declares no response',
    "add responses: with '200' or default, and a description",
  );
}

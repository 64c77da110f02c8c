/**
 * Walks an OpenAPI document by its structure, so that what only looks like a schema or a `$ref`
 * (an example, a default, an extension) is left alone. Knows 2.0, 3.0 and 3.1 together: a key that
 * one version lacks is simply not there.
 */
import { child, isObject } from './pointer.ts';

export type NodeKind =
  | 'document'
  | 'components'
  | 'pathItem'
  | 'operation'
  | 'parameter'
  | 'header'
  | 'requestBody'
  | 'response'
  | 'mediaType'
  | 'encoding'
  | 'callback'
  | 'schema'
  | 'securityScheme'
  | 'example'
  | 'link';

type Shape = 'one' | 'list' | 'map' | 'oneOrList';

export const methods = [
  'get',
  'put',
  'post',
  'delete',
  'options',
  'head',
  'patch',
  'trace',
] as const;

const one = (kind: NodeKind): [NodeKind, Shape] => [kind, 'one'];
const list = (kind: NodeKind): [NodeKind, Shape] => [kind, 'list'];
const map = (kind: NodeKind): [NodeKind, Shape] => [kind, 'map'];

const pathItem = one('pathItem');
const headed = { schema: one('schema'), items: one('schema'), content: map('mediaType') };
const children: Record<NodeKind, Record<string, [NodeKind, Shape]>> = {
  document: {
    paths: map('pathItem'),
    webhooks: map('pathItem'),
    components: one('components'),
    definitions: map('schema'),
    parameters: map('parameter'),
    responses: map('response'),
    securityDefinitions: map('securityScheme'),
  },
  components: {
    schemas: map('schema'),
    responses: map('response'),
    parameters: map('parameter'),
    requestBodies: map('requestBody'),
    headers: map('header'),
    pathItems: map('pathItem'),
    callbacks: map('callback'),
    securitySchemes: map('securityScheme'),
    examples: map('example'),
    links: map('link'),
  },
  pathItem: {
    ...Object.fromEntries(methods.map((method) => [method, one('operation')])),
    parameters: list('parameter'),
  },
  operation: {
    parameters: list('parameter'),
    requestBody: one('requestBody'),
    responses: map('response'),
    callbacks: map('callback'),
  },
  parameter: headed,
  header: headed,
  requestBody: { content: map('mediaType') },
  response: {
    schema: one('schema'),
    headers: map('header'),
    content: map('mediaType'),
    links: map('link'),
  },
  mediaType: { schema: one('schema'), encoding: map('encoding'), examples: map('example') },
  encoding: { headers: map('header') },
  callback: {},
  schema: {
    ...Object.fromEntries(
      ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'].map((key) => [
        key,
        map('schema'),
      ]),
    ),
    ...Object.fromEntries(
      ['allOf', 'anyOf', 'oneOf', 'prefixItems'].map((key) => [key, list('schema')]),
    ),
    ...Object.fromEntries(
      [
        'additionalProperties',
        'not',
        'if',
        'then',
        'else',
        'contains',
        'propertyNames',
        'unevaluatedItems',
        'unevaluatedProperties',
        'contentSchema',
      ].map((key) => [key, one('schema')]),
    ),
    items: ['schema', 'oneOrList'],
  },
  securityScheme: {},
  example: {},
  link: {},
};

/** Called for every object of a known kind, parents first. */
export type Visitor = (kind: NodeKind, value: Record<string, unknown>, pointer: string) => void;

/** Visits a document, or the part of one that is of `kind` and stands at `pointer`. */
export function visit(
  value: unknown,
  visitor: Visitor,
  kind: NodeKind = 'document',
  pointer = '',
): void {
  if (!isObject(value)) return;
  visitor(kind, value, pointer);
  const known = children[kind];
  for (const key in value) {
    // A callback maps any expression to a path item.
    const expression = kind === 'callback' && !key.startsWith('x-');
    const entry = expression ? pathItem : Object.hasOwn(known, key) ? known[key] : undefined;
    if (!entry) continue;
    visitShape(entry, value[key], visitor, child(pointer, key));
  }
}

function visitShape(
  [kind, shape]: [NodeKind, Shape],
  value: unknown,
  visitor: Visitor,
  at: string,
): void {
  if (Array.isArray(value)) {
    if (shape === 'one' || shape === 'map') return;
    value.forEach((item, index) => visit(item, visitor, kind, child(at, index)));
  } else if (shape === 'one' || shape === 'oneOrList') visit(value, visitor, kind, at);
  else if (shape === 'map' && isObject(value))
    for (const key in value) {
      // Elsewhere these are names that somebody chose, and may begin with x-.
      if (key.startsWith('x-') && (kind === 'pathItem' || kind === 'response')) continue;
      visit(value[key], visitor, kind, child(at, key));
    }
}

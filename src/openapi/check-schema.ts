/** Schemas that contradict themselves: no value fits, or their own default does not. */
import type { CheckContext } from './check.ts';
import { child, isObject } from './pointer.ts';
import { show } from './setting-value.ts';
import { visit } from './visit.ts';
import type { NodeKind } from './visit.ts';

type Json = Record<string, unknown>;

/** Checks the keywords of every schema against each other; of 2.0, parameters are schemas too. */
export function checkSchemas(context: CheckContext): void {
  visit(context.document, (kind, value, pointer) => {
    if (!isSchema(kind, value)) return;
    checkBounds(context, value, pointer);
    checkChoices(context, value, pointer);
    checkKeywords(context, value, pointer);
  });
}

/** Whether a node constrains values: a schema, or a parameter or header of 2.0. */
export function isSchema(kind: NodeKind, value: Json): boolean {
  if (kind === 'schema') return true;
  return (kind === 'parameter' || kind === 'header') && typeof value['type'] === 'string';
}

const bounds = [
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
  ['minProperties', 'maxProperties'],
  ['minimum', 'maximum'],
  ['exclusiveMinimum', 'maximum'],
  ['minimum', 'exclusiveMaximum'],
  ['exclusiveMinimum', 'exclusiveMaximum'],
] as const;

function checkBounds({ report }: CheckContext, schema: Json, pointer: string): void {
  for (const [low, high] of bounds) {
    const [least, most] = [schema[low], schema[high]];
    if (typeof least !== 'number' || typeof most !== 'number') continue;
    // In 2.0 and 3.0 "exclusive" is a flag beside the bound, in 3.1 a bound of its own.
    const flagged = low === 'minimum' && high === 'maximum';
    const open =
      `${low} ${high}`.includes('exclusive') ||
      (flagged && (schema['exclusiveMinimum'] === true || schema['exclusiveMaximum'] === true));
    if (least < most || (least === most && !open)) continue;
    const why = least === most ? 'leaves no value' : `is over ${high} ${most}`;
    report(child(pointer, low), `${low} ${least} ${why}`, `correct ${low} or ${high}`);
  }
}

function checkChoices({ report }: CheckContext, schema: Json, pointer: string): void {
  const { enum: choices, required, properties } = schema;
  if (Array.isArray(choices) && choices.length === 0)
    report(child(pointer, 'enum'), 'enum is empty: no value fits', 'list the values, or remove it');
  if (schema['additionalProperties'] !== false || !Array.isArray(required)) return;
  const others = ['patternProperties', 'allOf', 'anyOf', 'oneOf', '$ref'];
  if (others.some((key) => key in schema)) return;
  for (const name of required)
    if (typeof name === 'string' && !(isObject(properties) && Object.hasOwn(properties, name)))
      report(
        child(pointer, 'required'),
        `${name} is required, but additionalProperties: false forbids it`,
        `add ${name} to properties`,
      );
}

function checkKeywords({ version, report }: CheckContext, schema: Json, pointer: string): void {
  const { pattern, type } = schema;
  if (typeof pattern === 'string') {
    const reason = patternFault(pattern);
    if (reason) report(child(pointer, 'pattern'), `${show(pattern)} ${reason}`, 'see ECMA-262');
  }
  if (version === '3.1' && typeof schema['nullable'] === 'boolean')
    report(
      child(pointer, 'nullable'),
      'nullable is no keyword of OpenAPI 3.1',
      typeof type === 'string' ? `write type: [${type}, 'null']` : "add type: 'null' by anyOf",
    );
}

function patternFault(pattern: string): string | undefined {
  // Many patterns in use are right only without the u flag; either way will do.
  for (const flags of ['u', '']) {
    try {
      new RegExp(pattern, flags);
      return undefined;
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      if (flags === '') return `is no regular expression: ${message.replace(/^.*: /s, '')}`;
    }
  }
  return undefined;
}

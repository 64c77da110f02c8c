/** Whether defaults fit their own schemas. */
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { CheckContext } from './check.ts';
import { isSchema } from './check-schema.ts';
import { child, isObject, resolvePointer } from './pointer.ts';
import { show } from './setting-value.ts';
import { visit } from './visit.ts';
import type { NodeKind } from './visit.ts';

type Json = Record<string, unknown>;

/** Reports defaults that break their own schema. Loads Ajv only if there is one. */
export async function checkDefaults({ document, version, report }: CheckContext): Promise<void> {
  const pointers: string[] = [];
  visit(document, (kind, value, pointer) => {
    const beside = '$ref' in value && version !== '3.1';
    if (isSchema(kind, value) && 'default' in value && !beside) pointers.push(pointer);
  });
  if (pointers.length === 0) return;
  const ajv = await openAjv();
  try {
    ajv.addSchema(modernise(structuredClone(document)), 'document');
  } catch {
    // Schemas that take one `$id` twice: told when the operations are compiled.
    return;
  }
  for (const pointer of pointers) {
    const value = (resolvePointer(document, pointer) as Json)['default'];
    const validate = compile(ajv, pointer);
    if (!validate || holds(validate, value)) continue;
    const reason = explain(validate.errors?.at(-1));
    report(
      child(pointer, 'default'),
      `default ${show(value)} breaks its own schema: ${reason}`,
      'correct the default or the schema',
    );
  }
}

/** What a validation error says, with the allowed values where it has some. */
function explain(error: ErrorObject | undefined): string {
  if (!error) return 'it does not fit';
  const allowed: unknown = error.params['allowedValues'];
  const list = Array.isArray(allowed) ? `: ${allowed.map(show).join(', ')}` : '';
  const at = error.instancePath === '' ? '' : `${error.instancePath} `;
  return `${at}${error.message ?? error.keyword}${list}`;
}

async function openAjv(): Promise<Ajv2020> {
  const [{ Ajv2020: Ajv }, formats] = await Promise.all([
    import('ajv/dist/2020.js'),
    import('ajv-formats'),
  ]);
  const ajv = new Ajv({
    strict: false,
    validateSchema: false,
    logger: false,
    allErrors: true,
  });
  const { default: addFormats } = formats as unknown as {
    default: { default: (a: Ajv2020) => void };
  };
  addFormats.default(ajv);
  return ajv;
}

/** Ajv's comparison of values calls their toString and valueOf, which may be no functions. */
function holds(validate: ValidateFunction, value: unknown): boolean {
  try {
    return validate(value);
  } catch {
    return true;
  }
}

/** Undefined for a schema that other checks refuse already, such as one with a dangling `$ref`. */
function compile(ajv: Ajv2020, pointer: string): ValidateFunction | undefined {
  const fragment = pointer.split('/').map(encodeURIComponent).join('/');
  try {
    return ajv.compile({ $ref: `document#${fragment}` });
  } catch {
    return undefined;
  }
}

/** Schemas of 2.0 and 3.0 as 2020-12 ones, each in its place, so that pointers stay true. */
function modernise(document: Json): Json {
  visit(document, (kind: NodeKind, value) => {
    for (const key of ['example', 'examples', 'discriminator']) delete value[key];
    if (!isSchema(kind, value)) return;
    if (kind !== 'schema' || typeof value['required'] === 'boolean') delete value['required'];
    for (const [flag, bound] of [
      ['exclusiveMinimum', 'minimum'],
      ['exclusiveMaximum', 'maximum'],
    ] as const) {
      if (typeof value[flag] !== 'boolean') continue;
      const exclusive = value[flag];
      delete value[flag];
      if (!exclusive || value[bound] === undefined) continue;
      value[flag] = value[bound];
      delete value[bound];
    }
    const nullable = value['nullable'] === true || value['x-nullable'] === true;
    delete value['nullable'];
    if (value['type'] === 'file') delete value['type'];
    if (!nullable || typeof value['type'] !== 'string') return;
    value['type'] = [value['type'], 'null'];
  });
  return isObject(document) ? document : {};
}

/** Ajv, set up for the schemas of one document in one direction. */
import { createRequire } from 'node:module';
import type { Format, Options, ValidateFunction } from 'ajv';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { FuncatronError } from '../errors.ts';
import { createFormats } from './format.ts';
import { prepareHeirs, prepareSchema, refusals, type Direction } from './prepare.ts';
import type { Json, References } from './reference.ts';
import { uniqueItems } from './unique.ts';

export interface EngineOptions {
  direction: Direction;
  /** Finds all that is wrong instead of stopping at the first fault. */
  findsAll: boolean;
  /** Looks only at own properties; slower, needed where a schema names `constructor` and such. */
  ownOnly: boolean;
}

export interface Engine {
  /** Throws `contract_invalid` when the schema cannot be used. */
  compile(schema: unknown): ValidateFunction;
  /** Finds the prepared schemas that prepared schemas refer to. */
  readonly prepared: References;
}

/** Loads Ajv, synchronously: an engine is made within the first call that needs one. */
export function createEngine(references: References, options: EngineOptions): Engine {
  const { ajv, formats } = loadAjv({
    allErrors: options.findsAll,
    ownProperties: options.ownOnly,
    verbose: true,
  });
  const names = { component: new Map<Json, string>(), base: new Map<Json, string>() };
  const registered = new Map<string, Json>();
  const preparation = { references, direction: options.direction, formats, nameOf };
  const find = (name: string) => registered.get(name);
  const prepared: References = { document: references.document, find, resolve: (value) => value };
  return { compile, prepared };

  /** Registers a schema, and with it all that it refers to, when first named. */
  function nameOf(schema: Json, standing: 'component' | 'base'): string {
    const known = names[standing];
    let name = known.get(schema);
    if (name !== undefined) return name;
    name = `schema:${standing}:${known.size}`;
    known.set(schema, name);
    const copy = prepareSchema(schema, preparation, standing) as Json;
    const heirs = standing === 'base' ? [] : prepareHeirs(schema, preparation);
    if (heirs.length > 0) copy['allOf'] = [...((copy['allOf'] as Json[]) ?? []), ...heirs];
    registered.set(name, copy);
    ajv.addSchema(copy, name);
    return name;
  }

  function compile(schema: unknown): ValidateFunction {
    const target = references.resolve(schema);
    try {
      if (typeof target !== 'object') return ajv.compile(target !== false);
      const isBareRef = target !== schema && Object.keys(schema as Json).length === 1;
      const name = nameOf((isBareRef ? target : schema) as Json, 'component');
      return ajv.getSchema(name) as ValidateFunction;
    } catch (error) {
      throw error instanceof FuncatronError ? error : unusable(error, schema);
    }
  }
}

function unusable(error: unknown, schema: unknown): FuncatronError {
  const why = error instanceof Error ? error.message : String(error);
  const shown = JSON.stringify(schema).slice(0, 200);
  const detail = `A schema of the contract cannot be used: ${why}. Correct it: ${shown}`;
  return new FuncatronError('contract_invalid', detail, { cause: error });
}

function loadAjv(options: Options): { ajv: Ajv2020; formats: ReadonlySet<string> } {
  const require = createRequire(import.meta.url);
  const engine = require('ajv/dist/2020') as { Ajv2020: typeof Ajv2020 };
  const { fullFormats } = require('ajv-formats/dist/formats') as {
    fullFormats: Record<string, Format>;
  };
  const formats = createFormats(fullFormats);
  const ajv = new engine.Ajv2020({
    ...options,
    strict: false,
    // JSON such as 1e999 is read as Infinity, which is no number to anybody else.
    strictNumbers: true,
    validateSchema: false,
    addUsedSchema: false,
    discriminator: true,
    meta: false,
    logger: false,
    formats,
    code: { regExp: Object.assign(toRegExp, { code: 'toRegExp' }) },
  });
  ajv.removeKeyword('uniqueItems').addKeyword(uniqueItems);
  for (const keyword of Object.values(refusals)) {
    ajv.addKeyword({ keyword, validate: () => false, errors: false });
  }
  return { ajv, formats: new Set(Object.keys(formats)) };
}

/** Many documents hold patterns that only work without the `u` flag, such as `[\w-.]`. */
function toRegExp(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

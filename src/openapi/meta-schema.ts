/** The schemas of schemas, compiled: constant, but costly, so that this module is imported late. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** `verbose` for `condense`, which has to know which errors are of one branch. */
const options = { strict: false, allErrors: true, verbose: true, logger: false } as const;

/** Judges the structure of documents of 2.0, 3.0 and 3.1; compiles the schema of each once. */
export const structureValidator = new Validator({ ...options });

/** Judges whether a value is a JSON Schema 2020-12. */
export const validateSchema = new Ajv2020(options).getSchema(
  'https://json-schema.org/draft/2020-12/schema',
)!;

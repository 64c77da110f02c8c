/**
 * Whether a document has the structure its version prescribes, by the published schemas of the
 * OpenAPI Initiative.
 */
import type { CheckContext } from './check.ts';
import { condense, describeError } from './meta-error.ts';
import { visit } from './visit.ts';

type Json = Record<string, unknown>;

/** Most structural errors told at once: after these, the rest is noise. */
const errorsMax = 50;

export async function checkStructure({ document, report }: CheckContext): Promise<void> {
  const { structureValidator } = await import('./meta-schema.ts');
  // It resolves references in place, and reports them without a place: that is checked elsewhere.
  const judged = structureValidator.validate(structuredClone(document));
  const { errors } = await judged.catch(() => {
    // Its comparison of values calls their toString and valueOf.
    report('', 'the document has a key that no tool expects', 'rename keys such as toString');
    return { errors: undefined };
  });
  if (!Array.isArray(errors)) return;
  for (const error of condense(errors, document).slice(0, errorsMax)) {
    const { at, message, mend } = describeError(error, document);
    report(at, message, mend);
  }
}

/** Reports what is no JSON Schema 2020-12: the schema of 3.1 leaves the schemas in it open. */
export async function checkSchemaKeywords({ document, report }: CheckContext): Promise<void> {
  const roots: [schema: Json, pointer: string][] = [];
  let inside = '\0';
  visit(document, (kind, value, pointer) => {
    if (kind !== 'schema' || pointer.startsWith(`${inside}/`)) return;
    inside = pointer;
    roots.push([value, pointer]);
  });
  const { validateSchema } = await import('./meta-schema.ts');
  for (const [schema, pointer] of roots) {
    if (validateSchema(schema)) continue;
    for (const error of condense(validateSchema.errors ?? [], schema)) {
      const { at, message, mend } = describeError(error, schema);
      report(pointer + at, message, mend);
    }
  }
}

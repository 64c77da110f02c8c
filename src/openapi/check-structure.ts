/**
 * Whether a document has the structure its version prescribes, by the published schemas of the
 * OpenAPI Initiative.
 */
import type { CheckContext } from './check.ts';
import { condense, describeError } from './meta-error.ts';

/** Most structural errors told at once: after these, the rest is noise. */
const errorsMax = 50;

export async function checkStructure({ document, report }: CheckContext): Promise<void> {
  const { Validator } = await import('@seriousme/openapi-schema-validator');
  const validator = new Validator({ allErrors: true, verbose: true, logger: false });
  // It resolves references in place, and reports them without a place: that is checked elsewhere.
  const { errors } = await validator.validate(structuredClone(document));
  if (!Array.isArray(errors)) return;
  for (const error of condense(errors, document).slice(0, errorsMax)) {
    const { at, message, mend } = describeError(error, document);
    report(at, message, mend);
  }
}

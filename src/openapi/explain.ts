/** What the JSON Schema engine found, in plain sentences with JSON pointers. */
import type { ErrorObject } from 'ajv';
import { child, isObject } from './pointer.ts';
import { integerFault, mismatch, type Finding } from './plain-check.ts';
import { refusals } from './prepare.ts';
import type { References } from './reference.ts';
import { list, typeBits, typeNames, typesOf, valueType } from './shape.ts';

/** A fault in one of many alternatives leaves as many behind. */
const faultsPerFinding = 25;

type Fault = ErrorObject<string, Record<string, unknown>>;

/**
 * Findings, at most `max`, without faults that only repeat what a better one says. `prepared` finds
 * the schemas that the faults' own schemas refer to.
 */
export function explain(all: readonly Fault[], prepared: References, max: number): Finding[] {
  // Of a list with thousands of faults the first tell enough, and take no time to sort out.
  const faults = all.slice(0, max * faultsPerFinding);
  const dropped = new Set<Fault>();
  for (const [index, fault] of faults.entries()) {
    const { keyword, params } = fault;
    const isMissingTag = keyword === 'discriminator' && params['tagValue'] === undefined;
    if (keyword === 'if' || keyword === 'propertyNames' || isMissingTag) dropped.add(fault);
    if (keyword === 'oneOf' || keyword === 'anyOf') {
      sift(fault, faults.slice(0, index), dropped, prepared);
    }
  }
  const findings = new Map<string, Finding>();
  for (const fault of faults) {
    if (dropped.has(fault)) continue;
    const finding = describe(fault);
    findings.set(`${finding.at}\n${finding.message}`, finding);
    if (findings.size >= max) break;
  }
  return [...findings.values()];
}

/**
 * Of a failed `oneOf` or `anyOf` keeps what one branch found, when the value's type leaves only that
 * one; otherwise the summary, and what was found deeper inside.
 */
function sift(
  fault: Fault,
  earlier: readonly Fault[],
  dropped: Set<Fault>,
  prepared: References,
): void {
  const at = fault.instancePath;
  const inner = earlier.filter(
    (one) => one.instancePath === at || one.instancePath.startsWith(`${at}/`),
  );
  const bit = valueType(fault.data);
  const fitting = list(fault.schema).filter((part) => (typesOf(part, prepared) & bit) !== 0);
  const isTypeHere = (one: Fault) => one.instancePath === at && one.keyword === 'type';
  const isTold = fitting.length === 1 && inner.some((one) => !isTypeHere(one));
  if (isTold) dropped.add(fault);
  for (const one of inner) {
    if (isTold ? isTypeHere(one) : one.instancePath === at) dropped.add(one);
  }
}

function describe(fault: Fault): Finding {
  const { instancePath: at, params, keyword, data } = fault;
  const inside = (key: string, message: string): Finding => ({
    at: child(at, String(params[key])),
    message,
  });
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return inside('missingProperty', 'is required');
    case 'additionalProperties':
      return inside('additionalProperty', 'is not allowed');
    case 'unevaluatedProperties':
      return inside('unevaluatedProperty', 'is not allowed');
    case 'discriminator':
      return inside('tag', tagMessage(fault));
    case 'false schema':
      return { at, message: 'is not allowed' };
    case refusals.request:
      return { at, message: 'is read-only: a request must not carry it' };
    case refusals.response:
      return { at, message: 'is write-only: a response must not carry it' };
    case 'type':
      return { at, message: mismatch(typeBits(params['type']), data) };
    case 'enum':
      return { at, message: `must be ${choices(list(params['allowedValues']))}` };
    case 'const':
      return { at, message: `must be ${choices([params['allowedValue']])}` };
    case 'format':
      return { at, message: formatMessage(String(params['format']), data) };
    case 'oneOf':
    case 'anyOf':
      return { at, message: alternativeMessage(fault) };
    default:
      return { at, message: fault.message?.replace('NOT', 'not') ?? `breaks ${keyword}` };
  }
}

function choices(values: readonly unknown[]): string {
  const shown = values.slice(0, 20).map((value) => JSON.stringify(value));
  if (values.length > shown.length) shown.push('…');
  return shown.length === 1 ? shown[0]! : `one of ${shown.join(', ')}`;
}

function formatMessage(format: string, data: unknown): string {
  if (format === 'int32' || format === 'int64') return integerFault(format, data);
  return `must be of format ${format === 'int64-text' ? 'int64' : format}`;
}

function tagMessage({ parentSchema, params }: Fault): string {
  const tags = list(parentSchema?.['oneOf']).flatMap((branch) => {
    const declared = isObject(branch) ? branch['properties'] : undefined;
    const tag = isObject(declared) ? declared[String(params['tag'])] : undefined;
    return isObject(tag) ? list(tag['enum']) : [];
  });
  return `must be ${choices(tags)}`;
}

function alternativeMessage({ schema, params, data }: Fault): string {
  const [first, second] = list(params['passingSchemas']).map((index) => Number(index) + 1);
  if (second !== undefined) {
    return `must match one alternative only, but matches both number ${first} and ${second}`;
  }
  const count = list(schema).length;
  return `matches none of ${count} alternatives (it is ${typeNames(valueType(data))})`;
}

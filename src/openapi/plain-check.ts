/**
 * Checks for schemas that only name a type, as most parameters have: they need no JSON Schema
 * engine, and a bundle that has no others never loads one.
 */
import { isObject } from './pointer.ts';
import type { References } from './reference.ts';
import { readNumber } from './coerce.ts';
import { type, typeNames, typesOf, valueType } from './shape.ts';

/** One thing wrong with a value: where, as a JSON pointer into it, and what. */
export interface Finding {
  at: string;
  message: string;
}

/** What is wrong with a value, or undefined. */
export type Check = (value: unknown) => Finding[] | undefined;

/** Keywords that refuse no value by themselves, or are looked at below. */
const harmless: ReadonlySet<string> = new Set([
  'type',
  'format',
  'title',
  'description',
  'default',
  'example',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'externalDocs',
  'xml',
  '$comment',
  'contentMediaType',
  'collectionFormat',
]);

/** Formats that say no more than the type, once integers are within bounds. */
const looseFormats: ReadonlySet<unknown> = new Set([
  undefined,
  'float',
  'double',
  'password',
  'binary',
  'int32',
  'int64',
]);

const integerMax: Record<string, number> = {
  int32: 2 ** 31 - 1,
  int64: Number.MAX_SAFE_INTEGER,
};

/**
 * A check for a schema that only names scalar types, `open` for one that lets everything pass, and
 * undefined for a schema that says more.
 */
export function compilePlainCheck(
  schema: unknown,
  references: References,
): Check | 'open' | undefined {
  if (schema === true || schema === undefined) return 'open';
  const target = references.resolve(schema);
  if (!isObject(target)) return target === true ? 'open' : undefined;
  // Siblings of a `$ref` count in 3.1: only a bare one stands for its target.
  if (target !== schema && Object.keys(schema as object).length > 1) return undefined;
  const known = Object.keys(target).every((key) => harmless.has(key) || key.startsWith('x-'));
  const format = target['format'];
  if (!known || !looseFormats.has(format)) return undefined;
  const bits = typesOf(target, references);
  if (bits === type.any) return 'open';
  if ((bits & (type.array | type.object)) !== 0) return undefined;
  const max = integerMax[String(format)];
  // As text it means digits, which is more than a type.
  if (max !== undefined && (bits & type.string) !== 0) return undefined;
  return (value) => {
    if ((valueType(value) & bits) === 0) return [{ at: '', message: mismatch(bits, value) }];
    if (max === undefined || typeof value !== 'number') return undefined;
    if (value >= -max - 1 && value <= max && Number.isInteger(value)) return undefined;
    return [{ at: '', message: integerFault(String(format), value) }];
  };
}

/** What to say of a value of the wrong type. */
export function mismatch(bits: number, value: unknown): string {
  const wantsNumber = (bits & type.number) !== 0 && (bits & type.string) === 0;
  if (wantsNumber && typeof value === 'string') {
    const number = readNumber(value);
    if (number !== undefined && Math.abs(number) > Number.MAX_SAFE_INTEGER) return inexact;
  }
  return `must be ${typeNames(bits)}${value === '' ? ', not empty' : ''}`;
}

/** What to say of a number outside an integer format. */
export function integerFault(format: string, value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return 'must be integer';
  return format === 'int64' ? inexact : `must be an integer of 32 bits (${format})`;
}

const inexact =
  'is beyond 2^53 - 1, where numbers lose digits; declare it as type string, format int64';

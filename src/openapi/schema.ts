/**
 * JSON Schema validation of one document's schemas (2020-12, as OpenAPI 3.1 has it). Schemas are
 * handed to the engine one by one, when something first reaches them, and refer to each other by
 * name: nothing is dereferenced, so recursion is free, and what no call reaches costs nothing.
 */
import type { Direction } from './prepare.ts';
import { createEngine, type Engine } from './engine.ts';
import { explain } from './explain.ts';
import { compilePlainCheck, type Check } from './plain-check.ts';
import { createReferences, type Json, type References } from './reference.ts';
import { surveyDocument, type Survey } from './survey.ts';

export interface Schemas {
  readonly references: References;
  /**
   * A check for a schema of the document, or for one made of its parts. Undefined when the schema
   * lets everything pass. Throws `contract_invalid` when it is no schema.
   */
  compile(schema: unknown, direction: Direction): Check | undefined;
}

export interface SchemaLimits {
  /** Findings reported of one value. */
  findingsMax: number;
  /** Parts of a value up to which all that is wrong is looked for; beyond, only the first. */
  explainedMax: number;
}

const usualLimits: SchemaLimits = { findingsMax: 20, explainedMax: 10_000 };

/** The schemas of a whole OpenAPI 3.1 document. Costs nothing until something is compiled. */
export function createSchemas(document: Json, limits: SchemaLimits = usualLimits): Schemas {
  const references = createReferences(document);
  const engines = new Map<string, Engine>();
  let survey: Survey | undefined;
  const engineFor = (asked: Direction, findsAll: boolean): Engine => {
    survey ??= surveyDocument(document);
    // Without marks both directions are the same, and share what is compiled.
    const direction = survey.isMarked ? asked : 'request';
    const key = `${direction} ${findsAll}`;
    let engine = engines.get(key);
    if (!engine) {
      const ownOnly = survey.namesPrototype;
      engine = createEngine(references, { direction, findsAll, ownOnly });
      engines.set(key, engine);
    }
    return engine;
  };
  const compile = (schema: unknown, direction: Direction): Check | undefined => {
    const plain = compilePlainCheck(schema, references);
    if (plain === 'open') return undefined;
    if (plain) return plain;
    const validate = engineFor(direction, false).compile(schema);
    return guardDepth((value) => {
      if (validate(value)) return undefined;
      const findsAll = countParts(value, limits.explainedMax) < limits.explainedMax;
      const engine = engineFor(direction, findsAll);
      const judge = engine.compile(schema);
      judge(value);
      return explain(judge.errors ?? [], engine.prepared, limits.findingsMax);
    });
  };
  return { references, compile };
}

/** A value nested so deeply that checking it overflows the stack is refused: no crash. */
function guardDepth(check: Check): Check {
  return (value) => {
    try {
      return check(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return [{ at: '', message: 'is nested too deeply to be checked' }];
    }
  };
}

/** How many parts a value has, counted no further than about `max`. */
function countParts(value: unknown, max: number): number {
  const stack: unknown[] = [value];
  let count = 0;
  while (stack.length > 0 && count < max) {
    const part = stack.pop();
    count++;
    if (typeof part !== 'object' || part === null) continue;
    if (Array.isArray(part) && part.length > max) return max;
    for (const key in part) {
      if (stack.push((part as Json)[key]) > max) return max;
    }
  }
  return count;
}

/**
 * Fills the defaults of a schema into a value. What `oneOf` and `anyOf` say is left alone, unless a
 * discriminator tells which branch is meant: a branch that does not hold must not change the value.
 */
import { choiceOf } from './discriminator.ts';
import { isObject } from './pointer.ts';
import { put, type Json, type References } from './reference.ts';
import { defaultOf, facets, isMarked, itemsOf } from './shape.ts';

/** Fills in place; whether anything was filled. */
export type Fill = (value: unknown) => boolean;

/** What to fill into values of one schema. Recursive schemas make a graph of plans. */
interface Plan {
  fields: Map<string, Field>;
  others: Plan | undefined;
  first: Plan[];
  items: Plan | undefined;
  tag: { property: string; plans: Map<string, Plan> } | undefined;
}

interface Field {
  /** Undefined for none. */
  value: unknown;
  plan: Plan;
}

/** Undefined when nothing the schema reaches has a default, as is usual. For requests only. */
export function compileFill(schema: unknown, references: References): Fill | undefined {
  const plan = createPlan(schema, references, new Map());
  if (!reachesDefault(plan, new Set())) return undefined;
  return (value) => fill(plan, value);
}

function createPlan(schema: unknown, references: References, known: Map<unknown, Plan>): Plan {
  const earlier = known.get(schema);
  if (earlier) return earlier;
  const plan: Plan = {
    fields: new Map(),
    others: undefined,
    first: [],
    items: undefined,
    tag: undefined,
  };
  known.set(schema, plan);
  const inner = (part: unknown) => createPlan(part, references, known);
  for (const facet of facets(schema, references, false)) {
    for (const [name, property] of Object.entries(facet['properties'] ?? {})) {
      // A default for what a request must not carry is the response's business.
      const isHidden = isMarked(property, 'readOnly', references);
      const value = isHidden ? undefined : defaultOf(property, references);
      plan.fields.set(name, { value, plan: inner(property) });
    }
    if (isObject(facet['additionalProperties'])) plan.others = inner(facet['additionalProperties']);
    const choice = choiceOf(facet, references);
    if (!choice) continue;
    const plans = choice.branches.flatMap(({ tags, schema: branch }) =>
      tags.map((tag): [string, Plan] => [tag, inner(branch)]),
    );
    plan.tag = { property: choice.property, plans: new Map(plans) };
  }
  const { first, rest } = itemsOf(schema, references, false);
  plan.first = first.map(inner);
  if (rest !== undefined) plan.items = inner(rest);
  return plan;
}

function reachesDefault(plan: Plan, seen: Set<Plan>): boolean {
  if (seen.has(plan)) return false;
  seen.add(plan);
  const fields = [...plan.fields.values()];
  if (fields.some(({ value }) => value !== undefined)) return true;
  const plans = [...fields.map((field) => field.plan), ...plan.first];
  plans.push(...(plan.tag?.plans.values() ?? []));
  for (const one of [plan.items, plan.others]) if (one) plans.push(one);
  return plans.some((one) => reachesDefault(one, seen));
}

function fill(plan: Plan, value: unknown): boolean {
  if (Array.isArray(value)) {
    let isFilled = false;
    value.forEach((item, index) => {
      const inner = plan.first[index] ?? plan.items;
      if (inner && fill(inner, item)) isFilled = true;
    });
    return isFilled;
  }
  return isObject(value) && fillObject(plan, value);
}

function fillObject(plan: Plan, value: Json): boolean {
  let isFilled = false;
  for (const [name, field] of plan.fields) {
    if (Object.hasOwn(value, name)) isFilled = fill(field.plan, value[name]) || isFilled;
    else if (field.value !== undefined) {
      put(value, name, structuredClone(field.value));
      isFilled = true;
    }
  }
  if (plan.others) {
    for (const [name, inner] of Object.entries(value)) {
      if (!plan.fields.has(name)) isFilled = fill(plan.others, inner) || isFilled;
    }
  }
  const tag = plan.tag && Object.hasOwn(value, plan.tag.property) && value[plan.tag.property];
  const chosen = typeof tag === 'string' ? plan.tag?.plans.get(tag) : undefined;
  return (chosen !== undefined && fill(chosen, value)) || isFilled;
}

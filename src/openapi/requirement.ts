/** Security requirements of an operation, their schemes looked up. */
import type { Issue } from '../message.ts';
import type { SecurityRequirement, SecurityScheme } from './contract.ts';
import { child, follow, isObject } from './pointer.ts';

type Json = Record<string, unknown>;

export interface Requirements {
  security: readonly SecurityRequirement[];
  issues: Issue[];
}

/**
 * Looks a `security` list of a 3.1 document up; an empty or absent list requires nothing. A scheme
 * that is not declared is an issue, never a free pass.
 */
export function readRequirements(document: Json, list: unknown, at: string): Requirements {
  const security: SecurityRequirement[] = [];
  const issues: Issue[] = [];
  if (list === undefined) return { security, issues };
  if (!Array.isArray(list)) {
    const mend = 'write a list of requirements; [] for none';
    return { security, issues: [{ in: 'document', at, message: 'security is no list', mend }] };
  }
  list.forEach((requirement, index) => {
    const schemes: SecurityRequirement['schemes'][number][] = [];
    for (const [name, scopes] of Object.entries(isObject(requirement) ? requirement : {})) {
      const scheme = findScheme(document, name);
      if (scheme) schemes.push({ name, scheme, scopes: Array.isArray(scopes) ? scopes : [] });
      else issues.push(undeclared(name, child(child(at, index), name)));
    }
    security.push({ schemes });
  });
  return { security, issues };
}

/** The scheme of that name in a 3.1 document, with what checking a caller needs of it. */
function findScheme(document: Json, name: string): SecurityScheme | undefined {
  const components = isObject(document['components']) ? document['components'] : {};
  const declared = components['securitySchemes'];
  if (!isObject(declared) || !Object.hasOwn(declared, name)) return undefined;
  const scheme = follow(document, declared[name])?.value;
  if (!scheme) return undefined;
  const wanted = ['type', 'in', 'name', 'scheme', 'openIdConnectUrl'];
  const kept = wanted.filter((key) => typeof scheme[key] === 'string');
  const copy = Object.fromEntries(kept.map((key) => [key, scheme[key]]));
  return copy as unknown as SecurityScheme;
}

function undeclared(name: string, at: string): Issue {
  return {
    in: 'document',
    at,
    message: `security scheme ${name} is not declared`,
    mend: 'declare it under components.securitySchemes (2.0: securityDefinitions)',
  };
}

/** Whether security requirements name schemes and scopes that the document declares. */
import type { CheckContext } from './check.ts';
import { nearest } from './nearest.ts';
import { child, follow, isObject } from './pointer.ts';
import { visit } from './visit.ts';

type Json = Record<string, unknown>;

export function checkSecurity(context: CheckContext): void {
  const { document, version } = context;
  const components = isObject(document['components']) ? document['components'] : {};
  const declared =
    version === '2.0' ? document['securityDefinitions'] : components['securitySchemes'];
  const schemes = isObject(declared) ? declared : {};
  visit(document, (kind, value, pointer) => {
    if (kind !== 'document' && kind !== 'operation') return;
    const list = value['security'];
    if (!Array.isArray(list)) return;
    list.forEach((requirement, index) => {
      const at = child(child(pointer, 'security'), index);
      for (const [name, scopes] of Object.entries(isObject(requirement) ? requirement : {}))
        checkRequirement(context, schemes, name, scopes, child(at, name));
    });
  });
}

function checkRequirement(
  { document, version, report }: CheckContext,
  schemes: Json,
  name: string,
  scopes: unknown,
  at: string,
): void {
  const home = version === '2.0' ? 'securityDefinitions' : 'components.securitySchemes';
  if (!Object.hasOwn(schemes, name)) {
    const near = nearest(name, Object.keys(schemes));
    const mend = near ? `did you mean ${near}?` : `declare it under ${home}`;
    return report(at, `security scheme ${name} is not declared`, mend);
  }
  const scheme = follow(document, schemes[name])?.value;
  const list = Array.isArray(scopes) ? scopes : [];
  if (scheme?.['type'] === 'oauth2') {
    const known = declaredScopes(scheme);
    for (const scope of list) {
      if (known.has(String(scope))) continue;
      const mend = nearest(String(scope), known);
      report(
        at,
        `scope ${String(scope)} is not declared by ${name}`,
        mend ? `did you mean ${mend}?` : `declare it under ${home}.${name}`,
      );
    }
  } else if (list.length > 0 && version !== '3.1' && scheme?.['type'] !== 'openIdConnect')
    report(at, `${name} is ${String(scheme?.['type'])}, which has no scopes`, 'write []');
}

/** 2.0 has scopes on the scheme, 3.x on each flow. */
function declaredScopes(scheme: Json): Set<string> {
  const flows = isObject(scheme['flows']) ? Object.values(scheme['flows']) : [];
  const holders = [scheme, ...flows].filter(isObject);
  return new Set(holders.flatMap(({ scopes }) => (isObject(scopes) ? Object.keys(scopes) : [])));
}

/** Whether every `$ref` leads somewhere. */
import { existsSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import type { CheckContext } from './check.ts';
import { targetOf } from './file-ref.ts';
import { child, follow, isObject } from './pointer.ts';
import { createReferences } from './reference.ts';
import { mayDangle } from './tolerance.ts';
import { visit } from './visit.ts';
import type { NodeKind } from './visit.ts';

/**
 * Reports references that lead nowhere, in a circle, or out of the document. With `root`, files in
 * that folder may be referred to, since a build brings them in.
 */
export function checkReferences(context: CheckContext, file: string, root?: string): void {
  const { document, report, tolerate } = context;
  const references = createReferences(document);
  const leads = (ref: string) => {
    try {
      return references.find(ref) !== undefined;
    } catch {
      return false;
    }
  };
  const check = (ref: string, at: string, kind: NodeKind): void => {
    if (leads(ref)) return;
    if (ref.startsWith('#'))
      return (mayDangle(kind) ? tolerate : report)(
        at,
        `${ref} leads nowhere`,
        'correct it, or add what it names',
      );
    if (/^[a-z][a-z0-9+.-]*:/i.test(ref) || ref.startsWith('//'))
      return report(at, `${ref} is on another server`, 'put a copy into the bundle folder');
    const path = targetOf(ref, file).file;
    if (root === undefined)
      return report(
        at,
        `${ref} is another file`,
        'run funcatron build, which brings files together',
      );
    const within = relative(resolve(root), path);
    if (within.startsWith(`..${sep}`) || within === '..')
      return report(at, `${ref} is outside the bundle folder`, `move the file into ${root}`);
    if (!existsSync(path))
      return report(at, `${ref} leads nowhere: there is no such file`, 'correct the path');
  };
  visit(document, (kind, value, pointer) => {
    const ref = value['$ref'];
    if (typeof ref === 'string') {
      check(ref, child(pointer, '$ref'), kind);
      if (ref.startsWith('#/') && leads(ref) && kind !== 'schema' && !follow(document, value))
        report(child(pointer, '$ref'), `${ref} goes round in a circle`, 'end the chain somewhere');
    }
    if (kind !== 'schema' || !isObject(value['discriminator'])) return;
    const { mapping } = value['discriminator'];
    for (const [name, target] of Object.entries(isObject(mapping) ? mapping : {})) {
      const at = `${pointer}/discriminator${child('/mapping', name)}`;
      if (typeof target !== 'string') continue;
      const named = /^[A-Za-z0-9._-]+$/.test(target) && hasSchema(document, target);
      if (!named) check(target, at, 'link');
    }
  });
}

function hasSchema(document: Record<string, unknown>, name: string): boolean {
  const components = isObject(document['components']) ? document['components'] : {};
  const { schemas } = components;
  return isObject(schemas) && Object.hasOwn(schemas, name);
}

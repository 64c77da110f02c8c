/** Whether `x-funcatron` can be read wherever it stands, and stands where it is read. */
import type { Issue } from '../message.ts';
import type { CheckContext } from './check.ts';
import { fallbackIssue } from './fallback.ts';
import { listOperations, namesProcess } from './operation-source.ts';
import { child } from './pointer.ts';
import { readDocumentSettings, readOperationSettings } from './settings.ts';
import { visit } from './visit.ts';

export function checkSettings({ document, report }: CheckContext): Issue[] {
  const found = listOperations(document);
  const usesProcess = found.some(({ operation }) => namesProcess(operation));
  const own = readDocumentSettings(document['x-funcatron'], usesProcess);
  const ids = found.map(({ operation }) => String(operation['operationId']));
  const lacking = fallbackIssue(own.settings.fallback, ids);
  const issues = [...own.issues, ...(lacking ? [lacking] : [])];
  for (const { operation, pointer } of found)
    issues.push(...readOperationSettings(operation['x-funcatron'], own.settings, pointer).issues);
  visit(document, (kind, value, pointer) => {
    if (kind === 'document' || kind === 'operation' || value['x-funcatron'] === undefined) return;
    report(
      child(pointer, 'x-funcatron'),
      `x-funcatron has no effect on a ${kind}`,
      'move it to the document or to an operation',
    );
  });
  return issues;
}

/**
 * Everything wrong with a contract, told at once, each thing with its line and its mend. Builds
 * and uploads refuse a document that has issues; loading one that has none needs no checks.
 */
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { readBase } from './base.ts';
import { checkDefaults } from './check-default.ts';
import { checkPaths } from './check-path.ts';
import { checkReferences } from './check-reference.ts';
import { checkSchemas } from './check-schema.ts';
import { checkSecurity } from './check-security.ts';
import { checkSettings } from './check-setting.ts';
import { checkSchemaKeywords, checkStructure } from './check-structure.ts';
import { documentLimits, parseDocument } from './document.ts';
import type { DocumentLimits, DocumentSource, ParsedDocument } from './document.ts';
import { listRefs } from './file-ref.ts';
import { LazyOperation } from './lazy-operation.ts';
import { pointerOf } from './pointer.ts';
import { isServedWithout } from './tolerance.ts';
import { openApiVersion, versionIssue } from './upgrade.ts';
import type { OpenApiVersion } from './upgrade.ts';

export interface CheckOptions {
  /** An overlay to apply first, as `loadContract` does. */
  overlay?: unknown;
  /** The bundle folder: files in it may be referred to, as a build brings them in. */
  root?: string;
  limits?: DocumentLimits;
  /**
   * For bundles of the JVM, which may be of the first Funcatron's time: takes what that let pass, if
   * the document is a Swagger 2.0. Without it, these are issues like all others.
   */
  warn?: (issue: Issue) => void;
}

interface Findings {
  issues: Issue[];
  warnings: Issue[];
}

export interface CheckContext {
  /** The document as it is written: pointers name places in its text. */
  document: Record<string, unknown>;
  version: OpenApiVersion;
  report(at: string, message: string, mend: string): void;
  /** As `report`, of what the first Funcatron let pass. */
  tolerate(at: string, message: string, mend: string): void;
}

/** Every issue of a document, by line; an empty list for a good one. Throws nothing of its own. */
export async function checkDocument(
  source: DocumentSource,
  options: CheckOptions = {},
): Promise<Issue[]> {
  try {
    const parsed = parseDocument(source, options.limits ?? documentLimits);
    const found = await findIssues(parsed, source, options);
    const inOrder = (issues: Issue[]) =>
      issues.map((issue) => locate(issue, source, parsed)).sort(byLine);
    for (const issue of inOrder(found.warnings)) options.warn?.(issue);
    return inOrder(found.issues);
  } catch (thrown) {
    if (thrown instanceof FuncatronError && thrown.errors) return thrown.errors;
    throw thrown;
  }
}

async function findIssues(
  parsed: ParsedDocument,
  source: DocumentSource,
  options: CheckOptions,
): Promise<Findings> {
  let document = parsed.value;
  if (options.overlay !== undefined && options.overlay !== null) {
    const { applyOverlay } = await import('./overlay.ts');
    document = (await applyOverlay(document, options.overlay)).document;
  }
  const version = openApiVersion(document);
  if (!version) return { issues: [versionIssue(document)], warnings: [] };
  const issues = new Map<string, Issue>();
  const warnings = new Map<string, Issue>();
  const addTo = (found: Map<string, Issue>, issue: Issue) => {
    const key = `${issue.at} ${issue.message}`;
    if (!found.has(key)) found.set(key, issue);
  };
  const add = (issue: Issue) => addTo(issues, issue);
  const report = (at: string, message: string, mend: string) =>
    add({ in: 'document', at, message, mend });
  const passed = options.warn && version === '2.0' ? warnings : issues;
  const tolerate = (at: string, message: string, mend: string) =>
    addTo(passed, { in: 'document', at, message, mend });
  const context: CheckContext = { document, version, report, tolerate };
  readBase(document, version).issues.forEach(add);
  checkSettings(context).forEach(add);
  checkPaths(context);
  checkReferences(context, source.file, options.root);
  checkSecurity(context);
  checkSchemas(context);
  await checkDefaults(context);
  // What has been told in our own words is not told again in the words of a meta-schema.
  const told = new Set([...issues.values(), ...warnings.values()].map((issue) => issue.at));
  const tellRest = (at: string, message: string, mend: string) => {
    if (!isTold(told, at)) (isServedWithout(at) ? tolerate : report)(at, message, mend);
  };
  await checkStructure({ ...context, report: tellRest });
  if (version === '3.1') await checkSchemaKeywords({ ...context, report: tellRest });
  // What refers to other files can only be compiled after a build has brought them in.
  const whole = listRefs(document).length === 0;
  if (whole && issues.size === 0) await compileAll(source, options.overlay, add);
  return { issues: [...issues.values()], warnings: [...warnings.values()] };
}

function isTold(told: ReadonlySet<string>, at: string): boolean {
  return told.has(at) || [...told].some((other) => other.startsWith(`${at}/`));
}

/** The last word: whatever no check has foreseen shows when every operation is made ready. */
async function compileAll(
  source: DocumentSource,
  overlay: unknown,
  add: (issue: Issue) => void,
): Promise<void> {
  const [{ loadContract }, { compileWhole }] = await Promise.all([
    import('./load.ts'),
    import('./operation.ts'),
  ]);
  const attempt = async (at: string, act: () => unknown): Promise<void> => {
    try {
      await act();
    } catch (thrown) {
      if (!(thrown instanceof FuncatronError)) throw thrown;
      const mend = 'correct what the message names';
      const issue: Issue = { in: 'document', at, message: thrown.message, mend };
      (thrown.errors ?? [issue]).forEach(add);
    }
  };
  await attempt('', async () => {
    const contract = await loadContract(source, { id: '', overlay });
    for (const operation of contract.operations) {
      const at = pointerOf(['paths', operation.template, operation.method.toLowerCase()]);
      if (!(operation instanceof LazyOperation)) continue;
      await attempt(at, () => compileWhole(operation.compile()));
    }
    const { checkTriggers } = await import('./check-trigger.ts');
    for (const issue of checkTriggers(contract)) add(issue);
  });
}

function locate(issue: Issue, source: DocumentSource, parsed: ParsedDocument): Issue {
  return { ...issue, file: source.file, line: issue.line ?? parsed.locate(issue.at) };
}

function byLine(a: Issue, b: Issue): number {
  return (a.line ?? 0) - (b.line ?? 0);
}

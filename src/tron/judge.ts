/** Whether a bundle is sound, as far as it shows without running its code. */
import type { BundleFacts, ContractFile } from '../bundle/read.ts';
import type { Issue } from '../message.ts';
import type { Contract } from '../openapi/contract.ts';
import type { BundleRecord } from '../store/store.ts';

export interface Uploaded {
  bundle: BundleRecord;
  /** The contract's document as it is written. */
  document: Record<string, unknown>;
  /** What the first Funcatron let pass, and is let pass. */
  warnings: Issue[];
}

/**
 * What is to be remembered of a bundle file whose entries were read. Rejects with `contract_invalid`, and
 * of a JAR with `handlers_missing` or `bundle_invalid`.
 */
export async function judge(path: string, facts: BundleFacts): Promise<Uploaded> {
  const [{ invalidContract, readDocument }, { loadContract }] = await Promise.all([
    import('../openapi/document.ts'),
    import('../openapi/load.ts'),
  ]);
  const warnings: Issue[] = [];
  const issues = await judgeContract(path, facts.contract, { warnings });
  if (issues.length > 0) throw invalidContract(issues);
  const { sha, kind, bytes } = facts;
  const contract = await loadContract(facts.contract, { id: sha });
  if (kind === 'jar' || contract.settings.runtime === 'jvm') await judgeJar(path, contract);
  const { name, version, host, basePath } = contract;
  const bundle = { sha, kind, bytes, name, version, host, basePath, uploadedAt: Date.now() };
  return { bundle, document: readDocument(facts.contract), warnings };
}

/** What is wrong with the contract of a bundle file; of one for the JVM, warnings apart. */
export async function judgeContract(
  path: string,
  contract: ContractFile,
  { overlay, warnings = [] }: { overlay?: unknown; warnings?: Issue[] },
): Promise<Issue[]> {
  const [{ checkDocument }, { servesJvm }] = await Promise.all([
    import('../openapi/check.ts'),
    import('../bundle/jvm-bundle.ts'),
  ]);
  const warn = (issue: Issue): void => void warnings.push(issue);
  const isJvm = await servesJvm(path, contract);
  return checkDocument(contract, { overlay, ...(isJvm && { warn }) });
}

/** What a JVM serves: a JAR may hold the code of another runtime. Rejects as `judge` does. */
export async function judgeJar(path: string, { settings, operations }: Contract): Promise<void> {
  if ((settings.runtime ?? 'jvm') !== 'jvm') return;
  const [{ checkJar }, { nearest }] = await Promise.all([
    import('../bundle/jar.ts'),
    import('../openapi/nearest.ts'),
  ]);
  const funcs = operations.map(({ operationId, method, template }) => {
    return { operationId, operation: `${method} ${template}` };
  });
  await checkJar(path, funcs, nearest);
}

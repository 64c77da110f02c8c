/** What every store adapter must do, as tests; run by an adapter's own test file. */
import { describe, test } from 'node:test';
import { callCases, reopenedCallCases } from './conformance-call.ts';
import type { Bench, Cases, FilesHarness, StoreHarness } from './conformance-bench.ts';
import { filesCases } from './conformance-files.ts';
import { leaseCases, reopenedLeaseCases } from './conformance-lease.ts';
import { letterCases, reopenedLetterCases } from './conformance-letter.ts';
import { reopenedStateCases, stateCases } from './conformance-state.ts';
import { reopenedTallyCases, tallyCases } from './conformance-tally.ts';
import type { Stores } from './store.ts';

/** Bundles, routes, tokens, settings, leases and counts. */
export function runStoreConformance(harness: StoreHarness): void {
  const cases = { ...stateCases, ...leaseCases, ...tallyCases };
  const reopened = { ...reopenedStateCases, ...reopenedLeaseCases, ...reopenedTallyCases };
  runCases(`store ${harness.name}`, harness, cases, reopened);
}

/** Asynchronous calls, idempotency keys and dead letters. */
export function runCallStoreConformance(harness: StoreHarness): void {
  const reopened = { ...reopenedCallCases, ...reopenedLetterCases };
  runCases(`calls in ${harness.name}`, harness, { ...callCases, ...letterCases }, reopened);
}

/** The bundles' bytes. */
export function runBundleFilesConformance(harness: FilesHarness): void {
  void describe(`bundle files ${harness.name}`, () => {
    for (const [name, run] of Object.entries(filesCases))
      void test(name, { skip: harness.skip?.[name] ?? false }, () => run(harness));
  });
}

function runCases(name: string, harness: StoreHarness, cases: Cases, reopened: Cases): void {
  const alone = !harness.reopen && 'does not outlive its process';
  void describe(name, () => {
    for (const [title, run] of Object.entries(cases))
      void test(title, { skip: harness.skip?.[title] ?? false }, () => onBench(harness, run));
    for (const [title, run] of Object.entries(reopened))
      void test(title, { skip: harness.skip?.[title] ?? alone }, () => onBench(harness, run));
  });
}

async function onBench(harness: StoreHarness, run: Cases[string]): Promise<void> {
  const stores = await harness.open();
  const opened: Stores[] = [stores];
  const another = async (): Promise<Stores> => {
    const again = await harness.reopen!(stores);
    opened.push(again);
    return again;
  };
  const reopen = async (): Promise<Stores> => {
    await stores.close();
    return another();
  };
  const bench: Bench = { stores, another, reopen };
  try {
    await run(bench);
  } finally {
    for (const one of opened) await one.close();
  }
}

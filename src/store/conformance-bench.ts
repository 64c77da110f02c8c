/** What the cases of a store's conformance work with. */
import assert from 'node:assert/strict';
import { FuncatronError } from '../errors.ts';
import type { BundleFiles, Stores } from './store.ts';

export interface StoreHarness {
  name: string;
  /** Empty; what it needs is cleaned up by the harness. */
  open(): Promise<Stores>;
  /** The same, opened once more. Absent when nothing outlives its process. */
  reopen?(stores: Stores): Promise<Stores>;
  /** Case name to the reason why this adapter cannot pass it. */
  skip?: Readonly<Record<string, string>>;
}

export interface FilesHarness {
  name: string;
  /** Empty. */
  open(): Promise<BundleFiles>;
  /** The same, as another process finds it. */
  reopen(files: BundleFiles): Promise<BundleFiles>;
  skip?: Readonly<Record<string, string>>;
}

export interface Bench {
  stores: Stores;
  /** Opens the same once more, beside it. */
  another(): Promise<Stores>;
  /** Closes it, then opens it again. */
  reopen(): Promise<Stores>;
}

export type Cases = Record<string, (bench: Bench) => Promise<void>>;

export async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof FuncatronError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** What a place for bundles' bytes must do, as tests. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { rejectsWith } from './conformance-bench.ts';
import type { FilesHarness } from './conformance-bench.ts';

const bytesMax = 2 ** 30;
const shaOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const nobody = 'f'.repeat(64);

async function* chunks(...parts: (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

export const filesCases: Record<string, (harness: FilesHarness) => Promise<void>> = {
  'what was kept is there, for other processes too': async (harness) => {
    const files = await harness.open();
    // More than what goes at a time over any wire.
    const parts = [randomBytes(70_000), randomBytes(11 * 2 ** 20), randomBytes(10)];
    const whole = Buffer.concat(parts);
    const staged = await files.stage(chunks(...parts), bytesMax);
    assert.equal(staged.sha, shaOf(whole));
    assert.equal(staged.bytes, whole.length);
    assert.ok(whole.equals(await readFile(staged.path)), 'it can be read before it is kept');
    await rejectsWith(files.path(staged.sha), 'bundle_unknown');
    await staged.keep();
    await staged.discard();
    assert.ok(whole.equals(await readFile(await files.path(staged.sha))));
    const again = await harness.reopen(files);
    assert.ok(whole.equals(await readFile(await again.path(staged.sha))));
  },

  'an empty file is one too': async (harness) => {
    const files = await harness.open();
    const staged = await files.stage(chunks(), 10);
    await staged.keep();
    const again = await harness.reopen(files);
    assert.equal((await readFile(await again.path(shaOf(Buffer.alloc(0))))).length, 0);
  },

  'the same bytes may be kept again, also at once': async (harness) => {
    const files = await harness.open();
    const bytes = randomBytes(1000);
    const staged = await Promise.all([1, 2, 3].map(() => files.stage(chunks(bytes), 1000)));
    await Promise.all(staged.map((one) => one.keep()));
    for (const one of staged) await one.discard();
    assert.ok(bytes.equals(await readFile(await files.path(shaOf(bytes)))));
  },

  'what is discarded, too large or breaks off is nowhere': async (harness) => {
    const files = await harness.open();
    const bytes = randomBytes(1000);
    const staged = await files.stage(chunks(bytes), 1000);
    await staged.discard();
    await assert.rejects(access(staged.path));
    await rejectsWith(files.stage(chunks(bytes, bytes), 1999), 'bundle_too_large');
    const gone = new Error('the client went away');
    await assert.rejects(files.stage(chunks(bytes, gone), 9999), gone);
    await rejectsWith((await harness.reopen(files)).path(shaOf(bytes)), 'bundle_unknown');
  },

  'what is removed is gone for all': async (harness) => {
    const files = await harness.open();
    const other = await harness.reopen(files);
    const staged = await files.stage(chunks(randomBytes(100)), 1000);
    await staged.keep();
    await other.remove(staged.sha);
    await other.remove(staged.sha);
    await other.remove(nobody);
    await rejectsWith(other.path(staged.sha), 'bundle_unknown');
    await rejectsWith((await harness.reopen(files)).path(staged.sha), 'bundle_unknown');
  },

  'a name that is no SHA never becomes a path': async (harness) => {
    const files = await harness.open();
    for (const sha of ['../secret', 'incoming', '', nobody.toUpperCase(), `${nobody}/..`]) {
      await rejectsWith(files.path(sha), 'bundle_unknown');
      await rejectsWith(files.remove(sha), 'bundle_unknown');
    }
    await rejectsWith(files.path(nobody), 'bundle_unknown');
  },
};

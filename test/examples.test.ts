/**
 * Every folder of examples/ is deployed to a real platform, and called; those of the JVM and those of
 * examples/functions/ elsewhere.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { examplesDir } from './example/place.ts';
import { tryExamples } from './example/suite.ts';
import { jvmExamples, otherExamples } from './example/table.ts';

tryExamples('examples', otherExamples);

test('every folder is tried out', () => {
  const entries = readdirSync(examplesDir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const known = Object.keys({ ...jvmExamples, ...otherExamples, functions: true });
  assert.deepEqual(known.toSorted(), folders.toSorted());
});

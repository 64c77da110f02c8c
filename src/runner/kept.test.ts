import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Route } from '../message.ts';
import { Kept } from './kept.ts';

const route = (queue: string, sha: string): Route => {
  return { host: null, basePath: '/x', queue, name: 'x', sha, revision: 1, props: {} };
};

test('routes that keep workers are known again, by their newest bundle', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'kept-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'unpacked', 'kept-routes');
  const kept = new Kept(path);
  await kept.recall();
  await kept.note(route('q1', 'old'), true);
  await kept.note(route('q1', 'new'), true);
  await kept.note(route('q2', 'a'), true);
  await kept.note(route('q2', 'a'), false);
  await kept.note(route('q3', 'b'), false);
  const again = new Kept(path);
  await again.recall();
  const all = [route('q1', 'old'), route('q1', 'new'), route('q2', 'a'), route('q3', 'b')];
  assert.deepEqual(
    all.map((one) => again.has(one)),
    [false, true, false, false],
  );
});

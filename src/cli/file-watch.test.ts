import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { FileWatch } from './file-watch.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'file-watch-'));
  mkdirSync(join(dir, 'src'));
  writeFileSync(join(dir, 'src/A.java'), 'class A {}');
});
afterEach(() => rmSync(dir, { recursive: true }));

test('what a build writes into its folder is no news, all else is', () => {
  const files = new FileWatch(dir, [], ['target/', '*.log']);
  files.follow([join(dir, 'src/A.java')]);
  mkdirSync(join(dir, 'target'));
  writeFileSync(join(dir, 'target/A.class'), '');
  writeFileSync(join(dir, 'src/x.log'), '');
  assert.equal(files.isStale, false);
  assert.equal(files.isNews(dir), false);
  writeFileSync(join(dir, 'src/B.java'), '');
  assert.equal(files.isStale, true);
});

test('a file that another takes the place of is news', () => {
  const files = new FileWatch(dir, [], ['target/']);
  files.follow([join(dir, 'src/A.java')]);
  writeFileSync(join(dir, 'draft'), 'class B {}');
  assert.equal(files.isStale, true);
  const later = new FileWatch(dir, [], ['target/', 'draft']);
  later.follow([join(dir, 'src/A.java')]);
  renameSync(join(dir, 'draft'), join(dir, 'src/A.java'));
  assert.equal(later.isStale, true);
});

test('after a build that failed, all but what builds write matters', () => {
  mkdirSync(join(dir, 'target'));
  writeFileSync(join(dir, 'target/half'), '');
  const files = new FileWatch(dir, [], ['target/']);
  files.followAll();
  writeFileSync(join(dir, 'target/half'), 'whole');
  assert.equal(files.isStale, false);
  writeFileSync(join(dir, 'src/A.java'), 'class A { }');
  assert.equal(files.isStale, true);
});

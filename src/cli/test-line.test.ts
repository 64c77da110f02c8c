import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { testLine } from './test-line.ts';

const ours = dirname(process.execPath);

test('with a Node that is new enough there is nothing to say', () => {
  assert.equal(testLine('npm test', { env: { PATH: ours } }), 'npm test');
});

test('without one, our own comes first', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'node-'));
  const withOurs = `PATH=${ours}:$PATH npm test`;
  try {
    assert.equal(testLine('npm test', { env: { PATH: dir } }), withOurs, 'there is none');
    await writeFile(join(dir, 'node'), '#!/bin/sh\necho v20.20.2\n');
    await chmod(join(dir, 'node'), 0o755);
    assert.equal(testLine('npm test', { env: { PATH: dir } }), withOurs, 'an old one');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('tests of other languages need none', () => {
  assert.equal(testLine('sh test.sh', { env: {} }), 'sh test.sh');
});

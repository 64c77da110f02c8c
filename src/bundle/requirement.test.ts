import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readRequirements } from './requirement.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bundle-requirement-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function read(text: string, name = 'requirements.txt') {
  await writeFile(join(dir, name), text);
  return readRequirements(join(dir, 'requirements.txt'));
}

test('versions that are not fixed are found', async () => {
  const text = `
# a comment
--index-url https://example.com/simple
pinned==1.0   # why
exact===1.0
hashed==1.0 \\
    --hash=sha256:00
marked==1.0; python_version < "3.12"
archived @ https://example.com/x.whl
loose
ranged>=1,<2
starred==1.*
`;
  const found = await read(text);
  assert.deepEqual(found.unpinned, ['loose', 'ranged>=1,<2', 'starred==1.*']);
  assert.ok(!found.isLocal && !found.isEmpty);
});

test('nothing but comments and options is nothing to vendor', async () => {
  assert.ok((await read('# none\n\n--no-index\n')).isEmpty);
});

test('folders of this machine are told from packages', async () => {
  for (const line of ['-e .', './lib', '../lib', '/srv/lib', '.', 'x @ file:///srv/lib'])
    assert.ok((await read(line)).isLocal, line);
  for (const line of ['lib', 'x @ https://example.com/x.whl'])
    assert.ok(!(await read(line)).isLocal, line);
});

test('included files count, and a circle of them ends', async () => {
  const first = await read('-r more.txt\na==1');
  await read('-r requirements.txt\n-c https://example.com/c.txt\nb', 'more.txt');
  const second = await read('-r more.txt\na==1');
  assert.notEqual(first.digest, second.digest);
  assert.deepEqual(second.unpinned, ['b']);
  assert.deepEqual(second.files, [join(dir, 'requirements.txt'), join(dir, 'more.txt')]);
});

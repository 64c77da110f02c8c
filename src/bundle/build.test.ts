import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { buildBundle, createBuilder } from './build.ts';
import type { BuildOptions } from './build.ts';
import { readBundle, readContract } from './read.ts';
import { unpackBundle } from './unpack.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bundle-build-'));
});
afterEach(() => rm(dir, { recursive: true }));

function contract(settings: Record<string, unknown>, more: object = {}): string {
  return JSON.stringify({ openapi: '3.1.0', 'x-funcatron': settings, ...more });
}

async function put(files: Record<string, string>, into = dir): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(into, path)), { recursive: true });
    await writeFile(join(into, path), text);
  }
  return into;
}

const fails = (code: string, message: RegExp, options?: BuildOptions) =>
  assert.rejects(buildBundle(dir, options), (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });

const shell = { 'funcatron.yaml': contract({ process: './run.sh' }), 'run.sh': '#!/bin/sh\n' };

test('what no bundle needs is left out, and .funcatronignore decides', async () => {
  await put({
    ...shell,
    'data/a.txt': '',
    'data/b.txt': '',
    'deep/node_modules/x.js': '',
    '.env': '',
    '.well-known/x': '',
    'tests/x.sh': '',
    'x.test.sh': '',
    'props.dev.json': '',
    'overlay.yaml': '',
    'old.zip': '',
    'keep/old.zip': '',
    '.funcatronignore': '# mine\n\n/data/*\n!data/b.txt\n!.well-known/\n',
  });
  await chmod(join(dir, 'run.sh'), 0o755);
  const { files } = await buildBundle(dir);
  const kept = ['.well-known/x', 'data/b.txt', 'funcatron.yaml', 'keep/old.zip', 'run.sh'];
  assert.deepEqual(files, kept);
});

test('programs stay executable; one that is missing or cannot run is named', async () => {
  await put(shell);
  await fails('build_failed', /chmod \+x run\.sh/);
  await chmod(join(dir, 'run.sh'), 0o755);
  const built = await buildBundle(dir);
  assert.deepEqual(built.warnings, []);
  await writeFile(join(dir, 'out.zip'), built.bytes);
  const unpacked = await unpackBundle(join(dir, 'out.zip'), join(dir, 'unpacked'));
  assert.equal((await stat(join(unpacked, 'run.sh'))).mode & 0o111, 0o111);
  const paths = { '/x': { post: { 'x-funcatron': { process: ['./gone.sh', '-v'] } } } };
  await put({ 'funcatron.yaml': contract({}, { paths }) });
  await fails('build_failed', /names \.\/gone\.sh, which is not in the bundle/);
  await put({ 'funcatron.yaml': contract({ process: 'wc -l' }) });
  await buildBundle(dir);
});

test('the same folder elsewhere and later is the same bundle', async () => {
  await put(shell);
  await chmod(join(dir, 'run.sh'), 0o755);
  const { sha } = await buildBundle(dir);
  const other = await put({ 'run.sh': shell['run.sh'] }, join(dir, '.copy'));
  await put({ 'funcatron.yaml': shell['funcatron.yaml'] }, other);
  await chmod(join(other, 'run.sh'), 0o700);
  await utimes(join(other, 'run.sh'), 1, 1);
  assert.equal((await buildBundle(other)).sha, sha);
});

test('the contract goes in byte for byte', async () => {
  const text = 'openapi: 3.1.0 # ä\r\nx-funcatron: { runtime: process }\n';
  await put({ 'funcatron.yml': text });
  await writeFile(join(dir, '.out'), (await buildBundle(dir)).bytes);
  assert.deepEqual(await readContract(join(dir, '.out')), { file: 'funcatron.yml', text });
});

test('a contract of many files becomes one', async () => {
  const components = { schemas: { Pet: { $ref: './pet.yaml' } } };
  const text = contract({ process: 'cat' }, { components });
  await put({ 'funcatron.json': text, 'pet.yaml': 'type: object' });
  await fails('build_failed', /refers to other files/);
  const asked: string[] = [];
  const built = await buildBundle(dir, {
    bundleDocument: async (path) => {
      asked.push(path);
      return { text: '{"openapi":"3.1.0"}', files: [join(dir, 'pet.yaml')] };
    },
  });
  assert.deepEqual(asked, [join(dir, 'funcatron.json')]);
  assert.ok(built.inputs.includes(join(dir, 'pet.yaml')));
  await writeFile(join(dir, '.out'), built.bytes);
  assert.equal((await readContract(join(dir, '.out'))).text, '{"openapi":"3.1.0"}');
});

test('a ready-made bundle is taken as it is', async () => {
  await put({ 'funcatron.yaml': contract({ process: 'cat' }) });
  const { bytes, sha } = await buildBundle(dir);
  const path = join(dir, 'made.zip');
  await writeFile(path, bytes);
  const built = await buildBundle(path);
  assert.equal(built.sha, sha);
  assert.ok(Buffer.from(built.bytes).equals(bytes));
  assert.deepEqual(built.files, ['funcatron.yaml']);
  assert.deepEqual(built.inputs, [path]);
  assert.equal((await readBundle(path)).sha, sha);
});

test('what is missing is named', async () => {
  await fails('contract_missing', /is empty/);
  await put({ 'index.js': '' });
  await fails('contract_missing', /has no contract: add funcatron\.yaml/);
  await put({ 'funcatron.yaml': contract({}), 'funcatron.json': '{}' });
  await fails('contract_ambiguous', /funcatron\.json and funcatron\.yaml/);
  await rm(join(dir, 'funcatron.json'));
  await rm(join(dir, 'index.js'));
  await fails('runtime_unsupported', /one of node, python, jvm, process, http/);
  await put({ 'funcatron.yaml': contract({ runtime: 'perl' }) });
  await fails('runtime_unsupported', /"perl" is not supported; use one of node, python/);
  await put({ 'funcatron.yaml': 'openapi: 3.1.0\nx: [' });
  await fails('contract_invalid', /funcatron\.yaml:\d:/);
  await put({ 'funcatron.yaml': '[]' });
  await fails('contract_invalid', /no object/);
  await assert.rejects(buildBundle(join(dir, 'absent')), { code: 'build_failed' });
});

test('a link out of the folder is refused, one within it is followed', async () => {
  await put({ 'funcatron.yaml': contract({ process: 'cat' }), 'a.txt': 'a' });
  await symlink('a.txt', join(dir, 'b.txt'));
  assert.deepEqual((await buildBundle(dir)).files, ['a.txt', 'b.txt', 'funcatron.yaml']);
  await symlink('/etc/hostname', join(dir, 'c.txt'));
  await fails('build_failed', /c\.txt is no plain file, or a link out/);
  await put({ '.funcatronignore': 'c.txt' });
  await buildBundle(dir);
});

test('a bundle over a limit is not built', async () => {
  await put({ 'funcatron.yaml': contract({ process: 'cat' }), 'a/b.txt': 'x'.repeat(1000) });
  await fails('bundle_too_large', /--bundle-max/, { limits: { fileBytesMax: 100 } });
  await fails('bundle_too_large', /--bundle-unpacked-max/, { limits: { unpackedBytesMax: 100 } });
  await fails('bundle_too_large', /a\/b\.txt: .*--bundle-entry-max/, {
    limits: { entryBytesMax: 999 },
  });
  await fails('bundle_too_large', /--bundle-entries-max/, { limits: { entriesMax: 1 } });
});

test('a builder sees what has changed, come and gone', async () => {
  await put({ 'funcatron.yaml': contract({ process: 'cat' }), 'a.txt': '1' });
  const builder = await createBuilder(dir);
  const shas = [(await builder.build()).sha];
  for (const change of [{ 'a.txt': '2' }, { 'b.txt': '' }, { '.funcatronignore': 'a.txt' }]) {
    await put(change as unknown as Record<string, string>);
    const { sha } = await builder.build();
    assert.equal(sha, (await buildBundle(dir)).sha);
    shas.push(sha);
  }
  await rm(join(dir, 'b.txt'));
  shas.push((await builder.build()).sha);
  await builder.close();
  assert.equal(new Set(shas).size, shas.length);
});

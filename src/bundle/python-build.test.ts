import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { buildBundle, createBuilder } from './build.ts';
import type { BuildOptions } from './build.ts';
import { writeBundle } from './write.ts';

let root: string;
let dir: string;
let options: BuildOptions;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bundle-python-'));
  dir = join(root, 'project');
  options = { pip: { cacheDir: join(root, 'cache') } };
  await put({ 'funcatron.yaml': 'x-funcatron: { handler: app.py }', 'app.py': 'import six' });
});
afterEach(() => rm(root, { recursive: true }));

async function put(files: Record<string, string>, into = dir): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(into, path)), { recursive: true });
    await writeFile(join(into, path), text);
  }
}

/** A wheel with a console script, so that the tests of vendoring need no index. */
async function putWheel(version: string): Promise<void> {
  const info = `demo-${version}.dist-info`;
  const text = (path: string, content: string) => ({ path, bytes: Buffer.from(content) });
  const name = `demo-${version}-py3-none-any.whl`;
  await mkdir(join(dir, '.wheels'), { recursive: true });
  await writeBundle(
    [
      text('demo/__init__.py', `version = "${version}"\n`),
      text('demo/fast.so', ''),
      text(`${info}/METADATA`, `Metadata-Version: 2.1\nName: demo\nVersion: ${version}\n`),
      text(`${info}/WHEEL`, 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
      text(`${info}/entry_points.txt`, '[console_scripts]\ndemo = demo:main\n'),
      text(
        `${info}/RECORD`,
        `demo/__init__.py,,\ndemo/fast.so,,\n${info}/METADATA,,\n${info}/RECORD,,\n`,
      ),
    ],
    join(dir, '.wheels', name),
  );
}

const vendored = (version: string) =>
  ['METADATA', 'WHEEL', 'entry_points.txt']
    .map((name) => `vendor/demo-${version}.dist-info/${name}`)
    .concat('vendor/demo/__init__.py', 'vendor/demo/fast.so');

test('Python goes in as it is, without what interpreters and tests leave', async () => {
  await put({
    'pkg/__init__.py': '',
    'pkg/__pycache__/a.pyc': '',
    'pkg/data.csv': '',
    'test_app.py': '',
    '.venv/bin/x': '',
    'venv/bin/x': '',
    'requirements.txt': '# nothing yet\n\n',
  });
  const { files, inputs } = await buildBundle(dir, options);
  const own = ['app.py', 'funcatron.yaml', 'pkg/__init__.py', 'pkg/data.csv', 'requirements.txt'];
  assert.deepEqual(files, own);
  assert.ok(inputs.includes(join(dir, 'requirements.txt')));
});

test('requirements are vendored, without scripts and traces of the installation', async () => {
  await putWheel('1.0');
  const wheel = './.wheels/demo-1.0-py3-none-any.whl';
  await put({ 'requirements.txt': `-r more.txt`, 'more.txt': `${wheel}  # local\n` });
  const built = await buildBundle(dir, options);
  const rest = ['app.py', 'funcatron.yaml', 'more.txt', 'requirements.txt'];
  assert.deepEqual(built.files, [...rest, ...vendored('1.0')].toSorted());
  assert.match(built.warnings.join(), /^vendor\/demo\/fast\.so is compiled code: .* only$/);
  assert.equal((await buildBundle(dir, options)).sha, built.sha);
});

test('the same requirements are vendored once', async () => {
  await putWheel('1.0');
  const find = `--no-index\n--find-links .wheels\n`;
  await put({ 'requirements.txt': `${find}demo\n` });
  const builder = await createBuilder(dir, options);
  const built = await builder.build();
  assert.match(built.warnings.join(), /fixes no version of demo/);
  await rm(join(dir, '.wheels'), { recursive: true });
  await put({ 'app.py': 'import demo' });
  assert.deepEqual((await builder.build()).files, built.files);
  await builder.close();
  assert.equal((await readdir(join(root, 'cache'))).length, 1);
});

test("pip's complaint is the error's", async () => {
  await put({ 'requirements.txt': '--no-index\nno-such-package-here\n' });
  const error = { code: 'build_failed', message: /pip failed.*No matching distribution found/s };
  await assert.rejects(buildBundle(dir, options), error);
  assert.deepEqual(await readdir(join(root, 'cache')), []);
});

test('a Python that is not there, or takes too long, is said', async () => {
  await put({ 'requirements.txt': 'six==1.17.0' });
  const pip = { ...options.pip, python: 'no-such-python' };
  const absent = { code: 'build_failed', message: /cannot run no-such-python.*install Python/ };
  await assert.rejects(buildBundle(dir, { pip }), absent);
  const slow = { ...options.pip, python: join(root, 'slow'), timeoutMs: 100 };
  await writeFile(slow.python, '#!/bin/sh\necho thinking\nsleep 60\n', { mode: 0o755 });
  const ended = { code: 'build_failed', message: /ended after 100ms.*thinking/s };
  await assert.rejects(buildBundle(dir, { pip: slow }), ended);
});

test('a handler that is not there is named', async () => {
  await put({ 'funcatron.yaml': 'x-funcatron: { runtime: python, handler: gone }' });
  await assert.rejects(buildBundle(dir, options), /names gone, which is not there/);
  for (const handler of ['app', 'pkg.mod', 'pkg']) {
    await put({ 'pkg/__init__.py': '', 'pkg/mod.py': '' });
    await put({ 'funcatron.yaml': `x-funcatron: { runtime: python, handler: ${handler} }` });
    await buildBundle(dir, options);
  }
});

test('a package of the index is vendored', async (t) => {
  await put({ 'requirements.txt': 'six==1.17.0\n' });
  const built = await buildBundle(dir, options).catch((error: Error) => {
    if (/No matching distribution|connection|network/i.test(error.message)) return undefined;
    throw error;
  });
  if (!built) return t.skip('the package index cannot be reached');
  const made = built.files.filter((file) => file.startsWith('vendor/'));
  const info = ['LICENSE', 'METADATA', 'WHEEL', 'top_level.txt'];
  const expected = info.map((name) => `vendor/six-1.17.0.dist-info/${name}`);
  assert.deepEqual(made, [...expected, 'vendor/six.py']);
  assert.deepEqual(built.warnings, []);
});

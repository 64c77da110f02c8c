import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import type { FuncatronError } from '../errors.ts';
import { buildBundle, createBuilder } from './build.ts';
import type { BuildOptions, BuiltBundle } from './build.ts';
import { findBundledHandler } from './handler.ts';
import { unpackBundle } from './unpack.ts';

const run = promisify(execFile);
let root: string;
let dir: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bundle-node-'));
  dir = join(root, 'project');
});
afterEach(() => rm(root, { recursive: true }));

async function put(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

const contract = (handler?: string) => ({
  'funcatron.yaml': `openapi: 3.1.0\nx-funcatron: { name: n${handler ? `, handler: ${handler}` : ''} }`,
});

async function unpack({ bytes, sha }: BuiltBundle): Promise<string> {
  await writeFile(join(root, 'out.zip'), bytes);
  return unpackBundle(join(root, 'out.zip'), join(root, 'unpacked'), sha);
}

/** Imports the handler of a built bundle in a process of its own and prints an expression of it. */
async function evaluate(built: BuiltBundle, expression: string): Promise<string> {
  const folder = await unpack(built);
  const handler = findBundledHandler(undefined, (path) => built.files.includes(path))!;
  const code = `import * as handler from ${JSON.stringify(join(folder, handler))};
    console.log(${expression});`;
  const args = ['--enable-source-maps', '--input-type=module', '-e', code];
  const { stdout } = await run(process.execPath, args);
  return stdout.trim();
}

const stackOf = (call: string) => `(() => { try { ${call} } catch (e) { return e.stack } })()`;

const typed = {
  'src/index.ts': `import { area } from './shape.ts';
import type { Shape } from './shape.ts';

export const measure = (shape: Shape) => area(shape);
export default 1;
`,
  'src/shape.ts': `export interface Shape { side: number }

export function area(shape: Shape): number {
  if (shape.side < 0) throw new Error('negative');
  return shape.side ** 2;
}
`,
};

test('TypeScript becomes one module whose stacks show the lines of the source', async () => {
  await put({ ...contract(), ...typed, 'data/x.json': '{}', 'src/unused.ts': '' });
  const built = await buildBundle(dir);
  const files = ['data/x.json', 'funcatron.yaml', 'handler.mjs', 'handler.mjs.map'];
  assert.deepEqual(built.files, files);
  assert.deepEqual(built.exports, ['default', 'measure']);
  for (const path of ['src/index.ts', 'src/shape.ts', 'tsconfig.json', 'data/x.json'])
    assert.ok(built.inputs.includes(join(dir, path)), path);
  assert.equal(await evaluate(built, 'handler.measure({ side: 3 })'), '9');
  const stack = await evaluate(built, stackOf('handler.measure({ side: -1 })'));
  assert.match(stack, /src\/shape\.ts:4:\d+/);
  assert.match(stack, /src\/index\.ts:4:\d+/);
});

const commonDependency = {
  'node_modules/old/package.json': '{"name":"old","version":"1.0.0"}',
  'node_modules/old/index.js':
    "const fs = require('fs');\nexports.here = () => fs.existsSync(__filename);\n",
};

test('CommonJS dependencies may require what Node brings', async () => {
  await put({
    ...contract('src/main.js'),
    ...commonDependency,
    'src/main.js': `import { createRequire } from 'node:module';
import old from 'old';
const require = createRequire(import.meta.url);
const __dirname = 'mine';
export const all = () => [old.here(), require('node:path').sep, __dirname].join(' ');
export const fail = () => {
  throw new Error('x');
};
`,
  });
  const built = await buildBundle(dir);
  assert.deepEqual(built.exports, ['all', 'fail']);
  assert.equal(await evaluate(built, 'handler.all()'), 'true / mine');
  assert.match(await evaluate(built, stackOf('handler.fail()')), /src\/main\.js:7:\d+/);
  assert.ok(!built.inputs.some((path) => path.includes('node_modules')));
});

test('a CommonJS handler keeps its exports to itself until it runs', async () => {
  await put({ ...contract(), 'index.js': 'exports.hello = () => "hi";' });
  const built = await buildBundle(dir);
  assert.equal(built.exports, undefined);
  assert.equal(await evaluate(built, 'handler.default.hello()'), 'hi');
});

test('the same project elsewhere and later is the same bundle', async () => {
  await put({ ...contract(), ...typed, ...commonDependency, 'src/index.ts': 'import "old";' });
  const { sha } = await buildBundle(dir);
  const other = join(root, 'deep/er/copy');
  await cp(dir, other, { recursive: true });
  await utimes(join(other, 'src/index.ts'), 1, 1);
  assert.equal((await buildBundle(other)).sha, sha);
});

test('what webpack has made goes in as it is', async () => {
  const made = 'module.exports = (() => ({ hello: () => "from webpack" }))();\n//# mark';
  await put({
    ...contract('dist/main.js'),
    'dist/main.js': made,
    'dist/main.js.map': '{}',
    'src/main.ts': 'syntax error',
    '.funcatronignore': 'src/',
  });
  const built = await buildBundle(dir);
  assert.deepEqual(built.files, ['dist/main.js', 'dist/main.js.map', 'funcatron.yaml']);
  assert.equal(built.exports, undefined);
  const handler = findBundledHandler('dist/main.js', (path) => built.files.includes(path));
  assert.equal(handler, 'dist/main.js');
});

test('without bundling, files go in as they are', async () => {
  const code = 'export const hello = () => 1;';
  await put({ ...contract('src/main.mjs'), 'src/main.mjs': code, 'src/more.mjs': '' });
  const built = await buildBundle(dir, { bundle: false });
  assert.deepEqual(built.files, ['funcatron.yaml', 'src/main.mjs', 'src/more.mjs']);
});

async function fails(message: RegExp, options?: BuildOptions): Promise<FuncatronError> {
  try {
    await buildBundle(dir, options);
  } catch (error) {
    assert.equal((error as FuncatronError).code, 'build_failed', String(error));
    assert.match((error as FuncatronError).message, message);
    return error as FuncatronError;
  }
  throw assert.fail(`no error like ${message}`);
}

test('errors in the code name file, line and what to do', async () => {
  await put({ ...contract(), 'src/index.ts': 'export const a = 1;\nexport const = 2;\n' });
  const error = await fails(/^src\/index\.ts:2:14: /);
  assert.equal(error.errors![0]!.file, 'src/index.ts');
  assert.equal(error.errors![0]!.line, 2);
  await put({ 'src/index.ts': "import '@scope/pkg/part';\nimport './gone.ts';\n" });
  await fails(/src\/index\.ts:1:8: .*npm install @scope\/pkg \(and 1 more\)/s);
  await put({
    'src/index.ts': "import 'fast';",
    'node_modules/fast/index.js': "require('./a.node')",
  });
  await put({ 'node_modules/fast/a.node': '' });
  await fails(/fast\/a\.node is a native addon/);
});

test('an addon that is loaded by a made-up path is warned of', async () => {
  const loader = { 'node_modules/bindings/index.js': 'module.exports = () => 1;' };
  await put({ ...contract(), ...loader, 'index.js': 'require("bindings")("x");' });
  const { warnings } = await buildBundle(dir);
  assert.match(warnings.join(), /bindings loads a native addon/);
});

test('a handler that is not there, or in the way of the result, is named', async () => {
  await put({ ...contract('src/gone.ts'), 'src/here.ts': '' });
  await fails(/names src\/gone\.ts, which is not there/);
  await put(contract('src/here, runtime: node'));
  await fails(/names src\/here, which is not there; write src\/here\.ts/);
  for (const outside of ['../x.js', '/etc/x.js', 'src/../../x.js']) {
    await put(contract(outside));
    await fails(/outside of the folder/);
  }
  await put({ ...contract('src/here.ts'), 'handler.mjs': '' });
  await fails(/handler\.mjs is what the build calls its result/);
  await rm(join(dir, 'src'), { recursive: true });
  await put(contract('handler.mjs'));
  await buildBundle(dir);
});

test('a builder rebuilds after edits, and goes on after an error', async () => {
  await put({ ...contract(), ...typed });
  const builder = await createBuilder(dir);
  try {
    assert.deepEqual((await builder.build()).exports, ['default', 'measure']);
    await put({ 'src/index.ts': 'export const b = ;' });
    await assert.rejects(builder.build(), { code: 'build_failed' });
    await put({ 'src/index.ts': 'export const b = 1;' });
    const built = await builder.build();
    assert.deepEqual(built.exports, ['b']);
    assert.equal(built.sha, (await buildBundle(dir)).sha);
    await put({ ...contract('src/shape.ts') });
    assert.deepEqual((await builder.build()).exports, ['area']);
  } finally {
    await builder.close();
  }
  assert.deepEqual((await readdir(dir)).toSorted(), ['funcatron.yaml', 'src']);
});

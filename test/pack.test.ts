/** What is published: packed, installed into an empty folder, and run from there. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reachable = await run('npm', ['ping']).then(
  () => true,
  () => false,
);
const skip = reachable ? false : 'the package registry cannot be reached';

// npm now and then waits for ever, deaf to SIGTERM and with no connection open: once more, then.
const installTimeoutMs = 90_000;

/** A Node of this machine that is too old to run it. */
const oldNode = await findOldNode();

describe('the tarball', { skip }, () => {
  let folder = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'funcatron-pack-'));
    // A copy: packing builds dist/, and other tests read the tree meanwhile.
    const copied =
      'bin docs jvm src templates workers package.json tsconfig.json tsconfig.build.json';
    const files = [...copied.split(' '), 'CHANGELOG.md', 'README.md', 'LICENSE'];
    await run('cp', ['-r', ...files.map((name) => join(root, name)), folder]);
    await run('ln', ['-s', join(root, 'node_modules'), join(folder, 'node_modules')]);
    await run('npm', ['pack', '--pack-destination', folder], { cwd: folder });
    const place = join(folder, 'place');
    await run('mkdir', [place]);
    await run('npm', ['init', '-y'], { cwd: place });
    const tarball = join(folder, 'funcatron-0.1.0.tgz');
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    const bound = { timeout: installTimeoutMs, killSignal: 'SIGKILL' } as const;
    const install = () => run('npm', ['install', ...quiet, tarball], { cwd: place, ...bound });
    await install().catch(install);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('serves a new project with npx funcatron dev', async () => {
    const cwd = join(folder, 'place');
    await run('npx', ['funcatron', 'init', 'shop'], { cwd });
    const child = spawn('node_modules/.bin/funcatron', ['dev', 'shop', '--port', '0'], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      const url = await firstUrl(child.stdout);
      const answer = await fetch(`${url}/hello/Ada`);
      assert.deepEqual(await answer.json(), { greeting: 'Hello, Ada!' });
    } finally {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
  });

  test('starts under an old Node, with the one it brings', { skip: oldNode.skip }, async () => {
    const cwd = join(folder, 'place');
    const { stdout } = await run(oldNode.path, ['node_modules/.bin/funcatron', '--version'], {
      cwd,
    });
    assert.equal(stdout.trim(), '0.1.0');
    const failed = run(oldNode.path, ['node_modules/.bin/funcatron', 'nonsense'], { cwd });
    await assert.rejects(failed, { code: 2, stderr: /unknown command/ });
  });

  test('has its entry points, with types', async () => {
    const cwd = join(folder, 'place');
    const lines = [
      "import { buildBundle, catalogue, FuncatronError, startPlatform } from 'funcatron';",
      "import { runBrokerConformance } from 'funcatron/conformance/broker';",
      "import { runConformance } from 'funcatron/conformance/runtime';",
      "import { runStoreConformance } from 'funcatron/conformance/store';",
      "import type { Broker, Context, Runtime, Store } from 'funcatron';",
      'export type Known = [Broker, Context, Runtime, Store];',
      'export const all = [buildBundle, FuncatronError, startPlatform, runBrokerConformance,',
      '  runConformance, runStoreConformance].map((one: Function) => typeof one);',
      "console.log(all.every((one) => one === 'function'), catalogue.no_route[0]);",
    ];
    writeFileSync(join(cwd, 'entry.mts'), lines.join('\n'));
    const { stdout } = await run(process.execPath, ['entry.mts'], { cwd });
    assert.equal(stdout, 'true 404\n');
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    const modern = ['--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
    const flags = ['--ignoreConfig', '--noEmit', ...modern, ...types];
    await run(join(root, 'node_modules/.bin/tsc'), [...flags, 'entry.mts'], { cwd });
  });

  test('holds no test, no fixture and no cache', async () => {
    const { stdout } = await run('tar', ['-tzf', join(folder, 'funcatron-0.1.0.tgz')]);
    const odd = stdout.split('\n').filter((path) => {
      return !path.startsWith('package/templates/') && /\.test\.|fixture|__pycache__/.test(path);
    });
    assert.deepEqual(odd, []);
  });

  test('holds the worker of the JVM and what Java is built with, and no sources of them', async () => {
    const { stdout } = await run('tar', ['-tzf', join(folder, 'funcatron-0.1.0.tgz')]);
    const paths = stdout.split('\n').filter((path) => /^package\/(workers\/)?jvm\//.test(path));
    const worker = 'package/workers/jvm/worker.jar';
    assert.ok(paths.includes(worker), String(paths));
    const library = /^package\/jvm\/repository\/funcatron\/([\w-]+)\/([\d.]+)\/\1-\2\.(jar|pom)$/;
    const odd = paths.filter((path) => path !== worker && !library.test(path));
    assert.deepEqual(odd, ['package/jvm/uberjar.gradle']);
    const found = paths.flatMap((path) => library.exec(path)?.slice(1, 4).join(' ') ?? []);
    for (const wanted of [/^intf .* jar$/, /^intf .* pom$/, /^parent .* pom$/])
      assert.ok(
        found.some((one) => wanted.test(one)),
        String(wanted),
      );
  });

  test('names its entry points as publint wants them', async () => {
    await run(join(root, 'node_modules/.bin/publint'), ['--pack', 'false'], { cwd: folder });
  });
});

async function findOldNode(): Promise<{ path: string; skip: string | false }> {
  for (const path of ['/usr/bin/node', '/usr/local/bin/node']) {
    const version = await run(path, ['--version']).then(
      ({ stdout }) => stdout,
      () => '',
    );
    const [, major = '99'] = /^v(\d+)/.exec(version) ?? [];
    if (Number(major) < 24) return { path, skip: false };
  }
  return { path: '', skip: 'this machine has no old Node' };
}

/** The address in the first lines that `dev` prints. */
function firstUrl(output: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    output.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const found = /at (http:\S+)/.exec(text);
      if (found) resolve(found[1]!);
    });
  });
}

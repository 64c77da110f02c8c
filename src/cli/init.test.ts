import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { openDev } from './fixture/dev.ts';
import { runCommand } from './fixture/terminal.ts';
import type { Ran } from './fixture/terminal.ts';

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'init-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

const init = (...argv: string[]): Promise<Ran> => runCommand(['init', ...argv], { cwd: dir });

/** What npm would give the tests of a project: no word of the test run they are part of. */
const env = { ...process.env, NODE_TEST_CONTEXT: undefined, PYTHONDONTWRITEBYTECODE: '1' };

for (const [lang, tests, body] of [
  ['ts', ['node', '--test', 'src/*.test.ts'], { sum: 6 }],
  ['js', ['node', '--test', 'src/*.test.js'], { sum: 6 }],
  ['python', ['python3', '-m', 'unittest'], { sum: 6 }],
  ['process', ['sh', 'test.sh'], undefined],
] as const)
  test(`${lang}: the tests of a new project pass, it has no fault, and dev serves it`, async () => {
    const name = `shop-${lang}`;
    const { code, said } = await init(name, '--lang', lang);
    assert.equal(code, 0, said);
    assert.match(said, new RegExp(`cd ${name}\\n {2}.*test.*\\n {2}funcatron dev`));
    const project = join(dir, name);
    for (const file of readdirSync(project, { recursive: true, encoding: 'utf8' }))
      if (statSync(join(project, file)).isFile())
        assert.ok(!readFileSync(join(project, file), 'utf8').includes('{{'), file);
    const [command, ...args] = tests;
    await promisify(execFile)(command, args, { cwd: project, env });
    const checked = await runCommand(['check', name], { cwd: dir });
    assert.equal(checked.code, 0, checked.said);
    const dev = await openDev({ dir: project, write() {}, remove() {}, close() {} });
    try {
      assert.equal((await dev.ask(`/${name}/hello/Ada`)).status, 200);
      if (!body) return;
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: '[1,2,3]' };
      assert.deepEqual((await dev.ask(`/${name}/sum`, init)).body, body);
    } finally {
      await dev.close();
    }
  });

test('a folder that has something in it stays as it is', async () => {
  const { code, said } = await init('shop-ts');
  assert.equal(code, 2);
  assert.match(said, /shop-ts is not empty; name a new folder/);
  writeFileSync(join(dir, 'file'), 'mine');
  const file = await init('file');
  assert.equal(file.code, 2);
  assert.equal(readFileSync(join(dir, 'file'), 'utf8'), 'mine');
});

test('refuses a name that no bundle can have, and says which can', async () => {
  for (const name of ['Shop', '-shop', 'a b', 'shop!', '.']) {
    const { code, said } = await init('--', name);
    assert.equal(code, 2, name);
    assert.match(said, /cannot name a bundle|is not empty/);
  }
});

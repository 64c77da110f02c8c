import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDev } from './fixture/dev.ts';
import { contractText, createProject, jsProject } from './fixture/project.ts';
import type { Project } from './fixture/project.ts';

const saves = 20;
const clients = 8;

const projects: Record<
  string,
  { project: () => Project; file: string; text: (n: number) => string }
> = {
  JavaScript: {
    project: () => jsProject({}, 'exports.hello = () => ({ version: 0 });\n'),
    file: 'dist/main.js',
    text: (n) => `exports.hello = () => ({ version: ${n} });\n`,
  },
  Python: {
    project: () =>
      createProject({
        'funcatron.yaml': contractText({ settings: '{ handler: app.py }' }),
        'app.py': 'def hello(data, ctx):\n    return {"version": 0}\n',
      }),
    file: 'app.py',
    text: (n) => `def hello(data, ctx):\n    return {"version": ${n}}\n`,
  },
};

for (const [language, { project: create, file, text }] of Object.entries(projects))
  test(`${language}: no request is lost while ${saves} saves are taken up, and none goes back`, async () => {
    const project = create();
    const dev = await openDev(project);
    try {
      let saved = 0;
      let answered = 0;
      const hammer = async (): Promise<void> => {
        let newest = 0;
        while (newest < saves) {
          // What was saved before a request serves it; it may be newer, never older.
          const least = saved;
          const { status, body, notice } = await dev.ask('/shop/hello');
          assert.deepEqual([status, notice], [200, null], JSON.stringify(body));
          assert.ok(body.version >= least, `version ${body.version} after ${least} was saved`);
          assert.ok(body.version >= newest, `version ${body.version} after ${newest} was served`);
          newest = body.version;
          answered++;
        }
      };
      const hammers = Promise.all(Array.from({ length: clients }, hammer));
      for (let n = 1; n <= saves; n++) {
        const before = answered;
        project.write(file, text(n));
        saved = n;
        // Now and then faster than any build.
        while (n % 3 !== 0 && n < saves && answered === before)
          await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await hammers;
      assert.ok(answered > saves);
    } finally {
      await dev.close();
    }
  });

test('what was replaced long ago is forgotten', async () => {
  const project = jsProject({}, 'exports.hello = () => ({ version: 0 });\n');
  const dev = await openDev(project);
  try {
    for (let n = 1; n <= 8; n++) {
      project.write('dist/main.js', `exports.hello = () => ({ version: ${n} });\n`);
      assert.equal((await dev.ask('/shop/hello')).body.version, n);
    }
    const bundles = (await (await fetch(`${dev.tron}/api/v1/bundles`)).json()) as unknown[];
    assert.ok(bundles.length <= 5, `${bundles.length} bundles are kept`);
  } finally {
    await dev.close();
  }
});

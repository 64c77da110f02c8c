import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDev } from './fixture/dev.ts';
import type { Dev } from './fixture/dev.ts';
import { contractText, createProject, helloCode, jsProject } from './fixture/project.ts';
import type { Project } from './fixture/project.ts';

/** Runs a test on a project in dev, and closes both. */
async function inDev(
  project: Project,
  work: (dev: Dev, project: Project) => Promise<void>,
  flags: Record<string, string> = {},
): Promise<void> {
  const dev = await openDev(project, flags);
  try {
    await work(dev, project);
  } finally {
    await dev.close();
  }
}

const languages: Record<
  string,
  { files: Record<string, string>; edit: [file: string, text: string] }
> = {
  TypeScript: {
    files: {
      'funcatron.yaml': contractText({ settings: '{ handler: src/index.ts }' }),
      'src/index.ts':
        "import { word } from './word.ts';\nexport const hello = () => ({ said: word as string });\n",
      'src/word.ts': "export const word: string = 'Hello';\n",
    },
    edit: ['src/word.ts', "export const word: string = 'Hi';\n"],
  },
  Python: {
    files: {
      'funcatron.yaml': contractText({ settings: '{ handler: app.py }' }),
      'app.py': 'from words import WORD\n\ndef hello(data, ctx):\n    return {"said": WORD}\n',
      'words.py': 'WORD = "Hello"\n',
    },
    edit: ['words.py', 'WORD = "Hi"\n'],
  },
  process: {
    files: {
      'funcatron.yaml': contractText({ settings: '{ process: ./hello.sh }' }),
      'hello.sh': '#!/bin/sh\necho "Content-Type: application/json" >&2\ncat said.json\n',
      'said.json': '{"said":"Hello"}',
    },
    edit: ['said.json', '{"said":"Hi"}'],
  },
};

for (const [language, { files, edit }] of Object.entries(languages))
  test(`${language}: the request after a save runs what was saved`, async () => {
    const said = ({ body }: { body: unknown }): string => {
      const value = typeof body === 'string' ? JSON.parse(body) : body;
      return (value as { said: string }).said;
    };
    await inDev(createProject(files), async (dev, project) => {
      assert.equal(said(await dev.ask('/shop/hello')), 'Hello');
      const [file, text] = edit;
      for (const word of ['Hi', 'Salve', 'Hallo']) {
        project.write(file, text.replace('Hi', word));
        assert.equal(said(await dev.ask('/shop/hello')), word);
      }
    });
  });

test('says at the start what there is, a line to try and where the docs are', async () => {
  await inDev(jsProject(), async ({ terminal, url, ask }) => {
    assert.match(terminal.output, /^shop 1\.0\.0 at http:.*\/shop$/m);
    assert.match(terminal.output, /^ {2}GET +\/shop\/hello {2}hello$/m);
    assert.ok(terminal.output.includes(`Try   curl ${url}/shop/hello\n`));
    assert.ok(terminal.output.includes(`Docs  ${url}/ui/\n`));
    assert.match((await ask('/ui/')).body, /swagger-ui/);
  });
});

test('a changed contract: the new operation is there, in the docs too, the old one is not', async () => {
  await inDev(jsProject(), async ({ ask, terminal }, project) => {
    project.write('dist/main.js', `${helloCode('Hello')}exports.bye = () => ({ said: 'Bye' });\n`);
    project.write('funcatron.yaml', contractText({ paths: { '/bye': 'bye' } }));
    assert.deepEqual((await ask('/shop/bye')).body, { said: 'Bye' });
    assert.equal((await ask('/shop/hello')).status, 404);
    assert.deepEqual(Object.keys((await ask('/openapi.json')).body.paths), ['/bye']);
    assert.match(terminal.said, /^gone {2}GET +\/shop\/hello/m);
    assert.match(terminal.said, /^new {3}GET +\/shop\/bye/m);
  });
});

test('a base path that changes moves, and leaves nothing where it was', async () => {
  await inDev(jsProject(), async ({ ask }, project) => {
    project.write('funcatron.yaml', contractText({ base: '/store' }));
    assert.deepEqual((await ask('/store/hello')).body, { said: 'Hello' });
    assert.equal((await ask('/shop/hello')).status, 404);
    assert.equal((await ask('/__routes')).body.routes.length, 1);
  });
});

test('a file is added, and one is renamed', async () => {
  const settings = '{ handler: app.py }';
  const files = {
    'funcatron.yaml': contractText({ settings }),
    'app.py':
      'def hello(data, ctx):\n    import glob\n    return {"said": sorted(glob.glob("*.txt"))}\n',
  };
  await inDev(createProject(files), async ({ ask }, project) => {
    assert.deepEqual((await ask('/shop/hello')).body, { said: [] });
    project.write('a.txt', 'a');
    assert.deepEqual((await ask('/shop/hello')).body, { said: ['a.txt'] });
    project.write('b.txt', 'a');
    project.remove('a.txt');
    assert.deepEqual((await ask('/shop/hello')).body, { said: ['b.txt'] });
  });
});

test('a syntax error: told in terminal and answers, the last good version goes on', async () => {
  const settings = '{ handler: src/index.ts }';
  const good = "export const hello = () => ({ said: 'Hello' });\n";
  const files = { 'funcatron.yaml': contractText({ settings }), 'src/index.ts': good };
  await inDev(createProject(files), async ({ ask, terminal }, project) => {
    project.write('src/index.ts', `${good}export const = 1;\n`);
    const { status, notice, body } = await ask('/shop/hello');
    assert.deepEqual([status, body], [200, { said: 'Hello' }]);
    assert.match(notice!, /^build_failed: src\/index\.ts:2/);
    assert.match(
      terminal.said,
      /^error build_failed: src\/index\.ts:2:14: .*\nthe last good version/m,
    );
    assert.match(terminal.said, /the last good version goes on serving/);
    terminal.clear();
    project.write('src/index.ts', good.replace('Hello', 'Hi'));
    const mended = await ask('/shop/hello');
    assert.deepEqual([mended.body, mended.notice], [{ said: 'Hi' }, null]);
    assert.match(terminal.said, /^serving /);
  });
});

test('a bad edit of the contract: told with file and line, the last good one goes on', async () => {
  await inDev(jsProject(), async ({ ask, terminal }, project) => {
    for (const [text, part] of [
      [
        contractText().replace('get:', 'gett:'),
        /contract_invalid: [^]*funcatron\.yaml:7[: ].*gett/,
      ],
      [`${contractText()}  - [\n`, /contract_invalid: funcatron\.yaml:\d+: /],
      ['', /contract_invalid/],
    ] as const) {
      project.write('funcatron.yaml', text);
      const { status, notice } = await ask('/shop/hello');
      assert.equal(status, 200);
      assert.match(notice!, part);
      assert.match(terminal.said, part);
      terminal.clear();
    }
    project.write('funcatron.yaml', contractText());
    assert.equal((await ask('/shop/hello')).notice, null);
  });
});

test('a Func that fails to load: the last good version goes on', async () => {
  await inDev(jsProject(), async ({ ask }, project) => {
    project.write('dist/main.js', 'throw new Error("no database");\n');
    const { body, notice } = await ask('/shop/hello');
    assert.deepEqual(body, { said: 'Hello' });
    assert.match(notice!, /no database/);
  });
});

test('broken from the start: 500 with the reason until it is mended', async () => {
  const settings = '{ handler: src/index.ts }';
  const bad = { 'funcatron.yaml': contractText({ settings }), 'src/index.ts': 'export const =' };
  await inDev(createProject(bad), async ({ ask, terminal, url }, project) => {
    const { status, body } = await ask('/shop/hello');
    assert.equal(status, 500);
    assert.equal(body.code, 'build_failed');
    assert.match(body.detail, /src\/index\.ts:1/);
    assert.ok(terminal.said.includes(`nothing serves at ${url} until this is mended`));
    project.write('src/index.ts', "export const hello = () => ({ said: 'Hello' });\n");
    assert.deepEqual((await ask('/shop/hello')).body, { said: 'Hello' });
    assert.match(terminal.output, /Try {3}curl /, 'the welcome comes now');
  });
});

test('an empty folder waits for its contract', async () => {
  await inDev(createProject(), async ({ ask }, project) => {
    assert.equal((await ask('/shop/hello')).body.code, 'contract_missing');
    project.write('dist/main.js', helloCode('Hello'));
    project.write('funcatron.yaml', contractText());
    assert.deepEqual((await ask('/shop/hello')).body, { said: 'Hello' });
  });
});

test('a Func that is missing: 501 with the name to export, and a word in the terminal', async () => {
  await inDev(
    jsProject({ paths: { '/hello': 'hello', '/bye': 'bye' } }),
    async ({ ask, terminal }, project) => {
      assert.match(terminal.said, /^warning: Func bye is missing: .*export/m);
      const { status, body } = await ask('/shop/bye');
      assert.equal(status, 501);
      assert.equal(body.code, 'func_missing');
      assert.match(body.detail, /export .*bye/);
      assert.equal((await ask('/shop/hello')).status, 200);
      project.write(
        'dist/main.js',
        `${helloCode('Hello')}exports.bye = () => ({ said: 'Bye' });\n`,
      );
      assert.deepEqual((await ask('/shop/bye')).body, { said: 'Bye' });
    },
  );
});

const propsCode = 'exports.hello = (_, { props }) => ({ said: props.word ?? "none" });\n';

test('props.dev.json is taken up whenever it is saved, comes or goes', async () => {
  await inDev(jsProject({}, propsCode), async ({ ask }, project) => {
    const said = async (): Promise<string> => (await ask('/shop/hello')).body.said;
    assert.equal(await said(), 'none');
    project.write('props.dev.json', '{"word":"one"}');
    assert.equal(await said(), 'one');
    project.write('props.dev.json', '{"word":"two"}');
    assert.equal(await said(), 'two');
    project.write('props.dev.json', '{"word":');
    const { body, notice } = await ask('/shop/hello');
    assert.equal(body.said, 'two');
    assert.match(notice!, /option_invalid: --props .*props\.dev\.json/);
    project.remove('props.dev.json');
    assert.equal(await said(), 'none');
  });
});

test('files of --props and --overlay are taken up, wherever they are', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'given-'));
  const overlay = (base: string): string =>
    JSON.stringify({
      overlay: '1.0.0',
      info: { title: 'place', version: '1' },
      actions: [{ target: '$.servers[0]', update: { url: base } }],
    });
  const [props, layer] = [join(dir, 'props.yaml'), join(dir, 'overlay.json')];
  writeFileSync(props, 'word: one\n');
  writeFileSync(layer, overlay('/staging'));
  try {
    await inDev(
      jsProject({}, propsCode),
      async ({ ask }) => {
        assert.equal((await ask('/staging/hello')).body.said, 'one');
        writeFileSync(props, 'word: two\n');
        assert.equal((await ask('/staging/hello')).body.said, 'two');
        writeFileSync(layer, overlay('/production'));
        assert.equal((await ask('/production/hello')).body.said, 'two');
        assert.equal((await ask('/staging/hello')).status, 404);
      },
      { props, overlay: layer },
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('a folder that is deleted goes on serving, and comes back', async () => {
  await inDev(jsProject(), async ({ ask }, project) => {
    project.close();
    const { body, notice } = await ask('/shop/hello');
    assert.deepEqual(body, { said: 'Hello' });
    assert.match(notice!, /^build_failed: /);
    project.write('funcatron.yaml', contractText());
    project.write('dist/main.js', helloCode('Back'));
    const back = await ask('/shop/hello');
    assert.deepEqual([back.body, back.notice], [{ said: 'Back' }, null]);
  });
});

test('any host matches, and the stack of a Func that fails is shown in its own lines', async () => {
  const settings = '{ handler: src/index.ts, host: shop.example }';
  const files = {
    'funcatron.yaml': contractText({ settings }),
    'src/index.ts': "\n\nexport function hello(): void {\n  throw new Error('on purpose');\n}\n",
  };
  await inDev(createProject(files), async ({ ask }) => {
    const { status, body } = await ask('/shop/hello');
    assert.equal(status, 500);
    assert.match(body.stack, /src\/index\.ts:4:\d+/);
  });
});

test('without a request, the watcher has a save built', async () => {
  await inDev(jsProject(), async ({ terminal }, project) => {
    terminal.clear();
    project.write('dist/main.js', helloCode('Hi'));
    await terminal.until(/^serving /m);
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { openPlace } from './fixture/place.ts';
import type { Place } from './fixture/place.ts';
import { contractText, createProject, helloCode, jsProject } from './fixture/project.ts';
import type { Project } from './fixture/project.ts';
import { runCommand } from './fixture/terminal.ts';

let place: Place;
let shop: Project;
before(async () => {
  place = await openPlace();
  shop = jsProject();
});
after(async () => {
  shop.close();
  await place.close();
});

test('build writes the same bytes every time, and says what they are', async () => {
  const [one, two] = [join(shop.dir, 'one.zip'), join(shop.dir, 'two.zip')];
  const first = await runCommand(['build', shop.dir, '-o', one, '--json']);
  assert.equal(first.code, 0, first.said);
  const { file, sha, bytes, files } = JSON.parse(first.output);
  assert.equal(file, one);
  assert.deepEqual(files, ['dist/main.js', 'funcatron.yaml']);
  assert.equal(readFileSync(one).length, bytes);
  assert.equal(createHash('sha256').update(readFileSync(one)).digest('hex'), sha);
  const second = await runCommand(['build', '.', '--output', 'two.zip'], { cwd: shop.dir });
  assert.equal(second.output, `${two}\n`);
  assert.match(second.said, new RegExp(`2 files, .* SHA ${sha}`));
  assert.deepEqual(readFileSync(two), readFileSync(one));
  shop.remove('one.zip');
  shop.remove('two.zip');
});

test('build refuses a faulty contract with file, line and mend, and writes nothing', async () => {
  const text = contractText().replace('operationId: hello', 'operationld: hello');
  const project = createProject({ 'funcatron.yaml': text, 'dist/main.js': '' });
  try {
    for (const command of ['build', 'check', 'upload', 'deploy']) {
      const { code, said } = await place.run([command, project.dir], { cwd: project.dir });
      assert.equal(code, 1);
      assert.match(said, /^error contract_invalid: funcatron\.yaml/, command);
      assert.match(said, /^ {2}funcatron\.yaml:\d+ \/paths\/~1hello\/get.*operationld/m);
      assert.match(said, /^ {4}mend: /m);
    }
    const { said } = await runCommand(['build', '--json'], { cwd: project.dir });
    const [issue] = JSON.parse(said).error.errors;
    assert.equal(issue.file, 'funcatron.yaml');
    assert.ok(issue.line > 5);
    assert.ok(!existsSync(join(project.dir, 'shop.zip')));
  } finally {
    project.close();
  }
  assert.deepEqual(JSON.parse((await place.run(['list', '--json'])).output), []);
});

test('a contract of several files is told faulty by the file one edits', async () => {
  const text = contractText().replace(
    "{ '200': { description: fine } }",
    "{ '200': { $ref: './answers.yaml#/gone' } }",
  );
  const files = { 'funcatron.yaml': text, 'answers.yaml': 'fine: {}\n', 'dist/main.js': '' };
  const project = createProject(files);
  try {
    const { code, said } = await runCommand(['check', project.dir]);
    assert.equal(code, 1);
    assert.match(said, /funcatron\.yaml:\d+ .*answers\.yaml#\/gone/);
  } finally {
    project.close();
  }
});

test('check finds what the code lacks, and what is wrong with the build besides', async () => {
  const lacking = jsProject({ paths: { '/hello': 'hello', '/bye': 'bye', '/x': 'other' } });
  const project = createProject({ 'funcatron.yaml': contractText({ settings: '{ typo: 1 }' }) });
  try {
    const missing = await runCommand(['check', lacking.dir]);
    assert.equal(missing.code, 1);
    assert.match(missing.said, /^error handlers_missing: the code does not export bye, other/);
    assert.match(missing.said, /^ {2}bye: no such Func in the code\n {4}mend: .*bye/m);
    const both = await runCommand(['check', project.dir]);
    assert.match(both.said, /typo/);
    assert.match(both.said, /runtime_unsupported|build_failed/);
    const fine = await runCommand(['check', shop.dir, '--json']);
    assert.equal(fine.code, 0, fine.said);
    assert.deepEqual(JSON.parse(fine.output).errors, []);
  } finally {
    lacking.close();
    project.close();
  }
});

test('an overlay is checked along with the contract', async () => {
  const overlay = (update: object): string =>
    JSON.stringify({
      overlay: '1.0.0',
      info: { title: 'x', version: '1' },
      actions: [{ target: '$', update }],
    });
  const wrong = overlay({ 'x-funcatron': { typo: 1 } });
  for (const command of ['check', 'deploy']) {
    const { code, said } = await place.run([command, shop.dir, '--overlay', wrong]);
    assert.equal(code, 1);
    assert.match(said, /typo/, command);
  }
  const { code, said } = await place.run(['deploy', shop.dir, '--overlay', '{"no": "overlay"}']);
  assert.notEqual(code, 0);
  assert.match(said, /overlay/);
});

test('deploy refuses missing Funcs and sends nothing', async () => {
  const project = jsProject({ paths: { '/hello': 'hello', '/bye': 'bye' } });
  try {
    const { code, said, output } = await place.run(['deploy', project.dir]);
    assert.equal(code, 1);
    assert.match(said, /handlers_missing: the code does not export bye/);
    assert.equal(output, '');
    assert.deepEqual(JSON.parse((await place.run(['list', '--json'])).output), []);
  } finally {
    project.close();
  }
});

test('limits hold where bundles are made and where they are taken, by the options named', async () => {
  for (const [flag, value] of [
    ['--bundle-max', '100'],
    ['--bundle-entries-max', '1'],
    ['--bundle-unpacked-max', '10'],
    ['--bundle-entry-max', '10'],
    ['--bundle-path-max', '5'],
  ] as const) {
    const { code, said } = await runCommand(['build', shop.dir, flag, value]);
    assert.equal(code, 1);
    assert.match(said, new RegExp(`bundle_too_large: .*raise ${flag}`), flag);
  }
  const narrow = await openPlace({ bundleEntriesMax: '1' });
  try {
    const { code, said } = await narrow.run(['upload', shop.dir]);
    assert.equal(code, 1);
    assert.match(said, /bundle_too_large: .*--bundle-entries-max/);
  } finally {
    await narrow.close();
  }
});

test('what cannot be built says why', async () => {
  const empty = createProject();
  try {
    for (const [path, part] of [
      [join(empty.dir, 'nowhere'), /build_failed: .*nowhere: there is no such folder or file/],
      [empty.dir, /contract_missing: .*(funcatron init|funcatron\.yaml)/],
    ] as const) {
      const { code, said } = await place.run(['deploy', path]);
      assert.equal(code, 1);
      assert.match(said, part);
    }
    writeFileSync(join(empty.dir, 'x.zip'), 'no zip at all');
    const { said } = await place.run(['deploy', join(empty.dir, 'x.zip')]);
    assert.match(said, /bundle_invalid/);
  } finally {
    empty.close();
  }
});

test('deploy prints the SHA and a curl line that works', async () => {
  const { code, output, said } = await place.run(['deploy', shop.dir]);
  assert.equal(code, 0, said);
  const [sha, curl] = output.split('\n') as [string, string];
  assert.match(sha, /^[0-9a-f]{64}$/);
  assert.equal(curl, `curl ${place.url}/shop/hello`);
  const answered = (await promisify(execFile)('sh', ['-c', `${curl} -s`])).stdout;
  assert.deepEqual(JSON.parse(answered), { said: 'Hello' });
  assert.match(said, /^shop 1\.0\.0 is enabled at \/shop$/m);
});

test('a ready-made bundle is deployed as it is, at the place one says', async () => {
  const file = join(shop.dir, 'shop.zip');
  await runCommand(['build', shop.dir, '-o', file]);
  const argv = ['deploy', file, '--base-path', 'other/', '--host', 'Shop.Example', '--json'];
  const { code, output, said } = await place.run(argv);
  assert.equal(code, 0, said);
  const { sha, host, basePath, curl } = JSON.parse(output);
  assert.equal(host, 'shop.example');
  assert.equal(basePath, '/other');
  assert.equal(curl, `curl -H 'host: shop.example' ${place.url}/other/hello`);
  const answered = (await promisify(execFile)('sh', ['-c', `${curl} -s`])).stdout;
  assert.deepEqual(JSON.parse(answered), { said: 'Hello' });
  assert.equal((await place.run(['disable', sha, '--host', 'shop.example'])).code, 0);
  shop.remove('shop.zip');
});

test('props that cannot be read name the flag, the file and the line', async () => {
  shop.write('props.yaml', 'a: 1\nb: [\n');
  for (const [given, part] of [
    ['props.yaml', /--props props\.yaml: .*props\.yaml:[23]/],
    ['nowhere.json', /--props .*nowhere\.json: ENOENT/],
    ['{"a":', /--props: /],
  ] as const) {
    const { code, said } = await place.run(['deploy', '.', '--props', given], { cwd: shop.dir });
    assert.equal(code, 2);
    assert.match(said, part);
  }
  shop.remove('props.yaml');
});

test('a Func that cannot be loaded is refused with what it said', async () => {
  const project = jsProject({}, 'throw new Error("no database");\n');
  try {
    const { code, said } = await place.run(['deploy', project.dir]);
    assert.equal(code, 1);
    assert.match(said, /worker_start_failed: .*no database/);
  } finally {
    project.close();
  }
});

test('where the language is not installed, deploying goes on with a warning', async () => {
  const project = createProject({
    'funcatron.yaml': contractText({ settings: '{ handler: app.py }' }),
    'app.py': 'def hello(data, ctx):\n    return {"said": "Hello"}\n',
  });
  const path = process.env.PATH;
  try {
    process.env.PATH = '/nowhere';
    const { code, said } = await place.run(['deploy', project.dir]);
    assert.match(said, /warning: the code was not loaded here: .*python/i);
    // The runner of this platform has none either, and it is the one that decides.
    assert.equal(code, 1);
    assert.match(said, /error enable_failed/);
  } finally {
    process.env.PATH = path;
    project.close();
  }
});

test('the code of a new version serves from the answer on', async () => {
  shop.write('dist/main.js', helloCode('Hi'));
  const { output } = await place.run(['deploy', shop.dir, '--json']);
  assert.equal(JSON.parse(output).name, 'shop');
  const answer = await fetch(`${place.url}/shop/hello`);
  assert.deepEqual(await answer.json(), { said: 'Hi' });
});

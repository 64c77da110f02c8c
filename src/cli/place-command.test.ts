import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPlace } from './fixture/place.ts';
import type { Place } from './fixture/place.ts';
import { helloCode, jsProject } from './fixture/project.ts';
import type { Project } from './fixture/project.ts';

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

const must = async (...argv: string[]): Promise<string> => {
  const { code, output, said } = await place.run(argv, { cwd: shop.dir });
  assert.equal(code, 0, `${argv.join(' ')}: ${said}`);
  return output.trimEnd();
};
const ask = async (path = '/shop/hello'): Promise<unknown> => {
  const answer = await fetch(place.url + path);
  return answer.ok ? ((await answer.json()) as { said: string }).said : answer.status;
};

test('nothing yet: says what to do, and prints no data', async () => {
  for (const command of ['list', 'routes']) {
    const { code, output, said } = await place.run([command]);
    assert.equal(code, 0);
    assert.equal(output, '');
    assert.match(said, /funcatron deploy/);
    assert.equal(await must(command, '--json'), '[]');
  }
});

test('upload, enable, replace, roll back, disable: from the line to the answer', async () => {
  const first = await must('upload', '.');
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(await ask(), 404);
  await must('enable', first.slice(0, 12), '--props', '{"key":"secret"}');
  assert.equal(await ask(), 'Hello');

  shop.write('dist/main.js', helloCode('Hi'));
  const { sha: second, basePath } = JSON.parse(await must('upload', '.', '--json'));
  assert.equal(basePath, '/shop');
  const enabled = JSON.parse(await must('enable', second, '--json'));
  assert.deepEqual(enabled, { sha: second, name: 'shop', host: null, basePath: '/shop' });
  assert.equal(await ask(), 'Hi');

  assert.equal(await must('rollback', '/shop'), first);
  assert.equal(await ask(), 'Hello');
  await must('enable', second);
  assert.equal(JSON.parse(await must('rollback', 'shop/', '--json')).hex, first);
  assert.match((await place.run(['rollback', '/shop'])).said, /nothing_to_roll_back/);
  await must('enable', second);

  const elsewhere = await place.run(['disable', second, '--base-path', '/elsewhere']);
  assert.match(elsewhere.said, /route_unknown: .*not enabled there/);
  assert.equal(await ask(), 'Hi');
  const disabled = JSON.parse(await must('disable', second.slice(0, 10), '--json'));
  assert.deepEqual(disabled, { sha: second, name: 'shop', disabled: ['/shop'] });
  assert.equal(await ask(), 404);
});

test('what is there, as tab-separated lines, as a table and as JSON', async () => {
  await must('deploy', '.');
  const lines = (await must('list')).split('\n').map((line) => line.split('\t'));
  assert.equal(lines.length, 2);
  const [sha, name, version, size, , where] = lines.find((line) => line[5] === '/shop')!;
  assert.match(sha!, /^[0-9a-f]{12}$/);
  assert.deepEqual([name, version], ['shop', '1.0.0']);
  assert.match(size!, /bytes|KiB/);
  assert.equal(where, '/shop');
  const table = await place.run(['list'], { isTty: true, env: { NO_COLOR: '1' } });
  assert.match(table.output, /│ sha .*│ name .*│ version/);
  const listed = JSON.parse(await must('list', '--json'));
  assert.equal(listed.length, 2);

  assert.match(await must('routes'), new RegExp(`^\\*\t/shop\t${sha}\t\\w+\t[01]$`));
  const [route] = JSON.parse(await must('routes', '--json'));
  assert.equal(route.path, '/shop');

  const described = await must('describe', sha!);
  assert.match(described, /^name {6}shop 1\.0\.0$/m);
  assert.match(described, /^enabled {3}\/shop$/m);
  assert.match(described, /^GET\t\/shop\/hello\thello\t(never called|\d+ calls?, p50 )/m);
  const { operations } = JSON.parse(await must('describe', sha!, '--json'));
  // How often it was called is told now and then.
  const [{ usage: _usage, ...operation }] = operations;
  assert.deepEqual(operation, { operationId: 'hello', method: 'GET', path: '/hello' });
});

test('secrets of props never come back out', async () => {
  await must('deploy', '.', '--props', '{"db":{"password":"geheim"}}');
  const [{ hex }] = JSON.parse(await must('list', '--json')).filter(
    (one: { enabled: unknown[] }) => one.enabled.length > 0,
  );
  for (const argv of [['list'], ['routes'], ['describe', hex]])
    assert.ok(!(await must(...argv, '--json')).includes('geheim'), argv[0]);
});

for (const [argv, code, part] of [
  [['enable', 'ffffffffff'], 1, /^error bundle_unknown: .*ffffffffff/],
  [['disable', 'ffffffffff'], 1, /^error bundle_unknown/],
  [['describe', 'ffffffffff'], 1, /^error bundle_unknown: .*funcatron list/],
  [['rollback', '/nothing'], 1, /^error route_unknown/],
  [['enable', 'ffffffffff', '--host', 'a b'], 2, /host "a b"/],
  [['enable', 'ffffffffff', '--base-path', '/a/../b'], 2, /base path/],
] as const)
  test(`refuses ${argv.join(' ')}`, async () => {
    const refused = await place.run([...argv]);
    assert.equal(refused.code, code, refused.said);
    assert.match(refused.said, part);
  });

test('without the token of a Tron that has one, says how to give it', async () => {
  const { output } = await place.run(['token', 'create', 'ci', '--data', place.data]);
  const token = output.trim();
  const refused = await place.run(['list']);
  assert.equal(refused.code, 1);
  assert.match(refused.said, /token_invalid: .*--token.*FUNCATRON_TOKEN/);
  assert.equal((await place.run(['list', '--token', token])).code, 0);
  assert.equal((await place.run(['list'], { env: { FUNCATRON_TOKEN: token } })).code, 0);
  const wrong = await place.run(['list', '--token', 'ft_wrong']);
  assert.match(wrong.said, /token_invalid/);
  const listed = await place.run(['token', 'list', '--data', place.data]);
  assert.match(listed.output, /^ci\t\d{4}-/);
  assert.ok(!listed.output.includes(token));
  await place.run(['token', 'revoke', 'ci', '--data', place.data]);
  assert.equal((await place.run(['list'])).code, 0);
});

test('tokens of a folder that is not there are none to list', async () => {
  for (const command of [['list'], ['revoke', 'x']]) {
    const argv = ['token', ...command, '--data', '/tmp/no/such/folder'];
    const { code, said } = await place.run(argv);
    assert.equal(code, 2);
    assert.match(said, /there is no data folder/);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandTable } from './command-table.ts';
import { freePort } from './fixture/port.ts';
import { runCommand } from './fixture/terminal.ts';

const specs = Object.values(commandTable).flat();
const nameOf = (usage: string): string[] => usage.replace(/ [<[].*/, '').split(' ');

test('help lists every command, and so does nothing at all', async () => {
  const { code, output } = await runCommand(['--help']);
  assert.equal(code, 0);
  for (const { usage } of specs) assert.ok(output.includes(`  ${nameOf(usage)[0]} `), usage);
  assert.match(output, /Examples:\n {2}\$ funcatron /);
  const bare = await runCommand([]);
  assert.equal(bare.code, 2);
  assert.match(bare.said, /Commands|Make bundles/);
});

for (const { usage, about, options, examples } of specs)
  test(`help of ${nameOf(usage).join(' ')} has its options and examples`, async () => {
    const { code, output } = await runCommand([...nameOf(usage), '--help']);
    assert.equal(code, 0);
    const words = output.replaceAll(/\s+/g, ' ');
    assert.ok(words.includes(about), 'says what it does');
    for (const { flag, env } of Object.values(options)) {
      assert.ok(words.includes(flag), flag);
      if (env) assert.ok(words.includes(`($${env})`), env);
    }
    assert.ok(examples.length > 0);
    for (const example of examples) assert.ok(output.includes(`$ ${example}`), example);
  });

test('the examples of a command call it with options it has', async () => {
  for (const { usage, options, examples } of specs)
    for (const example of examples) {
      const command = example.replace(/^(\w+=\S+ )+/, '');
      assert.ok(command.startsWith(`funcatron ${nameOf(usage).join(' ')}`), example);
      const flags = command.match(/ --?[a-z][a-z-]*/g) ?? [];
      const known = Object.values(options).flatMap(({ flag }) => flag.match(/--?[a-z][a-z-]*/g)!);
      for (const flag of flags) assert.ok(known.includes(flag.trim()), `${example}: ${flag}`);
    }
});

test('tells its version', async () => {
  const { code, output } = await runCommand(['--version']);
  assert.equal(code, 0);
  assert.match(output, /^\d+\.\d+\.\d+/);
});

for (const [argv, part] of [
  [['nonsense'], /unknown command 'nonsense'/],
  [['deploy'], /name a folder or a bundle, or a stack/],
  [['list', '--nonsense'], /unknown option '--nonsense'/],
  [['list', 'extra'], /too many arguments/],
  [['token', 'nonsense'], /unknown command 'nonsense'/],
  [['deploy', '.', '--bundle-max', 'much'], /--bundle-max "much": must be a size/],
  [['logs', '--level', 'loud'], /--level "loud": must be one of debug, info/],
  [['list', '--tron', 'nowhere'], /--tron "nowhere": must be a URL such as http/],
  [['init', 'x', '--lang', 'cobol'], /--lang "cobol": must be one of ts, js/],
  [['serve', '--broker', 'pigeon://a:secret@x'], /--broker pigeon: (?!.*secret).*use memory:/],
] as const)
  test(`called wrongly: ${argv.join(' ')}`, async () => {
    const { code, output, said } = await runCommand([...argv]);
    assert.equal(code, 2, said);
    assert.match(said, part);
    assert.equal(output, '', 'nothing that another program would take for data');
  });

test('a variable that is wrong is named', async () => {
  const env = { FUNCATRON_CONTRACT_MAX: 'x' };
  const { code, said } = await runCommand(['build'], { env });
  assert.equal(code, 2);
  assert.match(said, /FUNCATRON_CONTRACT_MAX "x": must be a size/);
});

test('failures: exit code 1, what to do next, as JSON on request', async () => {
  const argv = ['list', '--tron', `http://127.0.0.1:${await freePort()}`];
  const plain = await runCommand(argv);
  assert.equal(plain.code, 1);
  assert.match(
    plain.said,
    /^error unreachable: no Tron answers at .*ECONNREFUSED.*funcatron serve/,
  );
  const json = await runCommand([...argv, '--json']);
  assert.equal(json.code, 1);
  const { error } = JSON.parse(json.said) as { error: { code: string; detail: string } };
  assert.equal(error.code, 'unreachable');
});

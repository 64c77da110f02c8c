import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTree, rules } from './tidy.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

for (const [name, rule] of Object.entries(rules))
  test(`the tree keeps ${name}`, () => {
    assert.deepEqual(rule(readTree(root)), []);
  });

test('the tree that is checked is not empty', () => {
  assert.ok(readTree(root).length > 50);
});

/** For each rule, a tree it must complain about. */
const bad: Record<string, [path: string, text: string][]> = {
  arrowsPointDown: [['src/broker/memory.ts', "import { x } from '../store/store.ts';\n"]],
  adaptersAreOpened: [
    ['src/cli/serve.ts', "import { MemoryBroker } from '../broker/memory/memory.ts';\n"],
  ],
  adaptersAreStrangers: [['src/broker/nats/a.ts', "import { x } from '../redis/b.ts';\n"]],
  noValueCycles: [
    ['src/broker/a.ts', "import { b } from './b.ts';\n"],
    ['src/broker/b.ts', "import { a } from './a.ts';\n"],
  ],
  roomsAreSmall: [['src/broker/long.ts', 'x\n'.repeat(301)]],
  namesSaySomething: [['src/broker/string-utils.ts', '']],
  noBarrels: [['src/broker/index.ts', "export * from './memory.ts';\n"]],
  noModuleState: [['src/broker/state.ts', 'let count = 0;\n']],
  nothingLeftOver: [['src/broker/late.ts', '// TODO later\n']],
  librariesHaveOneHome: [['src/tron/check.ts', "import { Ajv } from 'ajv';\n"]],
};

for (const [name, rule] of Object.entries(rules))
  test(`${name} complains when it should`, () => {
    const files = bad[name]!.map(([path, text]) => ({ path, text }));
    assert.notDeepEqual(rule(files), []);
  });

test('strangers, dynamic imports and upward imports are seen', () => {
  const arrows = rules.arrowsPointDown!;
  for (const text of [
    "import { x } from '../runner/runner.ts';\n",
    "import type { x } from '../cli/main.ts';\n",
    "const x = await import('../tron/tron.ts');\n",
    "import {\n  x,\n  y,\n} from '../runner/runner.ts';\n",
    "import '../cli/main.ts';\n",
  ])
    assert.equal(arrows([{ path: 'src/frontend/server.ts', text }]).length, 1, text);
  const fine = "import { x } from '../openapi/contract.ts';\nimport { y } from '../errors.ts';\n";
  assert.deepEqual(arrows([{ path: 'src/frontend/server.ts', text: fine }]), []);
});

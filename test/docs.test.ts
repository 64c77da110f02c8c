/** What the pages say that can be held against the code, and whether their links lead anywhere. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { settingKeys } from '../src/openapi/setting.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = globSync(['*.md', 'docs/*.md', 'examples/*.md', 'examples/*/*.md'], { cwd: root });

/** Rows of tables, as a page shows them. */
const rowsOf = (page: string, pattern: RegExp): string[] =>
  read(page)
    .split('\n')
    .filter((line) => pattern.test(line));

test('contract.md describes every key of x-funcatron as its schema does', () => {
  const rows = Object.entries(settingKeys).map(([key, { on, schema }]) => {
    return `| \`${key}\` | ${on} | ${String(schema.description)} |`;
  });
  assert.deepEqual(rowsOf('docs/contract.md', /^\| `\w+` \| (both|document|operation) \|/), rows);
});

test('every page of docs/ is in its index', () => {
  const index = read('docs/README.md');
  for (const page of pages.filter((path) => /^docs[\\/]/.test(path))) {
    const name = page.slice('docs/'.length);
    if (name !== 'README.md') assert.ok(index.includes(`](${name})`), `${name} is not linked`);
  }
});

for (const page of pages)
  test(`links in ${page} lead somewhere`, () => {
    const text = read(page).replaceAll(/```[^]*?```/g, '');
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [path = '', anchor] = target!.split('#');
      if (/^[a-z]+:/.test(path)) continue;
      const file = path === '' ? page : join(dirname(page), path);
      assert.ok(existsSync(join(root, file)), `${target} is not there`);
      if (anchor) assert.ok(anchorsOf(read(file)).includes(anchor), `${file} has no #${anchor}`);
    }
  });

/** Headings as their anchors: lower case, blanks as dashes, no other signs. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

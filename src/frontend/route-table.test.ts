import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RouteTable } from './route-table.ts';
import type { Routed } from './route-table.ts';

const at = (host: string | null, basePath: string): Routed => ({ route: { host, basePath } });
const table = (...entries: Routed[]): RouteTable<Routed> => new RouteTable(entries, 1);

test('the longest base path wins, on segment boundaries', () => {
  const routes = table(at(null, '/a'), at(null, '/a/b'), at(null, '/a/b/c/d'), at(null, '/x/y'));
  const cases: [string, string | undefined][] = [
    ['/a', '/a'],
    ['/a/', '/a'],
    ['/ab', undefined],
    ['/a/bc', '/a'],
    ['/a/b', '/a/b'],
    ['/a/b/c', '/a/b'],
    ['/a/b/c/d/e', '/a/b/c/d'],
    ['/x', undefined],
    ['/x/yz', undefined],
    ['//a', undefined],
    ['/', undefined],
    ['/A', undefined],
    ['/%61', undefined],
  ];
  for (const [path, found] of cases)
    assert.equal(routes.find('h', path)?.route.basePath, found, path);
});

test('a route at the root takes what no other does', () => {
  const routes = table(at(null, '/'), at(null, '/a'));
  assert.equal(routes.find('', '/b')?.route.basePath, '/');
  assert.equal(routes.find('', '/a/b')?.route.basePath, '/a');
  assert.equal(routes.find('', '//')?.route.basePath, '/');
});

test('routes of the host come before those of any host', () => {
  const routes = table(at('h', '/'), at(null, '/a/b'), at('*', '/c'), at('g', '/d'));
  assert.equal(routes.find('h', '/a/b')?.route.host, 'h');
  assert.equal(routes.find('g', '/a/b')?.route.host, null);
  assert.equal(routes.find('g', '/c')?.route.host, '*');
  assert.equal(routes.find('g', '/d')?.route.host, 'g');
  assert.equal(routes.find('x', '/d'), undefined);
});

test('it finds what a naive matcher finds', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', 'a%20b', '', 'constructor', '__proto__');
  const path = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
  const basePath = path.filter((text) => text === '/' || !text.endsWith('/'));
  const host = fc.constantFrom('h', 'g', null);
  const routes = fc.uniqueArray(fc.tuple(host, basePath), { selector: String, maxLength: 12 });
  fc.assert(
    fc.property(routes, path, fc.constantFrom('h', 'g', 'x'), (list, asked, askedHost) => {
      const entries = list.map(([one, base]) => at(one, base));
      assert.equal(table(...entries).find(askedHost, asked), naive(entries, askedHost, asked));
    }),
  );
});

function naive(entries: Routed[], host: string, path: string): Routed | undefined {
  const covers = ({ route: { basePath } }: Routed): boolean =>
    basePath === '/' || path === basePath || path.startsWith(`${basePath}/`);
  const best = (of: string | null): Routed | undefined =>
    entries
      .filter((entry) => entry.route.host === of && covers(entry))
      .toSorted((one, two) => two.route.basePath.length - one.route.basePath.length)[0];
  return best(host) ?? best(null);
}

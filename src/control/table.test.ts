import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControlMessage, Route } from '../message.ts';
import { digestOf, splitTable, TableInbox } from './table.ts';

function route(n: number, over: Partial<Route> = {}): Route {
  const sha = String(n).padStart(64, '0');
  return {
    host: null,
    basePath: `/${n}`,
    queue: `q${n}`,
    name: 'n',
    sha,
    revision: n,
    props: {},
    ...over,
  };
}

function message(fields: object, msgId = 'm'): ControlMessage {
  return { v: 1, action: 'route', msgId, from: 'TRON-1', at: Date.now(), ...fields };
}

test('a large table goes in parts, and comes together in whatever order', () => {
  const props = { text: 'x'.repeat(1_000) };
  const routes = Array.from({ length: 1_000 }, (_, n) => route(n, { props }));
  const parts = splitTable({ routes, revision: 7 });
  assert.ok(parts.length > 3);
  for (const part of parts) assert.ok(JSON.stringify(part).length < 300_000);
  const inbox = new TableInbox();
  const taken = parts.toReversed().map((part) => inbox.take(message(part)));
  assert.deepEqual(taken.slice(0, -1).filter(Boolean), []);
  assert.deepEqual(taken.at(-1), { routes, revision: 7 });
});

test('an empty table is one part, and one route may be large', () => {
  const inbox = new TableInbox();
  const [empty] = splitTable({ routes: [], revision: 1 });
  assert.deepEqual(inbox.take(message(empty!)), { routes: [], revision: 1 });
  const huge = route(1, { props: { text: 'x'.repeat(500_000) } });
  assert.equal(splitTable({ routes: [huge, route(2)], revision: 1 }).length, 2);
});

test('parts that come twice, or of many tables, do no harm', () => {
  const inbox = new TableInbox();
  const half = (id: string) =>
    inbox.take(message({ routes: [route(1)], revision: 1, part: 0, parts: 2 }, id));
  assert.equal(half('a'), undefined);
  assert.equal(half('a'), undefined);
  for (let n = 0; n < 100; n++) half(`other ${n}`);
  const rest = message({ routes: [route(2)], revision: 1, part: 1, parts: 2 }, 'a');
  assert.equal(inbox.take(rest), undefined, 'the oldest was given up');
});

test('what is no table is refused whole', () => {
  const inbox = new TableInbox();
  const good = { routes: [route(1)], revision: 1 };
  for (const bad of [
    {},
    { ...good, revision: '1' },
    { ...good, routes: 'all' },
    { ...good, routes: [null] },
    { ...good, routes: [route(1), { ...route(2), basePath: 'no-slash' }] },
    { ...good, routes: [{ ...route(1), host: 5 }] },
    { ...good, part: 2, parts: 2 },
    { ...good, part: -1, parts: 2 },
    { ...good, part: 0.5, parts: 2 },
  ])
    assert.throws(() => inbox.take(message(bad)), { code: 'bad_request' });
  assert.deepEqual(inbox.take(message(good)), good);
});

test('digests tell routes apart by place, bundle and revision, not by order', () => {
  const [a, b] = [route(1), route(2)];
  assert.equal(digestOf([a, b]), digestOf([b, a]));
  const others = [
    [],
    [a],
    [a, { ...b, revision: 9 }],
    [a, { ...b, sha: 'f' }],
    [a, { ...b, queue: 'q' }],
  ];
  assert.equal(new Set([[a, b], ...others].map(digestOf)).size, others.length + 1);
});

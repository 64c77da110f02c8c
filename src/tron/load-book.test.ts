import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControlMessage } from '../message.ts';
import { LoadBook } from './load-book.ts';

const told = {
  ...{ queue: 'q', enabledIn: 3, instances: 2, starting: 1, concurrency: 10 },
  ...{ waiting: 0, inHand: 4, calls: 100, waitMs: 1_000, serviceMs: 5_000, cpuMs: 400 },
};
const say = (book: LoadBook, at: number, over: Partial<typeof told> = {}, from = 'RU-1'): void => {
  const load = { cpus: 2, queues: [{ ...told, ...over }] };
  book.hear({ v: 1, action: 'load', msgId: 'm', from, at, load } as ControlMessage, at);
};

test('two messages make rates, however many were lost between them', () => {
  const book = new LoadBook();
  say(book, 0);
  assert.equal(book.of('q', 0).rate, 0);
  say(book, 10_000, { calls: 300, waitMs: 3_000, serviceMs: 9_000, cpuMs: 5_400 });
  const { rate, waitMs, serviceMs, cpu, instances, inHand } = book.of('q', 10_000);
  assert.deepEqual([rate, waitMs, serviceMs, cpu], [20, 10, 20, 0.5]);
  assert.deepEqual([instances, inHand], [2, 4]);
  say(book, 10_100, { calls: 301 });
  assert.equal(book.of('q', 10_100).rate, 20, 'over a moment a rate means nothing');
});

test('runners are added up; one that is gone or silent does not count', () => {
  const book = new LoadBook();
  say(book, 0);
  say(book, 0, { calls: 7 }, 'RU-2');
  say(book, 2_000, { calls: 102 });
  say(book, 2_000, { calls: 13 }, 'RU-2');
  assert.deepEqual([book.of('q', 2_000).rate, book.of('q', 2_000).instances], [4, 4]);
  book.forget('RU-2');
  assert.equal(book.of('q', 2_000).instances, 2);
  assert.equal(book.of('q', 60_000).instances, 0);
  assert.equal(book.of('other', 2_000).instances, 0);
});

test('counts that begin anew, with another bundle or another process, make no rate', () => {
  const book = new LoadBook();
  say(book, 0);
  say(book, 5_000, { calls: 3, enabledIn: 4 });
  assert.equal(book.of('q', 5_000).rate, 0);
  say(book, 10_000, { calls: 1, enabledIn: 4 });
  assert.equal(book.of('q', 10_000).rate, 0);
  say(book, 20_000, { calls: 11, enabledIn: 4, cpuMs: 0 });
  assert.deepEqual([book.of('q', 20_000).rate, book.of('q', 20_000).cpu], [1, 0]);
});

test('rubbish is not taken for load', () => {
  const book = new LoadBook();
  for (const load of [null, 1, {}, { cpus: 1 }, { cpus: 'x', queues: [] }])
    book.hear({ v: 1, action: 'load', msgId: 'm', from: 'x', at: 0, load } as ControlMessage, 0);
  assert.equal(book.of('q', 0).instances, 0);
});

/** What a store must do with dead letters, as tests. */
import assert from 'node:assert/strict';
import type { CallHead } from '../message.ts';
import { rejectsWith } from './conformance-bench.ts';
import type { Cases } from './conformance-bench.ts';
import type { DeadLetter, LetterFilter } from './letter.ts';

const diedAt = 1_700_000_000_000;
const never = 8_000_000_000_000;

function headOf(id: string): CallHead {
  return {
    ...{ v: 1, action: 'call', id, method: 'POST', scheme: 'http', host: 'example.com' },
    ...{ path: '/pets', query: 'a=ü', headers: { accept: ['a', 'b'] }, remote: '127.0.0.1' },
    ...{ deadline: diedAt, operation: 'POST /pets' },
    async: { acceptedAt: diedAt - 5, tries: 5 },
  };
}

function letterOf(id: string, fields: Partial<DeadLetter> = {}): DeadLetter {
  return {
    ...{ id, queue: 'queue', diedAt, expiresAt: never, head: headOf(id) },
    error: {
      ...{ code: 'func_failed', status: 500, title: 'The Func failed', detail: 'no' },
      component: 'func',
    },
    body: new Uint8Array([0, 1, 255]),
    ...fields,
  };
}

export const letterCases: Cases = {
  'there is no letter at first': async ({ stores: { letters } }) => {
    assert.deepEqual(await letters.list({ limit: 10 }), []);
    assert.equal(await letters.get('none'), undefined);
    assert.deepEqual(await letters.size(), { letters: 0, bytes: 0 });
    assert.equal(await letters.remove('none'), false);
    await rejectsWith(
      letters.replace('none', { head: headOf('none'), body: new Uint8Array(0) }),
      'dead_letter_unknown',
    );
  },

  'a letter comes back whole': async ({ stores: { letters } }) => {
    const large = letterOf('large', { body: new Uint8Array(2 ** 20).fill(7) });
    const empty = letterOf('empty', { body: new Uint8Array(0), diedAt: diedAt + 1 });
    await letters.put(large);
    await letters.put(empty);
    assert.deepEqual(await letters.get('large'), large);
    assert.deepEqual(await letters.get('empty'), empty);
    assert.deepEqual(await letters.size(), { letters: 2, bytes: 2 ** 20 });
    const { head: _head, body: _body, ...rest } = empty;
    assert.deepEqual((await letters.list({ limit: 1 }))[0], {
      ...{ ...rest, method: 'POST', path: '/pets', operation: 'POST /pets' },
      ...{ tries: 5, acceptedAt: diedAt - 5, bytes: 0 },
    });
  },

  'a letter is replaced, and the same put again undoes nothing': async ({
    stores: { letters },
  }) => {
    await letters.put(letterOf('one'));
    const call = { head: { ...headOf('one'), path: '/mended' }, body: new Uint8Array([9, 9]) };
    await letters.replace('one', call);
    await letters.put(letterOf('one'));
    assert.deepEqual(await letters.get('one'), { ...letterOf('one'), ...call });
    assert.equal((await letters.size()).bytes, 2);
    const later = letterOf('one', { diedAt: diedAt + 1, queue: 'other' });
    await letters.put(later);
    await letters.put(letterOf('one'));
    assert.deepEqual(await letters.get('one'), later);
  },

  'a letter that died again since is not removed': async ({ stores: { letters } }) => {
    await letters.put(letterOf('one'));
    await letters.put(letterOf('one', { diedAt: diedAt + 1 }));
    assert.equal(await letters.remove('one', diedAt), false);
    assert.equal((await letters.get('one'))!.diedAt, diedAt + 1);
    assert.equal(await letters.remove('one', diedAt + 1), true);
    assert.equal(await letters.get('one'), undefined);
  },

  'letters are listed latest first, by page and queue': async ({ stores: { letters } }) => {
    const all = Array.from({ length: 25 }, (_, index) =>
      letterOf(`letter-${String(index).padStart(2, '0')}`, {
        diedAt: diedAt + Math.floor(index / 5),
        queue: index % 2 ? 'odd' : 'even',
      }),
    );
    for (const letter of all) await letters.put(letter);
    const pages = async (filter: Partial<LetterFilter>): Promise<string[]> => {
      const ids: string[] = [];
      for (let before: LetterFilter['before']; ;) {
        const page = await letters.list({ ...filter, ...(before && { before }), limit: 7 });
        if (page.length === 0) return ids;
        ids.push(...page.map(({ id }) => id));
        before = page.at(-1)!;
      }
    };
    assert.deepEqual(await pages({}), all.map(({ id }) => id).toReversed());
    const odd = all.filter(({ queue }) => queue === 'odd').map(({ id }) => id);
    assert.deepEqual(await pages({ queue: 'odd' }), odd.toReversed());
  },

  'letters whose time is over go': async ({ stores: { letters } }) => {
    await letters.put(letterOf('old', { expiresAt: 1000 }));
    await letters.put(letterOf('new'));
    assert.equal(await letters.get('old'), undefined);
    assert.equal((await letters.list({ limit: 10 })).length, 1);
    assert.equal(await letters.expire(1000), 1);
    assert.deepEqual(await letters.size(), { letters: 1, bytes: 3 });
  },
};

export const reopenedLetterCases: Cases = {
  'letters are there after a restart': async ({ stores, reopen }) => {
    await stores.letters.put(letterOf('one'));
    const { letters } = await reopen();
    assert.deepEqual(await letters.get('one'), letterOf('one'));
  },

  'of many that remove a letter in two openings, one is told': async ({ stores, another }) => {
    const both = [stores.letters, (await another()).letters];
    await stores.letters.put(letterOf('one'));
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, index) => both[index % 2]!.remove('one')),
    );
    assert.equal(told.filter(Boolean).length, 1);
  },

  'a letter put in two openings at once is there once': async ({ stores, another }) => {
    const both = [stores.letters, (await another()).letters];
    const puts = Array.from({ length: 20 }, (_, index) =>
      both[index % 2]!.put(letterOf('one', { diedAt: diedAt + index })),
    );
    await Promise.all(puts);
    assert.equal((await both[1]!.get('one'))?.diedAt, diedAt + 19);
    assert.equal((await both[1]!.size()).letters, 1);
  },
};

/** What a store must do with asynchronous calls and idempotency keys, as tests. */
import assert from 'node:assert/strict';
import type { Problem } from '../message.ts';
import type { CallEvent, CallStatus, CallStore } from './call.ts';
import type { Cases } from './conformance-bench.ts';

const acceptedAt = 1_700_000_000_000;
const never = 8_000_000_000_000;

const error: Problem = {
  code: 'func_failed',
  status: 500,
  title: 'The Func failed',
  detail: 'it said "ünïcode"\u0000\n',
  component: 'func',
};
const reply = {
  status: 201,
  headers: { 'content-type': 'image/png', 'set-cookie': ['a', 'b'] },
  body: new Uint8Array([0, 255, 10, 13, 0, 128]),
  truncated: true,
};
const request = {
  ...{ queue: 'abcdefgh12345678', bundle: 'pets', operation: 'POST /pets' },
  ...{ method: 'POST', path: '/pets', callback: 'https://example.com/told' },
};

function eventOf(id: string, status: CallStatus, fields: Partial<CallEvent> = {}): CallEvent {
  return { id, status, acceptedAt, at: acceptedAt, expiresAt: never, ...fields };
}

/** What happens to a call that needs a second try, in order. */
function lifeOf(id: string): CallEvent[] {
  return [
    eventOf(id, 'accepted', request),
    eventOf(id, 'running', { at: acceptedAt + 1 }),
    eventOf(id, 'retrying', { at: acceptedAt + 2, tries: 1, error }),
    eventOf(id, 'running', { at: acceptedAt + 3, tries: 1, queue: request.queue }),
    eventOf(id, 'done', { at: acceptedAt + 4, tries: 1, reply }),
  ];
}

export const callCases: Cases = {
  'a call nobody told of is unknown': async ({ stores: { calls } }) => {
    assert.equal(await calls.get('none'), undefined);
    assert.deepEqual(await calls.list({ limit: 10 }), []);
    await calls.apply([]);
    assert.equal(await calls.expire(never), 0);
  },

  'a call is followed from its beginning to its end': async ({ stores: { calls } }) => {
    const seen = [];
    for (const event of lifeOf('one')) {
      await calls.apply([event]);
      seen.push(await calls.get('one'));
    }
    const times = (updatedAt: number) => ({ acceptedAt, updatedAt, expiresAt: never });
    assert.deepEqual(seen, [
      { id: 'one', status: 'accepted', ...request, tries: 0, ...times(acceptedAt) },
      { id: 'one', status: 'running', ...request, tries: 0, ...times(acceptedAt + 1) },
      { id: 'one', status: 'retrying', ...request, tries: 1, ...times(acceptedAt + 2), error },
      { id: 'one', status: 'running', ...request, tries: 1, ...times(acceptedAt + 3) },
      { id: 'one', status: 'done', ...request, tries: 1, ...times(acceptedAt + 4), reply },
    ]);
  },

  'the order of events makes no difference, nor do duplicates': async ({ stores: { calls } }) => {
    const orders = permutations([0, 1, 2, 3, 4]);
    const idOf = (order: number[]): string => order.join('');
    for (let step = 0; step < 5; step++) {
      const events = orders.map((order) => lifeOf(idOf(order))[order[step]!]!);
      await calls.apply([...events, ...events.slice(0, 5)]);
    }
    // Nearly the same in one batch.
    await calls.apply([4, 0, 2, 4, 1, 3].map((index) => lifeOf('batch')[index]!));
    for (const id of ['batch', ...orders.map(idOf)])
      assert.deepEqual(await calls.get(id), {
        ...{ id, status: 'done', ...request, tries: 1, reply },
        ...{ acceptedAt, updatedAt: acceptedAt + 4, expiresAt: never },
      });
  },

  'an end stays, and one that succeeded counts most': async ({ stores: { calls } }) => {
    const ends = ['dead', 'failed', 'cancelled', 'done'] as const;
    for (const [index, end] of ends.entries()) {
      await calls.apply([eventOf(end, end, { tries: 3, error })]);
      const late = ['accepted', 'running', 'retrying', 'cancelling'] as const;
      await calls.apply(late.map((status) => eventOf(end, status, { tries: 9 })));
      assert.equal((await calls.get(end))?.status, end);
      assert.equal((await calls.get(end))?.tries, 3);
      await calls.apply(ends.toReversed().map((status) => eventOf(end, status)));
      assert.equal((await calls.get(end))?.status, index >= 0 ? 'done' : end);
    }
  },

  'a cancelled call goes on being cancelled': async ({ stores: { calls } }) => {
    await calls.apply([eventOf('one', 'cancelling'), eventOf('one', 'running', { tries: 4 })]);
    assert.equal((await calls.get('one'))?.status, 'cancelling');
    await calls.apply([eventOf('one', 'cancelled')]);
    assert.equal((await calls.get('one'))?.status, 'cancelled');
  },

  'a call that was accepted once more begins anew': async ({ stores: { calls } }) => {
    await calls.apply([eventOf('one', 'accepted', request), eventOf('one', 'dead', { tries: 5 })]);
    const again = { acceptedAt: acceptedAt + 10, at: acceptedAt + 10 };
    await calls.apply([eventOf('one', 'accepted', { ...again, path: '/mended' })]);
    const call = (await calls.get('one'))!;
    assert.deepEqual(
      [call.status, call.tries, call.path, call.queue, call.error],
      ['accepted', 0, '/mended', request.queue, undefined],
    );
    await calls.apply([eventOf('one', 'done', { reply }), eventOf('one', 'accepted', request)]);
    assert.equal((await calls.get('one'))?.status, 'accepted');
    assert.equal((await calls.get('one'))?.path, '/mended');
  },

  'an empty body and a large one are kept as they are': async ({ stores: { calls } }) => {
    const large = new Uint8Array(2 ** 20 + 1).fill(255);
    const bodies = { empty: new Uint8Array(0), large };
    const headers = {};
    for (const [id, body] of Object.entries(bodies)) {
      const kept = { status: 200, headers, body, truncated: false };
      await calls.apply([eventOf(id, 'done', { reply: kept })]);
      assert.deepEqual((await calls.get(id))?.reply, kept);
    }
  },

  'calls are listed newest first, by page, status and queue': async ({ stores: { calls } }) => {
    const statuses = ['accepted', 'done', 'failed'] as const;
    const events = Array.from({ length: 250 }, (_, index) =>
      eventOf(`call-${String(index).padStart(3, '0')}`, statuses[index % 3]!, {
        // Many at the same time.
        acceptedAt: acceptedAt + Math.floor(index / 10),
        queue: index % 2 ? 'odd' : 'even',
        reply,
      }),
    );
    await calls.apply(events);
    const ids = events.map(({ id }) => id).toReversed();
    assert.deepEqual(await pages(calls, {}), ids);
    const wanted = events.filter(({ status, queue }) => status === 'failed' && queue === 'odd');
    const found = await pages(calls, { status: 'failed', queue: 'odd' });
    assert.deepEqual(found, wanted.map(({ id }) => id).toReversed());
    const [newest] = await calls.list({ limit: 1 });
    assert.ok(newest && !('reply' in newest), 'a list has no replies');
  },

  'a key stands for the call it was claimed for first': async ({ stores: { calls } }) => {
    const mine = { id: 'one', fingerprint: 'print', isNew: true };
    assert.deepEqual(await calls.claim('key', 'print', 'one', never), mine);
    const other = await calls.claim('key', 'other', 'two', never);
    assert.deepEqual(other, { ...mine, isNew: false });
    assert.deepEqual(await calls.claim('key', 'print', 'one', never), mine);
    assert.equal((await calls.claim('key2', 'other', 'two', never)).isNew, true);
  },

  'a key whose time is over can be had again': async ({ stores: { calls } }) => {
    await calls.claim('key', 'print', 'one', 1);
    const claimed = await calls.claim('key', 'other', 'two', never);
    assert.deepEqual(claimed, { id: 'two', fingerprint: 'other', isNew: true });
  },

  'what is over its time goes, all of it, and nothing else': async ({ stores: { calls } }) => {
    const old = Array.from({ length: 1201 }, (_, index) =>
      eventOf(`old-${index}`, 'done', { expiresAt: 1000 + index }),
    );
    await calls.apply([...old, eventOf('new', 'done')]);
    await calls.claim('old', 'print', 'one', 1000);
    await calls.claim('new', 'print', 'two', never);
    assert.equal(await calls.get('old-0'), undefined, 'its time is over');
    assert.deepEqual(await pages(calls, {}), ['new']);
    assert.equal(await calls.expire(999), 0);
    assert.equal(await calls.expire(1001), 3);
    assert.equal(await calls.expire(3000), 1199);
    assert.equal(await calls.expire(3000), 0);
    assert.equal((await calls.get('new'))?.id, 'new');
    assert.equal((await calls.claim('new', 'print', 'three', never)).isNew, false);
  },
};

export const reopenedCallCases: Cases = {
  'calls and keys are there after a restart': async ({ stores, reopen }) => {
    await stores.calls.apply(lifeOf('one'));
    await stores.calls.claim('key', 'print', 'one', never);
    const before = await stores.calls.get('one');
    const { calls } = await reopen();
    assert.deepEqual(await calls.get('one'), before);
    assert.equal((await calls.claim('key', 'print', 'two', never)).id, 'one');
  },

  'events come to two openings at once': async ({ stores, another }) => {
    const both = [stores.calls, (await another()).calls];
    const ids = Array.from({ length: 60 }, (_, index) => `call-${index}`);
    const batches = [0, 1, 2, 3, 4].map((step) => ids.map((id) => lifeOf(id)[step]!));
    const applied = batches.flatMap((batch, index) => [
      both[index % 2]!.apply(batch),
      both[(index + 1) % 2]!.apply(batch.toReversed()),
    ]);
    await Promise.all(applied);
    for (const id of ids) {
      const call = (await both[0]!.get(id))!;
      assert.deepEqual([call.status, call.path, call.tries], ['done', '/pets', 1]);
    }
  },

  'of many that claim a key in two openings, one is new': async ({ stores, another }) => {
    const both = [stores.calls, (await another()).calls];
    for (const key of ['new', 'over']) {
      if (key === 'over') await stores.calls.claim(key, 'print', 'before', 1);
      const claims = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          both[index % 2]!.claim(key, `print-${index}`, `id-${index}`, never),
        ),
      );
      const winners = claims.filter(({ isNew }) => isNew);
      assert.equal(winners.length, 1);
      for (const { id, fingerprint } of claims) {
        assert.equal(id, winners[0]!.id);
        assert.equal(fingerprint, winners[0]!.fingerprint);
      }
    }
  },
};

async function pages(
  calls: CallStore,
  filter: { status?: CallStatus; queue?: string },
): Promise<string[]> {
  const ids: string[] = [];
  for (let before: { acceptedAt: number; id: string } | undefined; ;) {
    const page = await calls.list({ ...filter, ...(before && { before }), limit: 7 });
    if (page.length === 0) return ids;
    ids.push(...page.map(({ id }) => id));
    before = page.at(-1)!;
  }
}

function permutations(items: number[]): number[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

/** What every store must do with counts of calls, as tests. */
import assert from 'node:assert/strict';
import type { Cases } from './conformance-bench.ts';
import type { Tally } from './tally.ts';

const countCalls = ({ calls }: Tally): number =>
  Object.values(calls).reduce((sum, count) => sum + count, 0);

function tallyOf(calls: Record<string, number>, lastAt: number, over: Partial<Tally> = {}): Tally {
  return { calls, seconds: 0.5, buckets: [1, 0, 2], lastAt, ...over };
}

export const tallyCases: Cases = {
  'what frontends counted is added up, however often they tell it': async ({ stores }) => {
    const { tallies } = stores;
    assert.equal(await tallies.of('figlet.openfaas-fn'), undefined);
    const error = { at: 5, status: 500, code: 'func_failed', detail: 'ünïcode "quoted"' };
    const one = new Map([
      ['figlet.openfaas-fn', tallyOf({ 200: 3 }, 10)],
      ['cat.openfaas-fn', tallyOf({ 200: 1 }, 1)],
    ]);
    for (let time = 0; time < 3; time++) await tallies.put('FRNT1', one, 100);
    await tallies.put(
      'FRNT2',
      new Map([['figlet.openfaas-fn', tallyOf({ 200: 2, 500: 1 }, 7, { error })]]),
      100,
    );
    await tallies.put('FRNT2', new Map(), 100);
    const both = { calls: { 200: 5, 500: 1 }, seconds: 1, buckets: [2, 0, 4], lastAt: 10, error };
    assert.deepEqual(await tallies.of('figlet.openfaas-fn'), both);
    assert.equal(countCalls(both), 6);
    const all = await tallies.all();
    assert.deepEqual([...all.keys()].toSorted(), ['cat.openfaas-fn', 'figlet.openfaas-fn']);
    assert.deepEqual(all.get('cat.openfaas-fn'), tallyOf({ 200: 1 }, 1));
  },

  'frontends that are gone become one account, and nothing is lost by it': async ({ stores }) => {
    const { tallies } = stores;
    for (let source = 0; source < 5; source++)
      await tallies.put(
        `FRNT${source}`,
        new Map([['cat', tallyOf({ 200: source + 1 }, 10)]]),
        source,
      );
    await tallies.fold(3, ['FRNT1'], 0);
    assert.equal(countCalls((await tallies.of('cat'))!), 15);
    // Who lives goes on from what it told.
    await tallies.put('FRNT1', new Map([['cat', tallyOf({ 200: 12 }, 10)]]), 20);
    assert.equal(countCalls((await tallies.of('cat'))!), 25);
    await tallies.fold(100, [], 0);
    assert.equal(countCalls((await tallies.of('cat'))!), 25);
    await tallies.fold(100, [], 1_000);
    assert.equal(await tallies.of('cat'), undefined);
  },

  'many functions are told at once': async ({ stores: { tallies } }) => {
    const many = Array.from(
      { length: 350 },
      (_, at) => [`f${at}`, tallyOf({ 200: at }, at)] as const,
    );
    await tallies.put('FRNT', new Map(many), 1);
    assert.equal((await tallies.all()).size, 350);
    assert.deepEqual((await tallies.of('f349'))!.calls, { 200: 349 });
  },
};

export const reopenedTallyCases: Cases = {
  'counts survive a restart, and two that count at once lose none': async (bench) => {
    const both = [bench.stores.tallies, (await bench.another()).tallies];
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        both[at % 2]!.put(`FRNT${at}`, new Map([['cat', tallyOf({ 200: 1 }, at)]]), 1),
      ),
    );
    const { tallies } = await bench.reopen();
    assert.equal(countCalls((await tallies.of('cat'))!), 20);
  },
};

/** Every folder of examples/ is deployed to a real platform, and called. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { cat } from './example/cat.ts';
import { hello } from './example/hello.ts';
import { ledger } from './example/ledger.ts';
import { orders } from './example/orders.ts';
import { petstore } from './example/petstore.ts';
import { ExamplePlace, examplesDir } from './example/place.ts';
import { sentiment } from './example/sentiment.ts';
import { staging } from './example/staging.ts';
import { weather } from './example/weather.ts';
import { webpack } from './example/webpack.ts';
import { wordcount } from './example/wordcount.ts';

const cases: Record<string, (place: ExamplePlace) => Promise<void>> = {
  cat,
  hello,
  ledger,
  orders,
  petstore,
  sentiment,
  staging,
  weather,
  webpack,
  wordcount,
};
const folders = readdirSync(examplesDir, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const ofPython = new Set(['ledger', 'sentiment']);
const hasPython = spawnSync('python3', ['--version'], { stdio: 'ignore' }).status === 0;

/** What pip says when there is none, or when no package index answers it. */
const noPackages = /No module named pip|connection broken by|NewConnectionError|ConnectTimeout/;

describe('examples', () => {
  let place: ExamplePlace;
  before(async () => {
    place = await ExamplePlace.open();
  });
  after(() => place?.close());

  for (const name of folders)
    test(`examples/${name}`, async (t) => {
      const tryOut = cases[name];
      assert.ok(tryOut, `examples/${name} has no case in test/example/`);
      if (ofPython.has(name) && !hasPython) return t.skip('python3 is not installed');
      try {
        await tryOut(place);
      } catch (thrown) {
        if (!noPackages.test(String(thrown))) throw thrown;
        t.skip('pip or its package index is out of reach');
      }
    });

  test('every case is of a folder', () => {
    assert.deepEqual(Object.keys(cases).toSorted(), folders.toSorted());
  });
});

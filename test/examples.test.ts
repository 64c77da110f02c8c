/** Every folder of examples/ is deployed to a real platform, and called. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { cat } from './example/cat.ts';
import { hello } from './example/hello.ts';
import { javaDatabase } from './example/java-database.ts';
import { clojure, groovy, java, kotlin, scala } from './example/jvm.ts';
import { ledger } from './example/ledger.ts';
import { orders } from './example/orders.ts';
import { petstore } from './example/petstore.ts';
import { ExamplePlace, examplesDir } from './example/place.ts';
import { sentiment } from './example/sentiment.ts';
import { springBoot } from './example/spring-boot.ts';
import { staging } from './example/staging.ts';
import { warm } from './example/warm.ts';
import { weather } from './example/weather.ts';
import { webpack } from './example/webpack.ts';
import { wordcount } from './example/wordcount.ts';
import { whyMissing } from './server/server.ts';

const cases: Record<string, (place: ExamplePlace) => Promise<void>> = {
  cat,
  clojure,
  groovy,
  hello,
  java,
  'java-database': javaDatabase,
  kotlin,
  ledger,
  orders,
  petstore,
  scala,
  sentiment,
  'spring-boot': springBoot,
  staging,
  warm,
  weather,
  webpack,
  wordcount,
};
const folders = readdirSync(examplesDir, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const maven = ['javac', 'mvn'];
/** Programs that building and running an example takes. */
const needed: Record<string, readonly string[]> = {
  clojure: ['javac', 'lein', 'mvn'],
  groovy: maven,
  java: maven,
  'java-database': maven,
  kotlin: maven,
  ledger: ['python3'],
  scala: maven,
  sentiment: ['python3'],
  warm: ['bash', 'perl', 'python3'],
  'spring-boot': maven,
};

/** What tools say when they have no way to fetch what an example depends on. */
const noPackages = new RegExp(
  'No module named pip|connection broken by|NewConnectionError|ConnectTimeout' +
    '|Could not transfer|UnknownHost|Unknown host|Connection refused|sbt is not there',
);

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
      const missing = whyMissing(...(needed[name] ?? []));
      if (missing !== false) return t.skip(missing);
      try {
        await tryOut(place);
      } catch (thrown) {
        if (!noPackages.test(String(thrown))) throw thrown;
        t.skip('the packages it depends on are out of reach');
      }
    });

  test('every case is of a folder', () => {
    assert.deepEqual(Object.keys(cases).toSorted(), folders.toSorted());
  });
});

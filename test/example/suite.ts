/** Deploys examples to a real platform, one after the other, and calls them. */
import { after, before, describe, test } from 'node:test';
import { whyMissing } from '../server/server.ts';
import { ExamplePlace } from './place.ts';
import type { Example } from './table.ts';

/** What tools say when they have no way to fetch what an example depends on. */
const noPackages = new RegExp(
  'No module named pip|connection broken by|NewConnectionError|ConnectTimeout' +
    '|Could not transfer|UnknownHost|Unknown host|Connection refused|sbt is not there',
);

/** A test for each, skipped by name where what it needs is missing. */
export function tryExamples(name: string, examples: Record<string, Example>): void {
  describe(name, () => {
    let place: ExamplePlace;
    before(async () => {
      place = await ExamplePlace.open();
    });
    after(() => place?.close());

    for (const [folder, { tryOut, needs = [] }] of Object.entries(examples))
      test(`examples/${folder}`, async (t) => {
        const missing = whyMissing(...needs);
        if (missing !== false) return t.skip(missing);
        try {
          await tryOut(place);
        } catch (thrown) {
          if (!noPackages.test(String(thrown))) throw thrown;
          t.skip('the packages it depends on are out of reach');
        }
      });
  });
}

/** A Func and a library of Maven Central, which Gradle builds and we put together. */
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

export async function gradle(place: ExamplePlace): Promise<void> {
  await place.deploy('gradle');
  const path = '/sample/gradle/distance';
  assertJson(await place.post(path, { from: 'kitten', to: 'sitting' }), { distance: 3 });
  assertRefused(await place.post(path, { from: 'kitten' }), 400, 'bad_body');
}

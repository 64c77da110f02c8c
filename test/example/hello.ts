import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

export async function hello(place: ExamplePlace): Promise<void> {
  await place.deploy('hello');
  assertJson(await place.get('/hello/Ada'), { greeting: 'Hello, Ada!' });
  const thrice = { greeting: 'Hello, Bo! Hello, Bo! Hello, Bo!' };
  assertJson(await place.get('/hello/Bo?times=3'), thrice);
  for (const times of ['many', '0', '6', '1.5', ''])
    assertRefused(await place.get(`/hello/Bo?times=${times}`), 400, 'bad_parameter');
  assertRefused(await place.get(`/hello/${'x'.repeat(41)}`), 400, 'bad_parameter');
  assertRefused(await place.post('/hello/Ada', {}), 405, 'method_not_allowed');
  assertRefused(await place.get('/hello/Ada/again'), 404, 'not_found');
}

import assert from 'node:assert/strict';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

export async function weather(place: ExamplePlace): Promise<void> {
  await place.deploy('weather');
  const bern = '/weather/stations/bern';
  assertJson(await place.get(bern), { celsius: 18, sky: 'cloudy' });
  const sunny = { celsius: 21.5, sky: 'sunny' };
  assert.equal((await place.post(bern, sunny)).status, 204);
  assertJson(await place.get(bern), sunny);
  assertJson(await place.get('/weather/stations'), { bern: 2, kiruna: 1 });
  assertRefused(await place.post(bern, { celsius: 215, sky: 'sunny' }), 400, 'bad_body');
  const unknown = await place.get('/weather/stations/nowhere');
  assert.equal(unknown.status, 404);
  assert.equal(unknown.text, 'there is no station nowhere\n', "the program's own answer");
  await assertStreams(place);
}

/** An event comes while its stream is open. */
async function assertStreams(place: ExamplePlace): Promise<void> {
  const aborted = new AbortController();
  const response = await fetch(place.url('/weather/stations/kiruna/events'), {
    signal: aborted.signal,
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const readTo = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) text += (await reader.read()).value ?? assert.fail('it ended');
  };
  await readTo('data: {"celsius":-12.5,"sky":"snow"}\n\n');
  await place.post('/weather/stations/kiruna', { celsius: -13, sky: 'fog' });
  await readTo('data: {"celsius":-13,"sky":"fog"}\n\n');
  aborted.abort();
  await reader.closed.catch(() => undefined);
}

import assert from 'node:assert/strict';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

const text = { 'content-type': 'text/plain; charset=utf-8' };

export async function sentiment(place: ExamplePlace): Promise<void> {
  await place.deploy('sentiment');
  const good = await place.post('/sentiment', { text: 'Lovely weather, and not bad!' });
  assertJson(good, { score: 1, mood: 'good', words: { lovely: 1, bad: 1 } });
  const bad = await place.post('/sentiment', 'They kept failing. I never liked it.', text);
  assertJson(bad, { score: -1, mood: 'bad', words: { failing: -1, liked: -1 } });
  const german = { language: 'german', text: 'Es war schöner als gestern' };
  assert.equal((await place.post('/sentiment', german)).json.mood, 'good');
  assertJson(await place.get('/sentiment/stems/english/wonderfully'), 'wonder');
  assertRefused(await place.get('/sentiment/stems/klingon/x'), 400, 'bad_parameter');
  assertRefused(await place.post('/sentiment', { language: 'english' }), 400, 'bad_body');
  const page = await place.post('/sentiment', '<p>', { 'content-type': 'text/html' });
  assertRefused(page, 415, 'unsupported_media_type');
}

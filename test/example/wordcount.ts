import assert from 'node:assert/strict';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

const text = { 'content-type': 'text/plain' };

export async function wordcount(place: ExamplePlace): Promise<void> {
  await place.deploy('wordcount');
  const count = await place.post('/wordcount/words', 'the cat and the hat', text);
  assert.equal(count.text.trim(), '5');
  const top = await place.post('/wordcount/top?count=2', 'The cat, "and" the hat.', text);
  assertJson(top, [
    { word: 'the', times: 2 },
    { word: 'and', times: 1 },
  ]);
  const usual = await place.post('/wordcount/top', 'a b c d e f', text);
  assert.equal(usual.json.length, 5, 'as many as the contract says when nobody does');
  const none = await place.post('/wordcount/top?count=0', 'a', text);
  assertRefused(none, 400, 'bad_parameter');
  assertRefused(await place.post('/wordcount/words', '', text), 400, 'bad_body');
}

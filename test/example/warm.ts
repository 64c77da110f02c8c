import assert from 'node:assert/strict';
import { assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

export async function warm(place: ExamplePlace): Promise<void> {
  for (const name of ['bash', 'perl', 'python']) {
    await place.deploy(`warm/${name}`);
    const path = `/warm/${name}`;
    const first = await place.post(path, 'Ada');
    assert.equal(first.status, 200, first.text);
    assert.equal(first.text, `Hello, Ada! Call 1 of this ${name}, by POST /.\n`);
    assert.match(String(first.headers['content-type']), /^text\/plain/);
    const body = 'Grüße\nüber zwei Zeilen';
    const second = await place.ask('PUT', `${path}/any/path?x=1`, { body });
    const asked = 'by PUT /any/path?x=1.';
    assert.equal(second.text, `Hello, ${body}! Call 2 of this ${name}, ${asked}\n`);
    const third = await place.ask('DELETE', path);
    assert.equal(third.text, `Hello, nobody! Call 3 of this ${name}, by DELETE /.\n`);
  }
  const agent = { 'user-agent': 'the test' };
  const greeted = await place.post('/warm/python', 'Ada', agent);
  assert.equal(greeted.headers['x-greeted'], 'the test');
  assertRefused(await place.post('/warm', ''), 404, 'no_route');
}

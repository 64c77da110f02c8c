import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ExamplePlace } from './place.ts';

export async function cat(place: ExamplePlace): Promise<void> {
  await place.deploy('cat');
  for (const size of [1, 100_000, 3_000_000]) {
    const bytes = randomBytes(size);
    const answer = await place.post('/cat', bytes, { 'content-type': 'image/x-noise' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/octet-stream');
    assert.ok(answer.bytes.equals(bytes), `${size} bytes, the same`);
  }
}

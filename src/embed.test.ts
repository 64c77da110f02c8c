/** That a program can have a platform inside, by the public entry alone. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildBundle, catalogue, FuncatronError, startPlatform } from './index.ts';

const hello = fileURLToPath(new URL('../examples/hello', import.meta.url));

test('starts a platform, builds a bundle, deploys it and calls it', async () => {
  const data = await mkdtemp(join(tmpdir(), 'embed-'));
  const places = { host: '127.0.0.1', port: 0, tronPort: 0, data };
  const platform = await startPlatform(places);
  try {
    const { bytes } = await buildBundle(hello);
    const post = (
      path: string,
      body: string | Uint8Array<ArrayBuffer>,
      type: string,
    ): Promise<Response> =>
      fetch(platform.tronUrl + path, { method: 'POST', body, headers: { 'content-type': type } });
    const uploaded = await post(
      '/api/v1/add_func',
      bytes as Uint8Array<ArrayBuffer>,
      'application/zip',
    );
    const { sha } = (await uploaded.json()) as { sha: string };
    await post('/api/v1/enable', JSON.stringify({ sha }), 'application/json');
    const answer = await fetch(`${platform.url}/hello/Ada`);
    assert.deepEqual(await answer.json(), { greeting: 'Hello, Ada!' });
    await assert.rejects(startPlatform(places), { code: 'option_invalid', message: /in use/ });
  } finally {
    await platform.close();
    await rm(data, { recursive: true, force: true });
  }
});

test('errors are told by their code', async () => {
  await assert.rejects(buildBundle('/no/such/folder'), (thrown) => {
    return thrown instanceof FuncatronError && thrown.code in catalogue;
  });
});

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLog } from '../log.ts';
import type { BundleCacheOptions } from './bundle-cache.ts';
import type { BundleHost } from './bundle-fetch.ts';
import { openBundleCache } from './store.ts';

const log = createLog({ level: 'silent' });

interface Bundle {
  sha: string;
  bytes: Buffer;
}

function bundle(size = 1_000): Bundle {
  const bytes = randomBytes(size);
  return { bytes, sha: createHash('sha256').update(bytes).digest('hex') };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server in place of a Tron; `asked` are the paths it was asked for. */
async function openHost(t: TestContext, answer: Answer): Promise<BundleHost & { asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, fetchKey: 'key', asked };
}

const serving =
  (...bundles: Bundle[]): Answer =>
  (request, response) => {
    const found = bundles.find(({ sha }) => request.url === `/api/v1/bundle/${sha}`);
    if (request.headers['x-funcatron-fetch-key'] !== 'key') response.writeHead(401).end();
    else if (found) response.end(found.bytes);
    else response.writeHead(404).end('no such bundle');
  };

async function openCache(
  t: TestContext,
  hosts: BundleHost[],
  over: Partial<BundleCacheOptions> = {},
) {
  const dir = await mkdtemp(join(tmpdir(), 'cache-'));
  t.after(() => rm(dir, { recursive: true }));
  const cache = await openBundleCache({
    ...{ dir, bundleMax: 100_000, cacheMax: 1_000_000, log },
    ...{ hosts: async () => hosts, inUse: () => new Set<string>(), ...over },
  });
  const kept = async (): Promise<string[]> =>
    (await readdir(dir)).filter((name) => name.endsWith('.zip')).toSorted();
  return { cache, dir, kept };
}

test('a bundle is fetched once, however many ask, and kept', async (t) => {
  const { sha, bytes } = bundle();
  const host = await openHost(t, serving({ sha, bytes }));
  const { cache } = await openCache(t, [host]);
  const paths = await Promise.all([cache.path(sha), cache.path(sha), cache.path(sha)]);
  assert.deepEqual(await readFile(paths[0]), bytes);
  await cache.path(sha);
  assert.deepEqual(host.asked, [`/api/v1/bundle/${sha}`]);
});

test('the next Tron is asked when one fails, and an error names them all', async (t) => {
  const good = bundle();
  const missing = bundle();
  const gone = { url: 'http://127.0.0.1:1', fetchKey: 'key' };
  const wrong = await openHost(t, (_request, response) => response.end('other bytes'));
  const broken = await openHost(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('half');
    setTimeout(() => response.destroy(), 5);
  });
  const refusing = await openHost(t, (_request, response) => {
    response.writeHead(507, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ detail: 'the store is down' }, null, 2));
  });
  const host = await openHost(t, serving(good));
  const { cache, dir } = await openCache(t, [gone, wrong, broken, refusing, host]);
  await cache.path(good.sha);
  await assert.rejects(cache.path(missing.sha), ({ code, message }: never) => {
    assert.equal(code, 'bundle_unavailable');
    const text = String(message);
    assert.match(text, /127\.0\.0\.1:1: .*ECONNREFUSED/);
    assert.ok(text.includes(`${wrong.url} sent bundle `), text);
    assert.ok(text.includes(`${broken.url}: `), text);
    assert.ok(text.includes(`${refusing.url}: answers 507 the store is down`), text);
    assert.ok(text.includes(`${host.url}: answers 404 no such bundle`), text);
    return true;
  });
  assert.deepEqual(await readdir(join(dir, 'incoming')), [], 'nothing half is left');
});

test('without a Tron, or over the limit, it says so', async (t) => {
  const { sha, bytes } = bundle();
  const none = await openCache(t, []);
  await assert.rejects(none.cache.path(sha), { message: /no Tron was heard of/ });
  const host = await openHost(t, serving({ sha, bytes }));
  const small = await openCache(t, [host], { bundleMax: 999 });
  await assert.rejects(small.cache.path(sha), { message: /--bundle-max/ });
});

test('what was not used for the longest time goes, and nothing that is in use', async (t) => {
  const bundles = Array.from({ length: 4 }, () => bundle());
  const [oldest, used, recent, newest] = bundles as [Bundle, Bundle, Bundle, Bundle];
  const host = await openHost(t, serving(...bundles));
  const dropped: string[] = [];
  const { cache, dir, kept } = await openCache(t, [host], {
    cacheMax: 2_500,
    inUse: () => new Set([oldest.sha]),
    onDropped: async (sha) => void dropped.push(sha),
  });
  const age = async ({ sha }: Bundle, minutes: number): Promise<void> => {
    const at = new Date(Date.now() - minutes * 60_000);
    await utimes(join(dir, `${sha}.zip`), at, at);
  };
  for (const { sha } of [oldest, used]) await cache.path(sha);
  await age(oldest, 30);
  await age(used, 20);
  await cache.path(recent.sha);
  assert.deepEqual(dropped, [used.sha]);
  await age(recent, 10);
  await cache.path(newest.sha);
  assert.deepEqual(dropped, [used.sha, recent.sha]);
  assert.deepEqual(await kept(), [`${oldest.sha}.zip`, `${newest.sha}.zip`].toSorted());
});

test('what is enabled is fetched ahead, up to the limit of the cache', async (t) => {
  const bundles = Array.from({ length: 4 }, () => bundle());
  const host = await openHost(t, serving(...bundles));
  const { cache, kept } = await openCache(t, [host], { cacheMax: 2_500 });
  const shas = bundles.map(({ sha }) => sha);
  await cache.fill(shas);
  assert.equal((await kept()).length, 3);
  const away = await openCache(t, []);
  await away.cache.fill(shas);
  assert.deepEqual(await away.kept(), []);
});

/** A disk without room: what cannot be kept is refused, what is there goes on being served. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deploy, enable, makeBundle, nodeBundle, upload } from './fixture/bundle.ts';
import { ask, verdict } from './fixture/client.ts';
import { Stage } from './fixture/server.ts';

const stage = new Stage();
const disk = join(stage.dir, 'disk');
mkdirSync(disk);
const mount = ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk];
const isRoot = process.getuid?.() === 0;
const isMounted = isRoot && spawnSync('mount', mount).status === 0;
const skip = isMounted ? false : 'needs root and leave to mount a small disk';

after(async () => {
  await stage.stopAll();
  if (isMounted) assert.equal(spawnSync('umount', [disk]).status, 0);
  await stage.close();
});

/** Leaves so many bytes free. */
function fill(free: number): () => void {
  const { bavail, bsize } = statfsSync(disk);
  const file = join(disk, 'ballast');
  writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - free)));
  return () => rmSync(file);
}

test('a full disk costs only what needs room on it', { skip }, async (t) => {
  const server = await stage.serve({ data: 'disk' });
  const good = await deploy(server, nodeBundle('b', 'export const main = () => 1;'));
  const noise = Array.from({ length: 60_000 }, () => Math.random().toString(36)).join('');
  const large = await makeBundle(
    nodeBundle('large', 'export const main = () => 2;', { files: { noise } }),
  );
  const bundles = (): string[] =>
    readdirSync(join(disk, 'bundles'), { recursive: true, encoding: 'utf8' }).toSorted();
  const before = bundles();

  await t.test('an upload is refused, says why, and leaves nothing', async () => {
    const empty = fill(256 * 1024);
    const { status, text } = await upload(server, large.bytes);
    assert.equal(status, 507);
    assert.equal(JSON.parse(text).code, 'store_failed');
    assert.match(text, /no space left.*free some space/i);
    assert.deepEqual(bundles(), before);
    empty();
  });

  await t.test('what is enabled is served', async () => {
    const empty = fill(0);
    assert.equal((await ask(`${server.door}/b`)).text, '1');
    empty();
  });

  await t.test('an asynchronous call that cannot be kept is not accepted', async () => {
    const empty = fill(0);
    const headers = { prefer: 'respond-async' };
    const answer = await ask(`${server.door}/b`, { headers });
    assert.equal(verdict(answer), '503 journal_failed broker');
    empty();
    assert.equal((await ask(`${server.door}/b`, { headers })).status, 202);
  });

  await t.test('a bundle that cannot be unpacked is not enabled', async () => {
    assert.equal((await upload(server, large.bytes)).status, 200);
    const empty = fill(256 * 1024);
    const { status, text } = await enable(server, { sha: large.sha });
    assert.equal(status, 400);
    assert.match(text, /no space left/i);
    assert.deepEqual(
      readdirSync(join(disk, 'unpacked')).filter((name) => /^[0-9a-f]{64}$|draft/.test(name)),
      [good.sha],
    );
    empty();
  });

  await t.test('an enable that cannot be kept changes nothing', async () => {
    const props = { text: 'x'.repeat(300_000) };
    const empty = fill(0);
    const { status } = await enable(server, { sha: good.sha, props });
    assert.equal(status, 507);
    assert.equal((await ask(`${server.door}/b`)).text, '1');
    empty();
  });

  await t.test('with room again everything goes', async () => {
    const enabled = await enable(server, { sha: large.sha });
    assert.equal(enabled.status, 200, enabled.text);
    assert.equal((await ask(`${server.door}/large`)).text, '2');
    assert.equal((await server.stop()).code, 0);
    const again = await stage.serve({ data: 'disk' });
    assert.equal((await ask(`${again.door}/large`)).text, '2');
    assert.equal((await ask(`${again.door}/b`)).text, '1');
  });
});

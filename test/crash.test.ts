/** kill -9 at any moment of upload and enable: what was said to be done is done, nothing is half done. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { enable, makeBundle, nodeBundle, upload } from './fixture/bundle.ts';
import type { Bundle } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import { startedIn, until } from './fixture/process.ts';
import { staged } from './fixture/server.ts';
import type { Server, Stage } from './fixture/server.ts';

const lanes = 2;
const rounds = 8;
/** An upload or an enable takes about so long, once the code for it is loaded. */
const windowMs = 40;

const ballast = Array.from({ length: 4_000 }, () => Math.random().toString(36)).join('');

function version(n: number): Promise<Bundle> {
  const code = `export const main = () => ${n};`;
  return makeBundle(nodeBundle('v', code, { files: { ballast: `${n}${ballast}` } }));
}

/** What a client was told before the server died. */
interface Told {
  uploaded: Set<string>;
  /** The version that was last said to be enabled. */
  enabled: number;
  /** Versions whose enable was asked for and not answered. */
  asked: number;
}

async function put(server: Server, n: number, told: Told): Promise<void> {
  const { sha, bytes } = await version(n);
  assert.equal((await upload(server, bytes)).status, 200);
  told.uploaded.add(sha);
  told.asked = n;
  assert.equal((await enable(server, { sha })).status, 200);
  told.enabled = n;
}

/** Begins to upload a version, or to enable one that is there, and says what comes of it. */
async function begin(
  server: Server,
  n: number,
  told: Told,
  what: string,
): Promise<{ over: Promise<unknown> }> {
  const { sha, bytes } = await version(n);
  if (what === 'upload')
    return {
      over: upload(server, bytes).then(({ status }) => status === 200 && told.uploaded.add(sha)),
    };
  assert.equal((await upload(server, bytes)).status, 200);
  told.uploaded.add(sha);
  told.asked = n;
  return {
    over: enable(server, { sha }).then(({ status }) => status === 200 && (told.enabled = n)),
  };
}

describe('kill -9', { concurrency: lanes }, () => {
  for (let lane = 0; lane < lanes; lane++)
    staged(`${rounds} kills during upload and enable, lane ${lane}`, async (stage) => {
      const told: Told = { uploaded: new Set(), enabled: 0, asked: 0 };
      let server = await stage.serve();
      let n = 0;
      for (let round = 0; round < rounds; round++) {
        // The first of each loads the code; the moments of interest come after that.
        await put(server, ++n, told);
        const { over } = await begin(server, ++n, told, round % 2 === 0 ? 'upload' : 'enable');
        const ended = over.catch(() => undefined);
        await sleep(Math.random() * windowMs);
        await server.kill();
        await ended;
        await until(() => startedIn(stage.temporary).length === 0);
        server = await stage.serve();
        await check(stage, server, told);
      }
      assert.equal((await server.stop()).code, 0);
    });
});

async function check(stage: Stage, server: Server, told: Told): Promise<void> {
  const incoming = readdirSync(join(server.data, 'bundles', 'incoming'));
  assert.deepEqual(incoming, [], 'no part of an upload is left');
  const sockets = readdirSync(stage.temporary);
  assert.equal(sockets.length, 1, 'nor the folder of the sockets');
  const answer = await ask(`${server.tron}/api/v1/bundles`);
  const shas = (JSON.parse(answer.text) as { sha: string }[]).map(({ sha }) => sha);
  const known = new Set(shas.map((sha) => Buffer.from(sha, 'base64').toString('hex')));
  for (const sha of told.uploaded) assert.ok(known.has(sha), 'what was accepted is there');
  for (const sha of known) {
    const response = await fetch(`${server.tron}/api/v1/bundle/${sha}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sha, 'and it is whole');
  }
  const { status, text } = await ask(`${server.door}/v`);
  assert.equal(status, 200, text);
  const served = Number(text);
  assert.ok(served === told.enabled || served === told.asked, `${text} is served`);
  told.enabled = served;
}

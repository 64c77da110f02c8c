/**
 * A bundle whose `funcatron.intf.impl.ContextImpl` is somebody else's: the host relies on what the
 * original's contract says of it, and on nothing of ours.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { enable, upload } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import { makeJar, whyNoJars } from './fixture/jar.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const contract = new URL('fixture/jvm/minimal/funcatron.yaml', import.meta.url);

describe('an interface that is not ours', { skip: whyNoJars() }, () => {
  const stage = new Stage();
  const props = { 'my-name': { type: 'database', password: 'hunter2hunter2' } };
  let server: Server;
  let sha: string;

  before(async () => {
    server = await stage.serve();
    const files = { 'funcatron.yaml': await readFile(contract, 'utf8') };
    const kept = await upload(server, await readFile(await makeJar(stage.dir, 'minimal', files)));
    assert.equal(kept.status, 200, kept.text);
    ({ sha } = JSON.parse(kept.text) as { sha: string });
    const enabled = await enable(server, { sha, props });
    assert.equal(enabled.status, 200, enabled.text);
  });
  after(() => stage.close());

  test('is called by what it gives', async () => {
    const got = await ask(`${server.door}/minimal/map`);
    const shown = { method: 'get', props: { myName: props['my-name'] }, read: null };
    assert.deepEqual(JSON.parse(got.text), shown);
    const put = await ask(`${server.door}/minimal/map`, { method: 'PUT', json: { a: 1 } });
    assert.deepEqual(JSON.parse(put.text), { ...shown, method: 'put', read: { a: 1 } });
  });

  test('has its MetaResponse answered with its type, and with the stream of a large body', async () => {
    const typed = await ask(`${server.door}/minimal/typed`);
    assert.deepEqual([typed.text, typed.headers['content-type']], ['a,b', 'text/csv']);
    const large = await ask(`${server.door}/minimal/large`);
    assert.deepEqual([large.text.length, large.headers['content-type']], [2_000_000, 'text/csv']);
    assert.equal(large.headers['transfer-encoding'], 'chunked');
  });

  test('logs the props it was given without what is secret in them', async () => {
    const { msg } = await server.line((line) => line.msg.includes('Setting up context'));
    assert.match(msg, /GIT:\?&REQ:\?\] - Setting up context with props \{myName=\{type=database/);
    assert.doesNotMatch(server.output, /hunter2/);
  });

  test('is told of its end', async () => {
    const disabled = await ask(`${server.tron}/api/v1/disable`, { json: { sha } });
    assert.equal(disabled.status, 200);
    await server.line(({ msg }) => msg.includes('the minimal bundle has ended'));
  });
});

/** What was promised holds over restarts, orderly ones and others. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { deploy, enable, nodeBundle, upload } from './fixture/bundle.ts';
import { ask, verdict } from './fixture/client.ts';
import { startedIn, until } from './fixture/process.ts';
import { staged } from './fixture/server.ts';

/** Writes its request id to the file of its props, then takes a while. */
const writes = `
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export const main = async (_, { props, requestId, params }) => {
  appendFileSync(props.file, requestId + '\\n');
  await sleep(params.query.ms);
  return process.pid;
};
export const post = main;
`;
const parameters = [{ name: 'ms', in: 'query', schema: { type: 'integer', default: 0 } }];
const operations = {
  'GET /': { operationId: 'main', parameters },
  'POST /': { operationId: 'post', parameters },
};
const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

describe('durability', { concurrency: 3 }, () => {
  staged('what was enabled before a restart is enabled after it, as it was', async (stage) => {
    let server = await stage.serve();
    const code = 'export const main = (_, { props }) => props.text ?? "none";';
    const { sha } = await deploy(server, nodeBundle('v', code), { props: { text: 'one' } });
    const overlay = {
      overlay: '1.0.0',
      info: { title: 'o', version: '1' },
      actions: [{ target: '$.paths["/"].get', update: { 'x-funcatron': { timeout: '7s' } } }],
    };
    const more = [
      { basePath: '/other', props: { text: 'two' }, overlay },
      { host: 'a.example', props: { text: 'three' } },
      { host: 'b.example', basePath: '/gone' },
    ];
    for (const place of more) assert.equal((await enable(server, { sha, ...place })).status, 200);
    await ask(`${server.tron}/api/v1/disable`, { json: { sha, basePath: '/gone' } });
    // Workers come and go; what is enabled stays.
    const routes = async (): Promise<string> =>
      (await ask(`${server.tron}/api/v1/routes`)).text.replaceAll(/"instances": \d+/g, '');
    const before = await routes();
    for (const how of ['stop', 'kill'] as const) {
      await server[how]();
      server = await stage.serve();
      assert.equal(await routes(), before, how);
      const answers = await Promise.all([
        ask(`${server.door}/v`),
        ask(`${server.door}/other`),
        ask(`${server.door}/v`, { headers: { host: 'a.example' } }),
      ]);
      assert.deepEqual(
        answers.map(({ text }) => text),
        ['"one"', '"two"', '"three"'],
        how,
      );
      const gone = await ask(`${server.door}/gone`, { headers: { host: 'b.example' } });
      assert.equal(gone.status, 404);
    }
    const rolled = await ask(`${server.tron}/api/v1/rollback`, {
      json: { host: 'b.example', basePath: '/gone' },
    });
    assert.equal(rolled.status, 200, rolled.text);
    assert.equal((await server.stop()).code, 0);
  });

  staged(
    'after a kill under load the routes answer, and every accepted call is run',
    async (stage) => {
      const file = join(stage.dir, 'accepted.txt');
      let server = await stage.serve();
      await deploy(
        server,
        nodeBundle('w', writes, {
          operations,
          settings: { concurrency: 4, instances: { max: 1 } },
        }),
        { props: { file } },
      );
      const accepted: string[] = [];
      const answered: number[] = [];
      for (let round = 0; round < 3; round++) {
        const state = { over: false };
        const load = Array.from({ length: 8 }, async (_, client) => {
          const headers: Record<string, string> = client < 4 ? { prefer: 'respond-async' } : {};
          const ms = client < 4 ? 30 : 1;
          while (!state.over) {
            const answer = await ask(`${server.door}/w?ms=${ms}`, {
              method: 'POST',
              headers,
            }).catch(() => undefined);
            if (answer?.status === 202) accepted.push(JSON.parse(answer.text).id);
            else if (answer) answered.push(answer.status);
          }
        });
        const goal = accepted.length + 100;
        await until(() => accepted.length >= goal);
        await server.kill();
        state.over = true;
        await Promise.all(load);
        await until(() => startedIn(stage.temporary).length === 0);
        server = await stage.serve();
        assert.equal((await ask(`${server.door}/w`)).status, 200);
      }
      await until(() => {
        const run = new Set(linesOf(file));
        return accepted.every((id) => run.has(id));
      });
      assert.deepEqual(new Set(answered), new Set([200]));
      assert.equal((await server.stop()).code, 0);
    },
  );

  staged(
    'a call accepted while its bundle is disabled runs when it is enabled again',
    async (stage) => {
      const file = join(stage.dir, 'later.txt');
      let server = await stage.serve();
      const slow = nodeBundle('w', writes, {
        operations,
        settings: { concurrency: 1, instances: { max: 1 } },
      });
      const { sha } = await deploy(server, slow, { props: { file } });
      const headers = { prefer: 'respond-async' };
      const ids: string[] = [];
      for (let at = 0; at < 6; at++) {
        const answer = await ask(`${server.door}/w?ms=200`, { method: 'POST', headers });
        ids.push(JSON.parse(answer.text).id);
      }
      await ask(`${server.tron}/api/v1/disable`, { json: { sha } });
      await server.kill();
      server = await stage.serve();
      assert.equal((await ask(`${server.door}/w`)).status, 404);
      assert.ok(linesOf(file).length < 6);
      await enable(server, { sha, props: { file } });
      await until(() => ids.every((id) => linesOf(file).includes(id)));
      assert.equal((await server.stop()).code, 0);
    },
  );

  staged('when a worker is killed, its GETs run again, its POSTs do not', async (stage) => {
    const file = join(stage.dir, 'retry.txt');
    const server = await stage.serve();
    await deploy(
      server,
      nodeBundle('w', writes, { operations, settings: { instances: { max: 1 } } }),
      { props: { file } },
    );
    const pid = Number((await ask(`${server.door}/w`)).text);
    const call = (method: string, id: string) =>
      ask(`${server.door}/w?ms=1000`, { method, headers: { 'x-request-id': id } });
    const calls = [
      call('GET', 'get-1'),
      call('GET', 'get-2'),
      call('POST', 'post-1'),
      call('POST', 'post-2'),
    ];
    await until(() => linesOf(file).length === 5);
    process.kill(pid, 'SIGKILL');
    const answers = await Promise.all(calls);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 502, 502],
    );
    const times = (id: string): number => linesOf(file).filter((line) => line === id).length;
    assert.deepEqual(['get-1', 'get-2', 'post-1', 'post-2'].map(times), [2, 2, 1, 1]);
    assert.equal((await server.stop()).code, 0);
  });

  staged(
    'a bundle file that was lost or damaged costs its callers a 502, and is mended by an upload',
    async (stage) => {
      let server = await stage.serve();
      const names = ['lost', 'cut', 'whole'];
      const bundles = await Promise.all(
        names.map((name) =>
          deploy(server, nodeBundle(name, `export const main = () => '${name}';`)),
        ),
      );
      await server.stop();
      const files = bundles.map(({ sha }) => join(server.data, 'bundles', `${sha}.zip`));
      rmSync(files[0]!);
      truncateSync(files[1]!, 100);
      rmSync(join(server.data, 'unpacked'), { recursive: true });
      server = await stage.serve();
      for (const name of ['lost', 'cut']) {
        const answer = await ask(`${server.door}/${name}`);
        assert.equal(verdict(answer), '502 bundle_unavailable runner', answer.text);
        await server.line(({ level, bundle }) => level === 'error' && bundle === name);
      }
      assert.equal((await ask(`${server.door}/whole`)).text, '"whole"');
      for (const { bytes } of bundles) assert.equal((await upload(server, bytes)).status, 200);
      for (const name of names)
        assert.equal((await ask(`${server.door}/${name}`)).text, `"${name}"`);
      assert.equal((await server.stop()).code, 0);
    },
  );

  staged(
    'an asynchronous call that fails is tried again, and given up with a word',
    async (stage) => {
      const file = join(stage.dir, 'tries.txt');
      const server = await stage.serve({ flags: ['--async-tries', '2'] });
      const code = `
      import { appendFileSync, existsSync } from 'node:fs';
      export const once = (_, { props }) => {
        const again = existsSync(props.file);
        appendFileSync(props.file, 'run\\n');
        if (!again) process.exit(1);
      };
      export const never = () => { throw new Error('not today'); };
    `;
      const tried = { 'POST /once': 'once', 'POST /never': 'never' };
      await deploy(server, nodeBundle('w', code, { operations: tried }), { props: { file } });
      const ids: string[] = [];
      for (const name of ['once', 'never']) {
        const headers = { prefer: 'respond-async' };
        const answer = await ask(`${server.door}/w/${name}`, { method: 'POST', headers });
        assert.equal(answer.status, 202);
        ids.push(JSON.parse(answer.text).id);
      }
      await until(() => linesOf(file).length === 2);
      const dead = await server.line(({ msg }) => msg.startsWith('dead letter'));
      assert.deepEqual([dead.requestId, dead.tries, dead.code], [ids[1], 2, 'func_failed']);
      assert.equal((await server.stop()).code, 0);
      assert.equal(linesOf(file).length, 2);
    },
  );
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { startPostgres, whyNoPostgres } from '../../test/server/postgres.ts';
import type { TestServer } from '../../test/server/server.ts';
import { FuncatronError } from '../errors.ts';
import { runCallStoreConformance, runStoreConformance } from './conformance.ts';
import { openStores } from './store.ts';
import type { Stores } from './store.ts';

void describe('PostgreSQL', { skip: whyNoPostgres() }, () => {
  let server: TestServer;
  const urls = new WeakMap<Stores, string>();

  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  async function query(sql: string, connectionString = server.url): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  }

  /** The URL of a schema that nobody used yet. */
  async function nextUrl(): Promise<string> {
    const schema = `s${randomUUID().replaceAll('-', '')}`;
    await query(`CREATE SCHEMA ${schema}`);
    return `${server.url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  }

  async function open(url: string): Promise<Stores> {
    const stores = await openStores(url);
    urls.set(stores, url);
    return stores;
  }

  const harness = {
    name: 'postgres:',
    open: async () => open(await nextUrl()),
    reopen: (stores: Stores) => open(urls.get(stores)!),
  };
  runStoreConformance(harness);
  runCallStoreConformance(harness);

  test('Trons that start at once make the tables once', async () => {
    const url = await nextUrl();
    const all = await Promise.all(Array.from({ length: 8 }, () => openStores(url)));
    await all[0]!.state.commit([{ put: 'setting', name: 'a', value: 1 }]);
    assert.equal(await all[7]!.state.setting('a'), 1);
    for (const stores of all) await stores.close();
  });

  test('the scheme may be written out, and what is open may be closed twice', async () => {
    const stores = await openStores((await nextUrl()).replace('postgres:', 'postgresql:'));
    await stores.close();
    await stores.close();
    await assert.rejects(stores.state.routes(), { code: 'store_failed' });
  });

  test('tables of a later version are refused', async () => {
    const url = await nextUrl();
    await (await openStores(url)).close();
    await query('UPDATE funcatron_schema SET version = 1000', url);
    await assert.rejects(openStores(url), { code: 'store_failed', message: /later/ });
  });

  test('a user who may not make tables can use those that are there', async () => {
    const url = await nextUrl();
    const schema = /search_path%3D(\w+)/.exec(url)![1]!;
    const password = 'only-uses-it';
    await query(`CREATE ROLE ${schema} LOGIN PASSWORD '${password}'`);
    const theirs = url.replace(/\/\/.*@/, `//${schema}:${password}@`);
    await query(`GRANT USAGE ON SCHEMA ${schema} TO ${schema}`);
    await assert.rejects(openStores(theirs), { message: /permission denied.*grant/s });
    await (await openStores(url)).close();
    await query(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${schema}`,
    );
    const stores = await openStores(theirs);
    await stores.state.commit([{ put: 'setting', name: 'a', value: 1 }]);
    await stores.close();
  });

  test('no error shows the password', async () => {
    const secret = 'hush%40hush-word';
    const withPassword = server.url.replace(/:[^:/@]+@/, `:${secret}@`);
    const { port } = new URL(server.url);
    const bad = {
      [withPassword]: /password authentication failed.*check user and password/,
      [server.url.replace(/postgres$/, 'absent')]: /"absent" does not exist.*create it/,
      [withPassword.replace(`:${port}/`, ':1/')]: /127\.0\.0\.1:1.*ECONNREFUSED/,
      [withPassword.replace('127.0.0.1', 'nowhere.invalid')]: /nowhere\.invalid/,
      [`postgres://u:${secret}@[no-host/db`]: /no URL/,
      [`postgres://u:${secret}@127.0.0.1:1/db?max=none`]: /max is a number/,
      [`postgres://127.0.0.1:1/db?user=u&password=${secret}`]: /ECONNREFUSED/,
      [`mysql://u:${secret}@127.0.0.1/db`]: /no store adapter for "mysql"/,
    };
    for (const [url, pattern] of Object.entries(bad))
      await assert.rejects(openStores(url), (error: unknown) => {
        assert.ok(error instanceof FuncatronError);
        assert.match(error.message, pattern);
        const all = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join();
        assert.doesNotMatch(all, /hush|sesame/);
        return true;
      });
  });

  test('a server that restarts costs only what was under way', async () => {
    const stores = await openStores(await nextUrl());
    let [made, failed] = [0, 0];
    let isOver = false;
    const count = async (): Promise<void> => {
      while (!isOver) {
        const was = await stores.state.setting('count').catch(notThere);
        if (was === failedRead) continue;
        const value = Number(was ?? 0) + 1;
        await stores.state.commit([{ put: 'setting', name: 'count', value, was }]).then(
          () => made++,
          (error: { code?: string }) => error.code === 'route_conflict' || notThere(error),
        );
      }
    };
    const failedRead = Symbol('failed');
    const notThere = (error: { code?: string }): symbol => {
      assert.equal(error.code, 'store_failed', String(error));
      failed++;
      return failedRead;
    };
    const workers = [count(), count(), count()];
    for (const end of [() => server.restart(), () => server.kill()]) {
      const before = made;
      while (made < before + 5) await new Promise(setImmediate);
      await end();
    }
    await assert.rejects(stores.state.routes(), { code: 'store_failed' });
    await server.restart();
    const before = made;
    while (made < before + 5) await new Promise(setImmediate);
    isOver = true;
    await Promise.all(workers);
    const counted = Number(await stores.state.setting('count'));
    assert.ok(
      counted >= made && counted <= made + failed,
      `${made} of ${counted}, ${failed} failed`,
    );
    await stores.close();
  });

  test('a connection that the server ends is made again', async () => {
    const url = await nextUrl();
    const stores = await openStores(url);
    await stores.state.routes();
    await query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
    );
    await stores.state.routes().catch((error: { code?: string }) => {
      assert.equal(error.code, 'store_failed');
    });
    assert.deepEqual(await stores.state.routes(), []);
    await stores.close();
  });
});

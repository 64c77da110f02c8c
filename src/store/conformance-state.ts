/** What every store must do with bundles, routes, tokens and settings, as tests. */
import assert from 'node:assert/strict';
import { rejectsWith } from './conformance-bench.ts';
import type { Cases } from './conformance-bench.ts';
import type { BundleRecord, Change, EnabledRoute, Store } from './store.ts';

const shas = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];

function bundleOf(sha: string, uploadedAt = 1): BundleRecord {
  const place = { host: null, basePath: '/pets' };
  return { sha, kind: 'zip', bytes: 2 ** 33, name: 'pets', version: '1.0', uploadedAt, ...place };
}

function routeOf(sha: string, revision: number, fields: Partial<EnabledRoute> = {}): EnabledRoute {
  return {
    host: null,
    basePath: '/pets',
    queue: 'queue',
    name: 'pets',
    sha,
    revision,
    props: { db: { type: 'sqlite', password: 'ünïcode "quoted"' }, list: [1, true, null] },
    enabledAt: 1_700_000_000_000 + revision,
    ...fields,
  };
}

export const stateCases: Cases = {
  'an empty store has nothing': async ({ stores: { state: store } }) => {
    assert.deepEqual(await store.bundles(), []);
    assert.deepEqual(await store.routes(), []);
    assert.deepEqual(await store.past(null, '/pets'), []);
    assert.deepEqual(await store.tokens(), []);
    assert.equal(await store.setting('revision'), undefined);
  },

  'bundles come back as they were put, oldest first; a second put changes nothing': async ({
    stores: { state: store },
  }) => {
    const [first, second] = [
      bundleOf(shas[0], 5),
      { ...bundleOf(shas[1], 3), host: 'example.com' },
    ];
    await store.commit([
      { put: 'bundle', bundle: first },
      { put: 'bundle', bundle: second },
    ]);
    await store.commit([{ put: 'bundle', bundle: { ...first, name: 'other', uploadedAt: 9 } }]);
    assert.deepEqual(await store.bundles(), [second, first]);
  },

  'a bundle that was made of another file remembers of which': async ({ stores }) => {
    const bundle = { ...bundleOf(shas[0]), kind: 'jar', sourceSha: shas[1] };
    await stores.state.commit([{ put: 'bundle', bundle }]);
    assert.deepEqual(await stores.state.bundles(), [bundle]);
  },

  'a route takes the place of the one with its host and base path': async ({
    stores: { state: store },
  }) => {
    await store.commit(shas.map((sha) => ({ put: 'bundle', bundle: bundleOf(sha) })));
    const overlay = { overlay: '1.0.0', actions: [{ target: '$', update: { a: 1 } }] };
    const anyHost = routeOf(shas[0], 1, { overlay });
    const oneHost = routeOf(shas[0], 2, { host: 'example.com' });
    await store.commit([
      { put: 'route', route: anyHost },
      { put: 'route', route: oneHost },
    ]);
    assert.deepEqual(await store.routes(), [anyHost, oneHost]);
    const next = routeOf(shas[1], 3);
    await store.commit([{ put: 'route', route: next }]);
    assert.deepEqual(await store.routes(), [oneHost, next]);
    const scaled = { ...next, revision: 4, replicas: 0, asked: 3, enabledIn: 3 };
    await store.commit([{ put: 'route', route: scaled }]);
    assert.deepEqual(await store.routes(), [oneHost, scaled]);
    await store.commit([{ delete: 'route', host: null, basePath: '/pets' }]);
    assert.deepEqual(await store.routes(), [oneHost]);
  },

  'what was enabled before is kept by place, newest first': async ({
    stores: { state: store },
  }) => {
    await store.commit([{ put: 'bundle', bundle: bundleOf(shas[0]) }]);
    const routes = [1, 2, 10].map((revision) => routeOf(shas[0], revision));
    const other = routeOf(shas[0], 5, { host: 'example.com' });
    for (const route of [...routes, other]) await store.commit([{ put: 'past', route }]);
    const revisions = async (): Promise<number[]> =>
      (await store.past(null, '/pets')).map(({ revision }) => revision);
    assert.deepEqual(await revisions(), [10, 2, 1]);
    assert.deepEqual((await store.past(null, '/pets'))[0], routes[2]);
    assert.deepEqual(await store.past('example.com', '/pets'), [other]);
    await store.commit([{ delete: 'past', revision: 2 }]);
    assert.deepEqual(await revisions(), [10, 1]);
  },

  'a deleted bundle takes its past routes along, and an enabled one stays': async ({
    stores: { state: store },
  }) => {
    await store.commit([{ put: 'bundle', bundle: bundleOf(shas[0]) }]);
    await store.commit([{ put: 'past', route: routeOf(shas[0], 1) }]);
    await store.commit([{ put: 'route', route: routeOf(shas[0], 2) }]);
    await rejectsWith(store.commit([{ delete: 'bundle', sha: shas[0] }]), 'store_failed');
    assert.equal((await store.bundles()).length, 1);
    await store.commit([
      { delete: 'route', host: null, basePath: '/pets' },
      { delete: 'bundle', sha: shas[0] },
    ]);
    assert.deepEqual(await store.bundles(), []);
    assert.deepEqual(await store.past(null, '/pets'), []);
  },

  'tokens are put once, listed and deleted': async ({ stores: { state: store } }) => {
    const token = { name: 'ci', hash: shas[0], createdAt: 7 };
    await store.commit([{ put: 'token', token }]);
    const again = { ...token, hash: shas[1] };
    await rejectsWith(store.commit([{ put: 'token', token: again }]), 'store_failed');
    assert.deepEqual(await store.tokens(), [token]);
    await store.commit([{ delete: 'token', name: 'ci' }]);
    assert.deepEqual(await store.tokens(), []);
  },

  'a setting is replaced, and only from what it was expected to be': async ({
    stores: { state: store },
  }) => {
    await store.commit([{ put: 'setting', name: 'revision', value: 1, was: undefined }]);
    await store.commit([{ put: 'setting', name: 'revision', value: 2, was: 1 }]);
    const stale = store.commit([{ put: 'setting', name: 'revision', value: 9, was: 1 }]);
    await rejectsWith(stale, 'route_conflict');
    assert.equal(await store.setting('revision'), 2);
    await store.commit([{ put: 'setting', name: 'statsd', value: { host: 'h', port: 1 } }]);
    assert.deepEqual(await store.setting('statsd'), { host: 'h', port: 1 });
  },

  'a commit makes all its changes or none': async ({ stores: { state: store } }) => {
    await store.commit([{ put: 'setting', name: 'revision', value: 1 }]);
    const half = store.commit([
      { put: 'bundle', bundle: bundleOf(shas[0]) },
      { put: 'setting', name: 'revision', value: 3, was: 2 },
    ]);
    await rejectsWith(half, 'route_conflict');
    assert.deepEqual(await store.bundles(), []);
    await rejectsWith(store.commit([{ put: 'route', route: routeOf(shas[2], 1) }]), 'store_failed');
    await store.commit([{ put: 'bundle', bundle: bundleOf(shas[0]) }]);
    assert.equal((await store.bundles()).length, 1);
  },

  'of many commits that expect the same, one wins': async ({ stores: { state: store } }) => {
    await store.commit([{ put: 'setting', name: 'revision', value: 0 }]);
    const raced = Array.from({ length: 10 }, (_, index) =>
      store.commit([{ put: 'setting', name: 'revision', value: index + 1, was: 0 }]).then(
        () => 1,
        () => 0,
      ),
    );
    const wins: number[] = await Promise.all(raced);
    assert.equal(wins.filter((won) => won === 1).length, 1);
  },
};

/** Cases that need the same store opened once more. */
export const reopenedStateCases: Cases = {
  'everything is there after a restart': async ({ stores: { state: store }, reopen }) => {
    const token = { name: 'ci', hash: shas[0], createdAt: 7 };
    const route = routeOf(shas[0], 4);
    await store.commit([
      { put: 'bundle', bundle: bundleOf(shas[0]) },
      { put: 'route', route },
      { put: 'past', route: routeOf(shas[0], 3) },
      { put: 'token', token },
      { put: 'setting', name: 'revision', value: 4 },
    ]);
    const { state: again } = await reopen();
    assert.deepEqual(await again.bundles(), [bundleOf(shas[0])]);
    assert.deepEqual(await again.routes(), [route]);
    assert.equal((await again.past(null, '/pets')).length, 1);
    assert.deepEqual(await again.tokens(), [token]);
    assert.equal(await again.setting('revision'), 4);
  },

  'of many who expect the same in two openings, one wins': async ({ stores, another }) => {
    const both = [stores.state, (await another()).state];
    await stores.state.commit([{ put: 'setting', name: 'revision', value: 0 }]);
    for (const was of [0, undefined]) {
      const name = was === undefined ? 'new' : 'revision';
      const raced = Array.from({ length: 40 }, (_, index) =>
        both[index % 2]!.commit([{ put: 'setting', name, value: index + 1, was }]).then(
          () => index + 1,
          (error: unknown) => assert.equal((error as { code?: string }).code, 'route_conflict'),
        ),
      );
      const [winner, ...others] = (await Promise.all(raced)).filter((value) => value !== undefined);
      assert.deepEqual(others, []);
      assert.equal(await both[1]!.setting(name), winner);
    }
  },

  'two that count at once lose no count': async ({ stores, another }) => {
    const both = [stores.state, (await another()).state];
    const counted = Array.from({ length: 30 }, (_, index) => grow(both[index % 2]!, []));
    const values = await Promise.all(counted);
    assert.equal(await stores.state.setting('revision'), 30);
    assert.equal(new Set(values).size, 30);
  },

  'two that commit routes at once lose none': async ({ stores, another }) => {
    const both = [stores.state, (await another()).state];
    await stores.state.commit([{ put: 'bundle', bundle: bundleOf(shas[0]) }]);
    const committed = Array.from({ length: 20 }, (_, index) => {
      const route = routeOf(shas[0], index + 1, { basePath: `/pets/${index}` });
      return grow(both[index % 2]!, [{ put: 'route', route }]);
    });
    await Promise.all(committed);
    assert.equal((await stores.state.routes()).length, 20);
    assert.equal(await stores.state.setting('revision'), 20);
  },

  'of two routes put in one place at once, one stays': async ({ stores, another }) => {
    const both = [stores.state, (await another()).state];
    await stores.state.commit([{ put: 'bundle', bundle: bundleOf(shas[0]) }]);
    const put = Array.from({ length: 20 }, (_, index) =>
      both[index % 2]!.commit([{ put: 'route', route: routeOf(shas[0], index + 1) }]),
    );
    await Promise.all(put);
    assert.equal((await stores.state.routes()).length, 1);
  },

  'a bundle is not deleted while another Tron enables it': async ({ stores, another }) => {
    const other = (await another()).state;
    for (let round = 0; round < 10; round++) {
      await stores.state.commit([{ put: 'bundle', bundle: bundleOf(shas[0]) }]);
      const changes: Change[] = [{ put: 'route', route: routeOf(shas[0], round) }];
      const done = await Promise.allSettled([
        stores.state.commit(changes),
        other.commit([{ delete: 'bundle', sha: shas[0] }]),
      ]);
      assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.equal((await other.routes()).length, (await other.bundles()).length);
      await other.commit([{ delete: 'route', host: null, basePath: '/pets' }]);
    }
  },
};

/** Makes changes under the next revision, as a Tron does. */
async function grow(state: Store, changes: Change[]): Promise<number> {
  for (;;) {
    const was = await state.setting('revision');
    const value = Number(was ?? 0) + 1;
    try {
      await state.commit([{ put: 'setting', name: 'revision', value, was }, ...changes]);
      return value;
    } catch (thrown) {
      assert.equal((thrown as { code?: string }).code, 'route_conflict', String(thrown));
    }
  }
}

import assert from 'node:assert/strict';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

const key = { 'x-api-key': 'change-me-before-you-go-live' };
const host = { host: 'parcel.example.com' };
const from = (environment: string): string[] => [
  `--overlay=staging/overlays/${environment}.yaml`,
  `--props=staging/props/${environment}.json`,
];

export async function staging(place: ExamplePlace): Promise<void> {
  const sha = await place.must('upload', 'staging');
  await place.must('enable', sha, ...from('staging'), '--base-path', '/staging/parcel');
  const there = ['--host', 'parcel.example.com', '--base-path', '/'];
  await place.must('enable', sha, ...from('production'), ...there);
  const routes = JSON.parse(await place.must('routes', '--json')) as {
    path: string;
    sha: string;
  }[];
  const both = routes.filter(({ path }) => path === '/staging/parcel' || path === '/');
  assert.equal(both.length, 2);
  assert.equal(both[0]!.sha, both[1]!.sha, 'one bundle');

  const heavy = '/price?country=CH&kg=100';
  const light = '/price?country=CH&kg=2';
  const test = await place.get(`/staging/parcel${heavy}`);
  assertJson(test, { price: 100, currency: 'EUR', carrier: 'nobody' });
  assertRefused(await place.get(light, host), 401, 'unauthorized');
  assertRefused(await place.get(light, { ...host, 'x-api-key': 'x' }), 401, 'unauthorized');
  const real = await place.get(light, { ...host, ...key });
  assertJson(real, { price: 4.7, currency: 'EUR', carrier: 'Swift Parcels' });
  assertRefused(await place.get(heavy, { ...host, ...key }), 400, 'bad_parameter');

  const props = { carrier: 'nobody', perKg: 1, currency: 'EUR' };
  assertJson(await place.get('/staging/parcel/props'), { bundle: 'parcel-staging', props });
  assertRefused(await place.get('/props', { ...host, ...key }), 404, 'not_found');
  const origin = { origin: 'http://localhost:5173' };
  const allowed = await place.get(`/staging/parcel${light}`, origin);
  assert.equal(allowed.headers['access-control-allow-origin'], origin.origin);
  const strange = await place.get(light, { ...host, ...key, ...origin });
  assert.equal(strange.headers['access-control-allow-origin'], undefined);
  await assertEnforced(place, sha);
}

/** Without props the price is no number: an error in staging, and only a log line in production. */
async function assertEnforced(place: ExamplePlace, sha: string): Promise<void> {
  const overlay = ['--overlay', 'staging/overlays/staging.yaml'];
  await place.must('enable', sha, ...overlay, '--base-path', '/staging/parcel');
  const broken = await place.get('/staging/parcel/price?country=CH&kg=1');
  assertRefused(broken, 502, 'response_broke_contract');
  const back = await place.must('rollback', '/staging/parcel');
  assert.equal(back, sha);
  assert.equal((await place.get('/staging/parcel/price?country=CH&kg=1')).json.price, 1);
}

import assert from 'node:assert/strict';
import { assertJson, assertRefused } from './place.ts';
import type { Answer, Asked, ExamplePlace } from './place.ts';

const root = '/api/v3';
const key = { api_key: 'special-key' };
const writer = { authorization: 'Bearer special-token' };
const reader = { authorization: 'Bearer reading-token' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

export async function petstore(place: ExamplePlace): Promise<void> {
  const { sha } = await place.deploy('petstore');
  const { operations } = JSON.parse(await place.must('describe', sha, '--json')) as {
    operations: { operationId: string; method: string; path: string }[];
  };
  const called = new Set<string>();
  const ask = (operationId: string, path: string, asked: Asked = {}): Promise<Answer> => {
    const known = operations.find((one) => one.operationId === operationId);
    assert.ok(known, `the contract has no ${operationId}`);
    called.add(operationId);
    return place.ask(known.method, root + path, asked);
  };
  await tryPets(ask);
  await tryStore(ask);
  await tryUsers(ask);
  assert.equal(operations.length, 19);
  assert.deepEqual(
    operations.map(({ operationId }) => operationId).filter((one) => !called.has(one)),
    [],
    'operations that were not called',
  );
}

type Ask = (operationId: string, path: string, asked?: Asked) => Promise<Answer>;

async function tryPets(ask: Ask): Promise<void> {
  const ida = { name: 'Ida', photoUrls: ['https://example.org/ida'], tags: [{ name: 'shy' }] };
  assertRefused(await ask('addPet', '/pet', { body: ida }), 401, 'unauthorized');
  assertRefused(await ask('addPet', '/pet', { body: ida, headers: key }), 401, 'unauthorized');
  assertRefused(await ask('addPet', '/pet', { body: ida, headers: reader }), 403, 'forbidden');
  const nameless = { body: { photoUrls: [] }, headers: writer };
  assertRefused(await ask('addPet', '/pet', nameless), 400, 'bad_body');
  const added = await ask('addPet', '/pet', { body: ida, headers: writer });
  assertJson(added, { ...ida, id: 4 });
  const body = 'name=Udo&photoUrls=a&photoUrls=b';
  const fromForm = await ask('addPet', '/pet', { body, headers: { ...form, ...writer } });
  assertJson(fromForm, { id: 5, name: 'Udo', photoUrls: ['a', 'b'] });

  for (const headers of [key, reader, writer])
    assert.equal((await ask('getPetById', '/pet/4', { headers })).json.name, 'Ida');
  const strange = await ask('getPetById', '/pet/four', { headers: key });
  assertRefused(strange, 400, 'bad_parameter');
  assertJson(await ask('getPetById', '/pet/99', { headers: key }), { message: 'no pet 99' }, 404);

  const sold = { ...ida, id: 4, status: 'sold' };
  assertJson(await ask('updatePet', '/pet', { body: sold, headers: writer }), sold);
  const lost = await ask('updatePet', '/pet', { body: { ...ida, id: 99 }, headers: writer });
  assert.equal(lost.status, 404);
  const found = await ask('findPetsByStatus', '/pet/findByStatus?status=sold', { headers: reader });
  assertJson(found, [sold]);
  const usual = await ask('findPetsByStatus', '/pet/findByStatus', { headers: reader });
  assert.ok(usual.json.length > 0, 'available is what is asked for when nothing is');
  const sick = await ask('findPetsByStatus', '/pet/findByStatus?status=sick', { headers: reader });
  assertRefused(sick, 400, 'bad_parameter');
  const shy = '/pet/findByTags?tags=shy&tags=loud';
  assertJson(await ask('findPetsByTags', shy, { headers: reader }), [sold]);
  const renamed = '/pet/4?name=Ada&status=pending';
  const changed = await ask('updatePetWithForm', renamed, { headers: writer });
  assertJson(changed, { ...sold, name: 'Ada', status: 'pending' });

  const image = { body: new Uint8Array(3000), headers: { ...writer, ...octets } };
  const stored = { code: 200, type: 'image', message: '3000 bytes' };
  assertJson(await ask('uploadFile', '/pet/4/uploadImage', image), stored);
  assert.equal((await ask('deletePet', '/pet/4', { headers: writer })).status, 200);
  assert.equal((await ask('deletePet', '/pet/4', { headers: writer })).status, 404);
}

const octets = { 'content-type': 'application/octet-stream' };

async function tryStore(ask: Ask): Promise<void> {
  assertRefused(await ask('getInventory', '/store/inventory'), 401, 'unauthorized');
  const counts = await ask('getInventory', '/store/inventory', { headers: key });
  assert.equal(counts.status, 200);
  assert.ok(counts.json.available >= 3);
  const order = { petId: 1, quantity: 2, shipDate: '2026-11-21T12:00:00Z' };
  const placed = await ask('placeOrder', '/store/order', { body: order });
  assertJson(placed, { ...order, id: 1, status: 'placed' });
  const late = { ...order, shipDate: 'soon' };
  assertRefused(await ask('placeOrder', '/store/order', { body: late }), 400, 'bad_body');
  const fromForm = { body: 'petId=2&quantity=1&complete=true', headers: form };
  const second = await ask('placeOrder', '/store/order', fromForm);
  assertJson(second, { id: 2, petId: 2, quantity: 1, complete: true, status: 'placed' });
  assertJson(await ask('getOrderById', '/store/order/1'), placed.json);
  assert.equal((await ask('deleteOrder', '/store/order/1')).status, 200);
  assert.equal((await ask('getOrderById', '/store/order/1')).status, 404);
}

async function tryUsers(ask: Ask): Promise<void> {
  const ada = { username: 'ada', email: 'ada@example.org', password: 'secret' };
  assertJson(await ask('createUser', '/user', { body: ada }), ada);
  const others = [{ username: 'bo' }, { username: 'cy', userStatus: 1 }];
  const list = await ask('createUsersWithListInput', '/user/createWithList', { body: others });
  assertJson(list, others[1]);
  const session = await ask('loginUser', '/user/login?username=ada&password=secret');
  assertJson(session, 'session of ada');
  assert.equal(session.headers['x-rate-limit'], '5000');
  assert.equal((await ask('loginUser', '/user/login?username=ada&password=x')).status, 400);
  assert.equal((await ask('logoutUser', '/user/logout')).status, 200);
  assertJson(await ask('getUserByName', '/user/ada'), ada);
  const renamed = { body: { firstName: 'Ada' } };
  assert.equal((await ask('updateUser', '/user/bo', renamed)).status, 200);
  assertJson(await ask('getUserByName', '/user/bo'), { username: 'bo', firstName: 'Ada' });
  assert.equal((await ask('deleteUser', '/user/cy')).status, 200);
  assert.equal((await ask('getUserByName', '/user/cy')).status, 404);
}

import assert from 'node:assert/strict';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

const base = '/library';
const isbn = '9780134685991';
const book = { isbn, title: 'Effective Java', copies: 2 };

export async function springBoot(place: ExamplePlace): Promise<void> {
  await place.deploy('spring-boot', { library: { password: 'quiet' } });
  await assertBooks(place);
  await assertCover(place);
  await assertLoans(place);
  await assertDesk(place);

  const removed = await place.ask('DELETE', `${base}/books/0000000000000`);
  assert.equal(removed.status, 404, removed.text);
  assert.equal(removed.json.message, 'there is no 0000000000000');
}

async function assertBooks(place: ExamplePlace): Promise<void> {
  assertJson(await place.get(`${base}/books`), []);
  const added = await place.post(`${base}/books`, book);
  assertJson(added, book, 201);
  assert.equal(added.headers['location'], `${base}/books/${isbn}`);
  const again = await place.post(`${base}/books`, book);
  assert.equal(again.status, 409, again.text);
  assertRefused(await place.post(`${base}/books`, { ...book, copies: -1 }), 400, 'bad_body');
  assertRefused(await place.post(`${base}/books`, { ...book, isbn: 'x' }), 400, 'bad_body');

  assertJson(await place.get(`${base}/books/${isbn}`), book);
  assertJson(await place.get(`${base}/books?title=Java`), [book]);
  assertJson(await place.get(`${base}/books?title=C%2B%2B`), []);
  const missing = await place.get(`${base}/books/1`);
  assert.equal(missing.status, 404, missing.text);
  assertRefused(await place.get(`${base}/nowhere`), 404, 'not_found');

  const head = await place.ask('HEAD', `${base}/books/${isbn}`);
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-type'], 'application/json');
  assert.equal(head.bytes.length, 0);

  const exported = await place.get(`${base}/books/export`);
  assert.equal(exported.headers['content-type'], 'text/csv', exported.text);
  assert.equal(exported.text, `${isbn},Effective Java,2\n`);
}

async function assertCover(place: ExamplePlace): Promise<void> {
  const picture = Buffer.alloc(200_000, 7);
  const form = new FormData();
  form.append('picture', new Blob([picture], { type: 'image/png' }), 'cover.png');
  const sent = await fetch(place.url(`${base}/books/${isbn}/cover`), { method: 'PUT', body: form });
  assert.equal(sent.status, 204, await sent.text());
  const cover = await place.get(`${base}/books/${isbn}/cover`);
  assert.equal(cover.headers['content-type'], 'image/png');
  assert.ok(cover.bytes.equals(picture));
}

/** A loan takes a copy first: where it fails, the copy is back. */
async function assertLoans(place: ExamplePlace): Promise<void> {
  const lend = (reader: string) => place.post(`${base}/loans`, { isbn, reader });
  const copies = async () => (await place.get(`${base}/books/${isbn}`)).json.copies as number;
  assertJson(await lend('ada'), { isbn, reader: 'ada' }, 201);
  const twice = await lend('ada');
  assert.equal(twice.status, 409, twice.text);
  assert.equal(twice.json.detail, 'ada has it already');
  assert.equal(await copies(), 1);
  const many = await Promise.all(['b', 'c', 'd', 'e', 'f'].map(lend));
  assert.equal(many.filter(({ status }) => status === 201).length, 1);
  assert.equal(many.filter(({ status }) => status === 409).length, 4);
  assert.equal(await copies(), 0);
  const kept = await place.ask('DELETE', `${base}/books/${isbn}`);
  assert.equal(kept.status, 500, kept.text);
  assert.equal(kept.headers['content-type'], 'application/json');
  assert.ok(!kept.text.includes('.java:'), 'no stack for callers');
  await assertLogged(place, String(kept.headers['x-request-id']));
}

/** What Logback takes is found by the request it belongs to, as it was meant. */
async function assertLogged(place: ExamplePlace, requestId: string): Promise<void> {
  let lines = '';
  while (lines === '') lines = await place.must('logs', '--request', requestId, '--json');
  const { level, text } = JSON.parse(lines.split('\n')[0]!) as { level: string; text: string };
  assert.equal(level, 'error');
  assert.match(text, /DELETE \/library\/books\/\d+ failed\n.*DataIntegrityViolation/);
}

async function assertDesk(place: ExamplePlace): Promise<void> {
  const ask = (user?: string) => {
    const authorization = `Basic ${Buffer.from(user ?? '').toString('base64')}`;
    return place.get(`${base}/desk/loans`, user ? { authorization } : {});
  };
  const nobody = await ask();
  assert.equal(nobody.status, 401, nobody.text);
  assert.match(String(nobody.headers['www-authenticate']), /^Basic /);
  assert.equal((await ask('librarian:loud')).status, 401);
  const loans = await ask('librarian:quiet');
  assert.equal(loans.status, 200, loans.text);
  assert.deepEqual(loans.json[0], { isbn, reader: 'ada' });
}

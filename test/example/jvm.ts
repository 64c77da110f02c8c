/** The same four Funcs in five languages, each built by its own tool. */
import assert from 'node:assert/strict';
import { assertJson, assertRefused } from './place.ts';
import type { ExamplePlace } from './place.ts';

/** Tries the sample of a language out. */
const sample =
  (language: string) =>
  async (place: ExamplePlace): Promise<void> => {
    await place.deploy(language);
    const base = `/sample/${language}`;
    const simple = await place.get(`${base}/simple`);
    assert.equal(simple.status, 200, simple.text);
    const { time, bools, numero } = simple.json as Record<string, unknown>;
    assert.ok(String(time).startsWith(new Date().toISOString().slice(0, 4)), String(time));
    assert.equal(typeof bools, 'boolean');
    assert.ok(Number(numero) >= 1 && Number(numero) <= 100);
    await assertLogged(place, String(simple.headers['x-request-id']), language);

    const ada = { name: 'Ada', age: 35 };
    assertJson(await place.post(`${base}/change/2`, ada), [
      { name: 'Ada 1', age: 36 },
      { name: 'Ada 2', age: 37 },
    ]);
    assertJson(await place.post(`${base}/change/0`, ada), []);
    assertJson(await place.ask('DELETE', `${base}/change/45`), { name: 'Deleted', age: 45 });

    assertRefused(await place.post(`${base}/change/many`, ada), 400, 'bad_parameter');
    assertRefused(await place.ask('DELETE', `${base}/change/1.5`), 400, 'bad_parameter');
    assertRefused(await place.post(`${base}/change/2`, { name: 'Ada' }), 400, 'bad_body');
    const nobody = await place.ask('DELETE', `${base}/change/123`);
    assertRefused(nobody, 404, 'func_failed');
    assert.equal(nobody.json.detail, 'nobody is 123 years old');
    assertRefused(await place.get(`${base}/simple/1`), 404, 'not_found');
    assertJson(await place.get(`${base}/share/3`), { each: 33 });
    const broken = await place.get(`${base}/share/0`);
    assertRefused(broken, 500, 'func_failed');
    assert.match(broken.json.detail, /zero/i);
    assert.ok(!broken.text.includes('.java:'), 'no stack for callers');
  };

/** What a Func logs is found by the request it belongs to. */
async function assertLogged(place: ExamplePlace, requestId: string, language: string) {
  let lines = '';
  while (lines === '') lines = await place.must('logs', '--request', requestId, '--json');
  const { text, bundle } = JSON.parse(lines) as { text: string; bundle: string };
  assert.match(text, new RegExp(`REQ:${requestId}\\] - In ${language} `, 'i'));
  assert.equal(bundle, `${language}-sample`);
}

export const java = sample('java');
export const kotlin = sample('kotlin');
export const scala = sample('scala');
export const groovy = sample('groovy');
export const clojure = sample('clojure');

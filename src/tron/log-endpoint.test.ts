import assert from 'node:assert/strict';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { TestPlace } from './fixture/place.ts';
import type { TestNode } from './fixture/node.ts';

const sha = 'abcdef01'.repeat(8);

function lineOf(text: string, fields: object = {}) {
  return { at: 1, level: 'info', bundle: 'pets', sha, requestId: 'r1', text, ...fields };
}

describe('logs', () => {
  let place: TestPlace;
  let runner: TestNode;
  before(async () => {
    place = await TestPlace.open({ logLinesMax: 10 });
    runner = await place.node('runner');
  });
  after(() => place.close());

  const texts = (body: string): string[] =>
    body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).text);

  test('the newest lines come back, as JSON lines', async () => {
    await runner.say('log', { lines: [lineOf('a', { fields: { n: 1 } }), lineOf('b')] });
    const reply = await place.get('/api/v1/logs');
    assert.equal(reply.headers['content-type'], 'application/x-ndjson');
    assert.deepEqual(texts(reply.text), ['a', 'b']);
    assert.deepEqual(JSON.parse(reply.text.split('\n')[0]!), lineOf('a', { fields: { n: 1 } }));
    assert.deepEqual(texts((await place.get('/api/v1/logs?tail=1')).text), ['b']);
    assert.deepEqual(texts((await place.get('/api/v1/logs?tail=0')).text), []);
  });

  test('they are filtered by bundle, request and level', async () => {
    const other = { bundle: 'shop', sha: '1'.repeat(64), requestId: 'r2', level: 'error' };
    await runner.say('log', { lines: [lineOf('c', other), lineOf('d', { level: 'debug' })] });
    const ask = async (query: string) => texts((await place.get(`/api/v1/logs?${query}`)).text);
    assert.deepEqual(await ask('bundle=shop'), ['c']);
    assert.deepEqual(await ask('bundle=abcdef01'), ['a', 'b', 'd']);
    assert.deepEqual(await ask('requestId=r2'), ['c']);
    assert.deepEqual(await ask('level=warn'), ['c']);
    assert.deepEqual(await ask('level=info&requestId=r1'), ['a', 'b']);
    for (const bad of ['level=loud', 'tail=-1', 'tail=x', 'follow=2']) {
      const reply = await place.get(`/api/v1/logs?${bad}`);
      assert.deepEqual([reply.status, reply.json.code], [400, 'bad_parameter'], bad);
    }
  });

  test('only so many are kept, long ones are cut, and rubbish is left out', async () => {
    const lines = Array.from({ length: 50 }, (_, index) => lineOf(`line ${index}`));
    await runner.say('log', { lines: [null, 7, {}, { ...lineOf('x'), text: 7 }, ...lines] });
    await runner.say('log', { lines: 'rubbish' });
    await runner.say('log', { lines: [lineOf('y'.repeat(70_000))] });
    const { text } = await place.get('/api/v1/logs?tail=1000');
    const found = texts(text);
    assert.equal(found.length, 10);
    assert.equal(found[8], 'line 49');
    assert.equal(found[9]!.replace(/y+/, 'y'), 'y… (4464 characters left out)');
    assert.equal(found[9]!.lastIndexOf('y'), 65_535);
  });

  test('who follows gets what comes, and nothing holds the Tron when it closes', async () => {
    const url = `${place.tron.url}/api/v1/logs?follow=1&tail=0&bundle=pets`;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent: false }, resolve).on('error', reject);
    });
    let body = '';
    const ended = new Promise<void>((resolve) => response.on('end', resolve));
    const more = (): Promise<unknown> => new Promise((resolve) => response.once('data', resolve));
    response.on('data', (chunk) => (body += chunk));
    const first = more();
    await runner.say('log', { lines: [lineOf('new'), lineOf('not mine', { bundle: 'shop' })] });
    await first;
    const second = more();
    await runner.say('log', { lines: [lineOf('newer')] });
    await second;
    assert.deepEqual(texts(body), ['new', 'newer']);
    await place.restart();
    await ended;
  });
});

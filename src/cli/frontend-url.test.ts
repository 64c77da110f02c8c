import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { findFrontend } from './frontend-url.ts';
import { TronClient } from './tron-client.ts';

/** What the Tron here says of its nodes. */
let nodes: unknown;
const tron = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(nodes));
});
let port: number;
before(async () => {
  await new Promise<void>((resolve) => tron.listen(0, '127.0.0.1', resolve));
  port = (tron.address() as AddressInfo).port;
});
after(() => tron.close());

const ask = (given = '', host = 'localhost'): Promise<string> =>
  findFrontend(new TronClient({ tron: `http://${host}:${port}`, token: '' }), given);

test('what is said counts most, then what the Tron knows', async () => {
  nodes = [{ type: 'runner' }, { type: 'frontend', url: 'http://edge.example:81' }];
  assert.equal(await ask('http://flag/'), 'http://flag');
  assert.equal(await ask(), 'http://edge.example:81');
  for (const none of [[], [{ type: 'frontend' }], [{ type: 'frontend', url: 'no url' }]]) {
    nodes = none;
    await assert.rejects(ask(), { code: 'unreachable', message: /--frontend/ });
  }
  await assert.rejects(ask('ftp://x'), { code: 'option_invalid', message: /--frontend "ftp:/ });
});

test('a loopback address of another machine is an address of that machine', async () => {
  nodes = [{ type: 'frontend', url: 'http://localhost:8080' }];
  assert.equal(await ask(), 'http://localhost:8080');
  // An address that reaches this machine, and does not say so.
  assert.equal(await ask('', '0.0.0.0'), 'http://0.0.0.0:8080');
});

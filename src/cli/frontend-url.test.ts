import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { frontendUrl } from './frontend-url.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';

const silent: Terminal = { out() {}, say() {}, isTty: false, env: {}, cwd: '/' };
/** What the Tron here says of its nodes; undefined: that it knows no such thing. */
let nodes: unknown;
const tron = createServer((_request, response) => {
  response.writeHead(nodes === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(nodes ?? {}));
});
let port: number;
before(async () => {
  await new Promise<void>((resolve) => tron.listen(0, '127.0.0.1', resolve));
  port = (tron.address() as AddressInfo).port;
});
after(() => tron.close());

const ask = (
  flags: { frontend?: string } = {},
  env: Terminal['env'] = {},
  host = 'localhost',
): Promise<string> => {
  const terminal = { ...silent, env };
  const client = new TronClient({ tron: `http://${host}:${port}` }, terminal);
  return frontendUrl(client, flags, terminal);
};

test('what is said counts most, then what the Tron knows, then what is usual', async () => {
  nodes = [{ type: 'runner' }, { type: 'frontend', url: 'http://edge.example:81' }];
  assert.equal(await ask({ frontend: 'http://flag/' }, { FUNCATRON_FRONTEND: 'x' }), 'http://flag');
  assert.equal(await ask({}, { FUNCATRON_FRONTEND: 'http://env' }), 'http://env');
  assert.equal(await ask(), 'http://edge.example:81');
  for (const none of [
    [],
    [{ type: 'frontend' }],
    [{ type: 'frontend', url: 'no url' }],
    undefined,
  ]) {
    nodes = none;
    assert.equal(await ask(), 'http://localhost:8080');
  }
});

test('a loopback address of another machine is an address of that machine', async () => {
  nodes = [{ type: 'frontend', url: 'http://localhost:8080' }];
  assert.equal(await ask(), 'http://localhost:8080');
  // An address that reaches this machine, and does not say so.
  assert.equal(await ask({}, {}, '0.0.0.0'), 'http://0.0.0.0:8080');
});

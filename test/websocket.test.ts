/** WebSockets through the whole, with a foreign client and a foreign server: the `ws` library. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask, verdict } from './fixture/client.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const wsModule = import.meta.resolve('ws');
/** A program that serves HTTP and WebSockets, as anybody would write it. */
const program = `
import { createServer } from 'node:http';
import { WebSocketServer } from ${JSON.stringify(wsModule)};
const server = createServer((request, response) => {
  response.writeHead(426, { upgrade: 'websocket' }).end('use a WebSocket');
});
const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'chat' });
server.on('upgrade', (request, socket, head) => {
  if (request.url.includes('refuse')) {
    return socket.end('HTTP/1.1 403 Forbidden\\r\\ncontent-length: 6\\r\\nx-why: mood\\r\\n\\r\\nnot me');
  }
  sockets.handleUpgrade(request, socket, head, (client) => serve(client, request));
});
function serve(client, request) {
  console.log('connected');
  client.send(JSON.stringify({
    url: request.url, user: request.headers['x-funcatron-auth'], id: request.headers['x-request-id'],
  }));
  client.on('message', (data, isBinary) => {
    if (String(data) === 'die') process.kill(process.pid, 'SIGKILL');
    if (String(data) === 'close') return client.close(4321, 'as asked');
    client.send(data, { binary: isBinary });
  });
  client.on('close', (code) => console.log('closed with ' + code));
  client.on('error', () => undefined);
}
server.listen(Number(process.env.PORT), process.env.HOST);
`;
const operation = (operationId: string, direct: boolean, more = {}) => ({
  operationId,
  responses: { default: { description: 'any' } },
  ...(direct && { 'x-funcatron': { direct } }),
  ...more,
});
const room = { name: 'room', in: 'query', schema: { type: 'integer' } };

const stage = new Stage();
let server: Server;
let url = '';

before(async () => {
  server = await stage.serve({ flags: ['--websocket-idle', '2s', '--drain', '300ms'] });
  url = server.door.replace('http:', 'ws:');
  await deploy(
    server,
    {
      name: 'chat',
      settings: { runtime: 'http', process: [process.execPath, 'program.mjs'], timeout: '1s' },
      operations: {
        'GET /open': operation('open', true, { parameters: [room] }),
        'GET /closed': operation('closed', true, { security: [{ key: [] }] }),
        'GET /plain': operation('plain', false),
      },
      files: { 'program.mjs': program },
      document: {
        components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } } },
      },
    },
    { props: { security: { key: { keys: { acme: 'k' } } } } },
  );
});
after(() => stage.close());

/** An open WebSocket and what came over it; its first message is read already. */
async function open(path: string, headers = {}) {
  const socket = new WebSocket(url + path, ['chat', 'other'], { headers });
  const got: { data: Buffer; isBinary: boolean }[] = [];
  const closed = once(socket, 'close').then(([code, why]) => [code, String(why)]);
  let wake: (() => void) | undefined;
  socket.on('message', (data: Buffer, isBinary) => {
    got.push({ data, isBinary });
    wake?.();
  });
  const until = async (count: number): Promise<void> => {
    while (got.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  await once(socket, 'open');
  await until(1);
  const hello = JSON.parse(String(got.shift()!.data)) as Record<string, string>;
  return { socket, got, closed, until, hello };
}

/** The answer to a WebSocket that is refused. */
async function refusal(path: string, headers = {}): Promise<{ status: number; text: string }> {
  const socket = new WebSocket(url + path, { headers });
  socket.on('error', () => undefined);
  const [, response] = await once(socket, 'unexpected-response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, text };
}

test('messages of any size and kind go both ways, and the close code', async () => {
  const { socket, got, closed, until, hello } = await open('/chat/open?room=7');
  assert.equal(hello['url'], '/chat/open?room=7');
  assert.match(hello['id']!, /^[\w-]{8,}$/);
  assert.equal(socket.protocol, 'chat');
  for (let at = 0; at < 1000; at++) socket.send(`message ${at}`);
  await until(1000);
  got.splice(0).forEach(({ data }, at) => assert.equal(String(data), `message ${at}`));
  const big = Buffer.alloc(2 ** 20, 'grüße ');
  socket.send(big);
  await until(1);
  assert.ok(got[0]!.isBinary && big.equals(got[0]!.data));
  // Longer than the timeout of the operation, which is for who is waited for.
  await new Promise((resolve) => setTimeout(resolve, 1300));
  socket.send('close');
  assert.deepEqual(await closed, [4321, 'as asked']);
  const other = await open('/chat/open');
  other.socket.close(4567, 'enough');
  assert.deepEqual(await other.closed, [4567, 'enough']);
  await server.line(({ msg }) => msg === 'closed with 4567');
});

test('the door checks before the program is asked, and the program may refuse', async () => {
  const bad = await refusal('/chat/open?room=seven');
  assert.equal(bad.status, 400);
  assert.match(bad.text, /"code":"bad_parameter"/);
  assert.equal((await refusal('/chat/closed')).status, 401);
  const { socket, hello, closed } = await open('/chat/closed', { 'x-key': 'k' });
  assert.equal(JSON.parse(hello['user']!).subject, 'acme');
  socket.close();
  await closed;
  const plain = await refusal('/chat/plain');
  assert.deepEqual([plain.status, /upgrade_unsupported/.test(plain.text)], [501, true]);
  assert.deepEqual(await refusal('/chat/open?refuse'), { status: 403, text: 'not me' });
  const { status, text } = await ask(`${server.door}/chat/open`);
  assert.deepEqual([status, text], [426, 'use a WebSocket']);
});

test('other runtimes say that they speak no WebSocket', async () => {
  await deploy(
    server,
    nodeBundle('nodes', 'export const main = () => 1;', {
      operations: { 'GET /': operation('main', true) },
    }),
  );
  const { status, text } = await refusal('/nodes');
  assert.equal(status, 501);
  assert.match(text, /"detail":"[^"]*the runtime node speaks no WebSocket/);
});

test('a client that vanishes is told to the program, and one that is idle is let go', async () => {
  const { socket, closed } = await open('/chat/open');
  socket.terminate();
  await closed;
  await server.line(({ msg }) => msg === 'closed with 1006');
  const idle = await open('/chat/open');
  assert.deepEqual(await idle.closed, [1006, '']);
  await server.line(({ msg }) => /--websocket-idle/.test(msg));
});

test('a program that dies ends its connections, and starts again', async () => {
  const [one, two] = [await open('/chat/open'), await open('/chat/open')];
  one.socket.send('die');
  assert.deepEqual(await Promise.all([one.closed, two.closed]), [
    [1006, ''],
    [1006, ''],
  ]);
  const again = await open('/chat/open');
  again.socket.close();
  await again.closed;
});

test('a server that shuts down waits for WebSockets no longer than --drain', async () => {
  const { closed } = await open('/chat/open');
  const missed = ask(`${server.door}/none`);
  assert.equal(verdict(await missed), '404 no_route frontend');
  process.kill(server.pid, 'SIGTERM');
  assert.deepEqual(await closed, [1006, '']);
  assert.deepEqual(await server.ended, { code: 0, signal: null });
});

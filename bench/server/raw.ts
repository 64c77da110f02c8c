/** The yardstick: bare `node:http`, no router and no checks. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const id = Number(request.url!.slice('/bench/items/'.length));
    return send(JSON.stringify({ id, name: 'a thing' }), 'application/json');
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    if (request.url === '/bench/blob') return send(body, 'application/octet-stream');
    send(JSON.stringify(JSON.parse(body.toString())), 'application/json');
  });
  function send(body: string | Buffer, type: string): void {
    response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }
});
server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as { port: number }).port);
});

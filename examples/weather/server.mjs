/**
 * A plain HTTP program. Nothing in it knows Funcatron: it listens on the port in PORT, and gets
 * requests as they came, once they have been found to keep the contract.
 */
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** Readings by station, and who listens to them. */
const readings = new Map([
  ['bern', [{ celsius: 18, sky: 'cloudy' }]],
  ['kiruna', [{ celsius: -12.5, sky: 'snow' }]],
]);
const listeners = new Map();

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  // The path is the one asked for, base path included.
  const [, name, what] = /\/stations(?:\/([^/]+))?(?:\/(events))?$/.exec(pathname) ?? [];
  if (!name) return sendJson(response, counts());
  if (request.method === 'POST') return add(name, await json(request), response);
  const station = readings.get(name);
  if (what === 'events') return listen(name, station, response);
  if (station) return sendJson(response, station.at(-1));
  response.writeHead(404, { 'content-type': 'text/plain' }).end(`there is no station ${name}\n`);
});

function counts() {
  return Object.fromEntries([...readings].map(([name, all]) => [name, all.length]));
}

function sendJson(response, value) {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function add(name, reading, response) {
  readings.set(name, [...(readings.get(name) ?? []), reading].slice(-100));
  for (const listener of listeners.get(name) ?? []) listener.write(toEvent(reading));
  response.writeHead(204).end();
}

function listen(name, station, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(station ? toEvent(station.at(-1)) : ': waiting\n\n');
  const all = listeners.get(name) ?? new Set();
  listeners.set(name, all.add(response));
  response.on('close', () => all.delete(response));
}

function toEvent(reading) {
  return `data: ${JSON.stringify(reading)}\n\n`;
}

server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('weather is ready'));
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});

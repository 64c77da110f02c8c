/** Fastify doing the same checked work: parameters and bodies by Ajv, responses checked too. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import Fastify from 'fastify';
import { load } from 'js-yaml';

const file = new URL('../bundle/funcatron.yaml', import.meta.url);
const document = load(readFileSync(file, 'utf8')) as {
  components: { schemas: { Item: object; Order: object } };
};
const { Item, Order } = document.components.schemas;
const ajv = new Ajv2020({ strict: false });
const check = { item: ajv.compile(Item), order: ajv.compile(Order) };

const app = Fastify({ bodyLimit: 10 * 2 ** 20 });
app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_, body, done) =>
  done(null, body),
);
const params = { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } };
app.get('/bench/items/:id', { schema: { params } }, async (request) => {
  const item = { id: (request.params as { id: number }).id, name: 'a thing' };
  if (!check.item(item)) throw new Error('the response breaks the contract');
  return item;
});
app.post('/bench/orders', { schema: { body: Order } }, async (request) => {
  if (!check.order(request.body)) throw new Error('the response breaks the contract');
  return request.body;
});
app.post('/bench/blob', async (request, reply) => {
  return reply.type('application/octet-stream').send(request.body);
});
await app.listen({ port: 0, host: '127.0.0.1' });
console.log((app.server.address() as { port: number }).port);

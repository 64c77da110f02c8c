/** Events: what others put in a broker's own queues, topics and subjects calls Funcs. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { CloudEvent, HTTP } from 'cloudevents';
import { deploy } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import { Stage } from './fixture/server.ts';
import { brokerSchemes, startTestServer, whyNoServer } from './server/start.ts';
import type { BrokerScheme } from './server/start.ts';

interface Foreign {
  headers: Record<string, string>;
  body: string;
}

/** Puts messages in a place by the broker's own client; knows nothing of ours. */
const publishers: Record<
  BrokerScheme,
  (url: string, place: string, all: Foreign[]) => Promise<void>
> = {
  nats: async (url, place, all) => {
    const { connect, headers: makeHeaders } = await import('@nats-io/transport-node');
    const connection = await connect({ servers: new URL(url).host });
    for (const { headers, body } of all) {
      const sent = makeHeaders();
      for (const [name, value] of Object.entries(headers)) sent.set(name, value);
      connection.publish(place, body, { headers: sent });
    }
    await connection.drain();
  },
  amqp: async (url, place, all) => {
    const { Connection } = await import('rabbitmq-client');
    const connection = new Connection(url);
    const publisher = connection.createPublisher({ confirm: true });
    for (const { headers, body } of all) {
      const { 'content-type': contentType, ...rest } = headers;
      const renamed = Object.entries(rest).map(([name, value]) => {
        return [name.replace(/^ce-/, 'cloudEvents:'), value];
      });
      const sent = { routingKey: place, contentType, headers: Object.fromEntries(renamed) };
      await publisher.send(sent, Buffer.from(body));
    }
    await publisher.close();
    await connection.close();
  },
  redis: async (url, place, all) => {
    const { createClient } = await import('@redis/client');
    const client = await createClient({ url }).connect();
    for (const { headers, body } of all) await client.xAdd(place, '*', { ...headers, data: body });
    client.destroy();
  },
  kafka: async (url, place, all) => {
    const { Admin, Producer } = await import('@platformatic/kafka');
    const bootstrapBrokers = [new URL(url).host];
    const admin = new Admin({ clientId: 'foreign', bootstrapBrokers });
    const known = await admin.listTopics();
    if (!known.includes(place)) await admin.createTopics({ topics: [place] });
    await admin.close();
    const producer = new Producer({
      clientId: 'foreign',
      bootstrapBrokers,
      autocreateTopics: true,
    });
    for (const { headers, body } of all) {
      const renamed = Object.entries(headers).map(([name, value]): [Buffer, Buffer] => {
        return [Buffer.from(name.replace(/^ce-/, 'ce_')), Buffer.from(value)];
      });
      const value = Buffer.from(body);
      await producer.send({ messages: [{ topic: place, headers: new Map(renamed), value }] });
    }
    await producer.close();
  },
};

const places: Record<BrokerScheme, 'queue' | 'topic' | 'subject'> = {
  ...{ nats: 'subject', amqp: 'queue', redis: 'queue', kafka: 'topic' },
};

const order = {
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] },
      },
    },
  },
};

/** An event in structured and one in binary mode, two plain messages, and one that is wrong. */
function messages(): Foreign[] {
  const event = (id: string, data: unknown) =>
    new CloudEvent({
      ...{ id, source: '/shop', type: 'order.made', data },
      datacontenttype: 'application/json',
    });
  const json = { 'content-type': 'application/json' };
  const asText = ({ headers, body }: { headers: object; body: unknown }): Foreign => ({
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value)]),
    ),
    body: String(body),
  });
  return [
    asText(HTTP.structured(event('1', { sku: 'structured' }))),
    asText(HTTP.binary(event('2', { sku: 'binary' }))),
    { headers: json, body: '{"sku":"plain"}' },
    { headers: {}, body: '{"sku":"bare"}' },
    { headers: json, body: '{"wrong":true}' },
  ];
}

for (const scheme of brokerSchemes)
  test(`events over ${scheme}`, { skip: whyNoServer(scheme) }, async (t) => {
    const broker = await startTestServer(scheme);
    t.after(() => broker.stop());
    const stage = new Stage();
    t.after(() => stage.close());
    const server = await stage.serve({ flags: ['--broker', broker.url] });
    const file = join(stage.dir, 'notes');
    writeFileSync(file, '');
    const code = `
import { appendFileSync } from 'node:fs';
export const take = (data, { headers }) => {
  const said = { data, id: headers['ce-id'], type: headers['ce-type'] };
  appendFileSync(${JSON.stringify(file)}, JSON.stringify(said) + '\\n');
};`;
    const place = 'shop-orders';
    await deploy(server, {
      ...{ name: 'shop', settings: { handler: 'app.mjs' }, files: { 'app.mjs': code } },
      operations: {
        'POST /take': {
          ...order,
          operationId: 'take',
          'x-funcatron': { on: { [places[scheme]]: place } },
        },
      },
    });
    await sleep(1_000);
    await publishers[scheme](broker.url, place, messages());
    const notes = () => readFileSync(file, 'utf8').split('\n').filter(Boolean);
    const letters = async () => {
      const answer = await ask(`${server.tron}/api/v1/dead-letters`);
      assert.equal(answer.status, 200, answer.text);
      return answer.text;
    };
    for (const end = Date.now() + 30_000; notes().length < 4; await sleep(50))
      assert.ok(Date.now() < end, `only ${notes().join()} came\n${server.output}`);
    assert.deepEqual(
      notes()
        .map((line) => JSON.parse(line))
        .sort((a, b) => (a.data.sku < b.data.sku ? -1 : 1)),
      [
        { data: { sku: 'bare' } },
        { data: { sku: 'binary' }, id: '2', type: 'order.made' },
        { data: { sku: 'plain' } },
        { data: { sku: 'structured' }, id: '1', type: 'order.made' },
      ],
    );
    for (const end = Date.now() + 10_000; !(await letters()).includes('bad_body'); await sleep(50))
      assert.ok(Date.now() < end, 'what breaks the contract is a dead letter');
  });

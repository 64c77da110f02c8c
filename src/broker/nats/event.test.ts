import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startNats } from '../../../test/server/nats.ts';
import { whyMissing } from '../../../test/server/server.ts';
import type { TestServer } from '../../../test/server/server.ts';
import { until } from '../conformance/message.ts';
import { Hand, NatsEnds } from './fixture/nats.ts';
import type { ForeignMessage } from '../remote/transport.ts';

void describe('foreign messages from NATS', { skip: whyMissing('nats-server') }, () => {
  let server: TestServer;
  let nc: NatsConnection;
  before(async () => {
    server = await startNats();
    nc = await connect({ servers: new URL(server.url).host });
  });
  after(async () => {
    await nc.close();
    await server.stop();
  });

  const withEnds = (name: string, run: (ends: NatsEnds) => Promise<void>): void => {
    void test(name, async () => {
      const ends = new NatsEnds(() => server.url);
      try {
        await run(ends);
      } finally {
        await ends.close();
      }
    });
  };

  withEnds('a group has its place in a stream, and keeps it', async (ends) => {
    const jsm = await jetstreamManager(nc);
    await jsm.streams.add({ name: 'orders', subjects: ['orders.>'] });
    nc.publish('orders.old', 'from before the group was');
    const source = { subject: 'orders.>', group: 'billing' };
    const { transport } = await ends.open();
    const hand = new Hand();
    await transport.takeEvents(source, 2, hand.take);
    await until(
      'it has its place',
      async () => (await jsm.consumers.list('orders').next()).length > 0,
    );
    for (const text of ['1', '2', '3']) nc.publish('orders.new', text);
    await until('two are taken', () => hand.texts.length === 2);
    hand.deliveries.shift()!.ack();
    await until('the third is taken', () => hand.texts.length === 3);
    hand.deliveries.pop()!.giveBack();
    await until('what was given back comes again', () => hand.texts.length === 4);
    assert.deepEqual(hand.texts, ['1', '2', '3', '3']);
    hand.ack();
    await transport.close();
    nc.publish('orders.new', '4');
    await (await ends.open()).transport.takeEvents(source, 5, hand.take);
    await until('what came meanwhile is taken', () => hand.texts.includes('4'));
    assert.equal(hand.texts.length, 5);
    hand.ack();
  });

  withEnds('a work queue gives what is there, to one of the group', async (ends) => {
    const jsm = await jetstreamManager(nc);
    const retention = 'workqueue' as const;
    await jsm.streams.add({ name: 'tasks', subjects: ['tasks'], retention });
    for (let i = 0; i < 10; i++) nc.publish('tasks', `${i}`);
    const hands = [new Hand(), new Hand()];
    for (const hand of hands)
      await (await ends.open()).transport.takeEvents({ queue: 'tasks', group: 'g' }, 5, hand.take);
    await until('all are taken', () => hands[0]!.texts.length + hands[1]!.texts.length === 10);
    for (const hand of hands) hand.ack();
    await until('all are done', async () => (await jsm.streams.info('tasks')).state.messages === 0);
  });

  withEnds('without a stream events are taken as they pass', async (ends) => {
    const source = { topic: 'passing.*', group: 'g' };
    const taken: ForeignMessage[] = [];
    const intakes = await Promise.all(
      [await ends.open(), await ends.open()].map(({ transport }) =>
        transport.takeEvents(source, 1, (event) => taken.push(event)),
      ),
    );
    const other: ForeignMessage[] = [];
    await (
      await ends.open()
    ).transport.takeEvents({ ...source, group: 'h' }, 9, (event) => other.push(event));
    for (let i = 0; i < 6; i++) nc.publish('passing.by', `${i}`);
    await until('the other group has all', () => other.length === 6);
    for (let done = 0; done < 6; done++) {
      await until('one more is taken', () => taken.length > done);
      taken[done]!.ack();
    }
    assert.equal(new Set(taken.map(({ bytes }) => bytes.toString())).size, 6);
    for (const intake of intakes) await intake.stop();
  });

  withEnds('headers come in lower case, those of CloudEvents among them', async (ends) => {
    const taken: ForeignMessage[] = [];
    const { transport } = await ends.open();
    await transport.takeEvents({ subject: 'cloud.>', group: 'g' }, 9, (event) => taken.push(event));
    const all = headers();
    const told = { 'ce-id': '1', 'ce-type': 'com.example.made', 'Content-Type': 'text/plain' };
    for (const [name, value] of Object.entries(told)) all.set(name, value);
    for (const value of ['a', 'b']) all.append('X-Twice', value);
    nc.publish('cloud.made', 'hello', { headers: all });
    nc.publish('cloud.bare', '');
    await until('both came', () => taken.length === 2);
    assert.deepEqual(taken[0]!.headers, {
      'ce-id': '1',
      'ce-type': 'com.example.made',
      'content-type': 'text/plain',
      'x-twice': ['a', 'b'],
      'nats-subject': 'cloud.made',
    });
    assert.equal(taken[0]!.bytes.toString(), 'hello');
    assert.deepEqual(taken[1]!.headers, { 'nats-subject': 'cloud.bare' });
    assert.equal(taken[1]!.bytes.length, 0);
  });
});

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startNats } from '../../../test/server/nats.ts';
import { whyMissing } from '../../../test/server/server.ts';
import type { TestServer } from '../../../test/server/server.ts';
import { FuncatronError } from '../../errors.ts';
import { until } from '../conformance/message.ts';
import { Hand, NatsEnds, Way } from './fixture/nats.ts';
import type { Delivery } from '../remote/transport.ts';

const redeliveryMs = 30_000;

void describe('jobs over NATS', { skip: whyMissing('nats-server') }, () => {
  let server: TestServer;
  before(async () => {
    server = await startNats();
  });
  after(() => server.stop());

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

  withEnds('jobs are counted until they are acknowledged', async (ends) => {
    const { transport } = await ends.open();
    for (const text of ['a', 'b', 'c']) await transport.sendJob('q', Buffer.from(text), 0);
    await transport.sendJob('q', Buffer.from('later'), 60_000);
    assert.equal(await transport.jobs('q'), 4);
    assert.equal(await transport.jobs('other'), 0);
    const hand = new Hand();
    await transport.take('job', 'q', 2, hand.take);
    await until('two are taken', () => hand.texts.length === 2);
    assert.equal(await transport.jobs('q'), 4);
    hand.ack();
    await until('the third is taken', () => hand.texts.length === 3);
    await until('two are left', async () => (await transport.jobs('q')) === 2);
    hand.ack();
  });

  withEnds('one process never holds more than its window', async (ends) => {
    const { transport } = await ends.open();
    const hand = new Hand();
    const intake = await transport.take('job', 'q', 2, hand.take);
    for (let i = 0; i < 9; i++) await transport.sendJob('q', Buffer.from(`${i}`), 0);
    await until('two are taken', () => hand.texts.length === 2);
    intake.setWindow(4);
    await until('four are taken', () => hand.texts.length === 4);
    intake.setWindow(1);
    hand.ack(3);
    assert.equal(hand.deliveries.length, 1);
    hand.ack();
    await until('one is taken', () => hand.texts.length === 5);
    const other = new Hand();
    await (await ends.open()).transport.take('job', 'q', 9, other.take);
    await until('the other has the rest', () => other.texts.length === 4);
    const all = [...hand.texts, ...other.texts].toSorted();
    assert.deepEqual(all, ['0', '1', '2', '3', '4', '5', '6', '7', '8']);
    assert.ok(hand.deliveries.every(({ redelivered }) => !redelivered));
    hand.ack();
    other.ack();
  });

  withEnds('what waits for its time is in nobody’s way', async (ends) => {
    const { transport } = await ends.open();
    const hand = new Hand();
    await transport.take('job', 'q', 1, hand.take);
    const sentAt = Date.now();
    for (let i = 0; i < 20; i++) await transport.sendJob('q', Buffer.from('late'), 700);
    await transport.sendJob('q', Buffer.from('now'), 0);
    await until('the one for now is taken', () => hand.texts.length === 1);
    assert.deepEqual(hand.texts, ['now']);
    assert.equal(await transport.jobs('q'), 21);
    hand.ack();
    await until('the next is taken', () => hand.texts.length === 2);
    assert.ok(Date.now() - sentAt >= 700);
    assert.equal(hand.deliveries[0]!.redelivered, false);
    await until('all are taken', () => {
      hand.ack();
      return hand.texts.length === 21;
    });
  });

  withEnds('a delayed job survives the server and its consumer', async (ends) => {
    const [sender, taker] = [await ends.open(), await ends.open()];
    const hand = new Hand();
    const intake = await taker.transport.take('job', 'q', 1, hand.take);
    await sender.transport.sendJob('q', Buffer.from('late'), 1500);
    await sender.transport.sendJob('other', Buffer.from('late'), 1);
    const sentAt = Date.now();
    await server.kill();
    await server.restart();
    await until('all are back', () => sender.restored === 1 && taker.restored === 1);
    assert.equal(await sender.transport.jobs('q'), 1);
    await intake.stop();
    await taker.transport.close();
    await (await ends.open()).transport.take('job', 'q', 1, hand.take);
    await until('it comes', () => hand.texts.includes('late'), redeliveryMs);
    assert.ok(Date.now() - sentAt >= 1490);
    await sender.transport.take('job', 'other', 1, hand.take);
    await until('the other too', () => hand.texts.length === 2);
    hand.ack();
  });

  withEnds('what is given back comes again, at once', async (ends) => {
    const { transport } = await ends.open();
    const hand = new Hand();
    await transport.take('job', 'q', 1, hand.take);
    await transport.sendJob('q', Buffer.from('x'), 0);
    await until('it is taken', () => hand.texts.length === 1);
    hand.deliveries.shift()!.giveBack();
    await until('it is taken again', () => hand.texts.length === 2);
    assert.equal(hand.deliveries[0]!.redelivered, true);
    hand.ack();
    await until('it is done', async () => (await transport.jobs('q')) === 0);
  });

  withEnds('a long job stays with its taker; one of a lost taker goes to another', async (ends) => {
    const way = await Way.open(server.url);
    try {
      const [lost, slow] = [await ends.open(way.url), await ends.open()];
      const hands = [new Hand(), new Hand()];
      await lost.transport.take('job', 'q', 1, hands[0]!.take);
      await lost.transport.sendJob('q', Buffer.from('a'), 0);
      await until('the first is taken', () => hands[0]!.texts.length === 1);
      await slow.transport.take('job', 'q', 5, hands[1]!.take);
      await slow.transport.sendJob('q', Buffer.from('b'), 0);
      await until('the second is taken', () => hands[1]!.texts.length === 1);
      way.cut();
      await until('the first goes to the other', () => hands[1]!.texts.length === 2, redeliveryMs);
      assert.deepEqual(hands[1]!.texts, ['b', 'a']);
      assert.deepEqual(
        hands[1]!.deliveries.map(({ redelivered }) => redelivered),
        [false, true],
      );
      hands[1]!.ack();
      await until('both are done', async () => (await slow.transport.jobs('q')) === 0);
    } finally {
      way.close();
    }
  });

  withEnds('a job that is refused says so', async (ends) => {
    const { transport } = await ends.open();
    const nc = await connect({ servers: new URL(server.url).host });
    const jsm = await jetstreamManager(nc);
    await jsm.streams.update(`${ends.namespace}-jobs`, { max_msgs: 1 });
    await transport.sendJob('q', Buffer.from('fits'), 0);
    await assert.rejects(
      transport.sendJob('q', Buffer.from('one too many'), 0),
      (error) => error instanceof FuncatronError && error.code === 'journal_failed',
    );
    await nc.close();
    await transport.take('job', 'q', 1, (delivery) => delivery.ack());
    await until('it is done', async () => (await transport.jobs('q')) === 0);
  });

  withEnds('no job is lost to processes that end while it is stored', async (ends) => {
    const sender = await ends.open();
    let isDone = false;
    const seen = new Set<string>();
    const take = (delivery: Delivery): void => {
      seen.add(delivery.bytes.toString());
      delivery.ack();
    };
    const closing = (async () => {
      while (!isDone) {
        const { transport } = await ends.open();
        await transport.take('job', 'q', 1, take);
        await transport.close();
      }
    })();
    for (let i = 0; i < 40; i++) await sender.transport.sendJob('q', Buffer.from(`${i}`), 0);
    await sender.transport.take('job', 'q', 5, take);
    await until('all came', () => seen.size === 40, redeliveryMs);
    isDone = true;
    await closing;
  });

  withEnds('more bytes than a server sends at once come one after another', async (ends) => {
    const { transport } = await ends.open();
    const count = 70;
    const text = 'x'.repeat(transport.bytesMax);
    for (let i = 0; i < count; i++) await transport.sendJob('q', Buffer.from(text), 0);
    const hand = new Hand();
    await transport.take('job', 'q', 500, hand.take);
    await until('all came', () => hand.deliveries.length === count);
    assert.ok(hand.deliveries.every(({ redelivered }) => !redelivered));
    hand.ack();
    await until('all are done', async () => (await transport.jobs('q')) === 0);
  });

  withEnds('closing does not wait for a server that is away', async (ends) => {
    const end = await ends.open();
    const intakes = await Promise.all([
      end.transport.take('job', 'q', 1, () => undefined),
      end.transport.take('call', 'q', 1, () => undefined),
    ]);
    await end.transport.sendJob('q', Buffer.from('x'), 0);
    await server.kill();
    try {
      await until('it is noticed', () => end.lost === 1);
      await assert.rejects(end.transport.sendJob('q', Buffer.from('x'), 0));
      await intakes[0]!.stop();
      await end.transport.close();
    } finally {
      await server.restart();
    }
  });

  withEnds(
    'of a queue that holds nothing nothing is left when the last one closes',
    async (ends) => {
      const [one, two, three] = [await ends.open(), await ends.open(), await ends.open()];
      const ack = (delivery: Delivery): void => delivery.ack();
      for (const { transport } of [one, two]) await transport.take('job', 'q', 1, ack);
      await one.transport.sendJob('q', Buffer.from('x'), 0);
      await one.transport.close();
      await two.transport.sendJob('q', Buffer.from('y'), 0);
      await until('it is done', async () => (await two.transport.jobs('q')) === 0);
      assert.deepEqual(await queues(server.url, ends.namespace), ['q']);
      const hand = new Hand();
      await three.transport.take('job', 'kept', 1, hand.take);
      await three.transport.sendJob('kept', Buffer.from('z'), 0);
      await until('it is taken', () => hand.texts.length === 1);
      await three.transport.close();
      await two.transport.close();
      assert.deepEqual(await queues(server.url, ends.namespace), ['kept']);
    },
  );
});

/** Queues with a consumer in the server. */
async function queues(url: string, namespace: string): Promise<string[]> {
  const nc = await connect({ servers: new URL(url).host });
  try {
    const jsm = await jetstreamManager(nc);
    const all = await jsm.consumers.list(`${namespace}-jobs`).next();
    return all.map(({ name }) => name);
  } finally {
    await nc.close();
  }
}

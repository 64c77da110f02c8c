import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startNats } from '../../../test/server/nats.ts';
import { whyMissing } from '../../../test/server/server.ts';
import type { TestServer } from '../../../test/server/server.ts';
import { FuncatronError } from '../../errors.ts';
import { until } from '../conformance/message.ts';
import { Hand, NatsEnds, Way } from './fixture/nats.ts';

void describe('calls over NATS', { skip: whyMissing('nats-server') }, () => {
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

  withEnds('a taker that is full leaves the rest to others, in order', async (ends) => {
    const [sender, one, two] = [await ends.open(), await ends.open(), await ends.open()];
    const hands = [new Hand(), new Hand()];
    await one.transport.take('call', 'q', 2, hands[0]!.take);
    for (let i = 0; i < 6; i++) sender.send('q', `${i}`);
    await until('the first is full', () => hands[0]!.texts.length === 2);
    await two.transport.take('call', 'q', 3, hands[1]!.take);
    await until('the second is full', () => hands[1]!.texts.length === 3);
    assert.deepEqual(hands[0]!.texts, ['0', '1']);
    assert.deepEqual(hands[1]!.texts, ['2', '3', '4']);
    hands[0]!.ack();
    await until('the last is taken', () => hands[0]!.texts.length === 3);
    assert.equal(hands[0]!.texts[2], '5');
  });

  withEnds('a burst goes through a window of one', async (ends) => {
    const [sender, taker] = [await ends.open(), await ends.open()];
    const seen: string[] = [];
    const texts = Array.from({ length: 500 }, (_, i) => `${i}`);
    for (const text of texts.slice(0, 250)) sender.send('q', text);
    await taker.transport.take('call', 'q', 1, (delivery) => {
      seen.push(delivery.bytes.toString());
      setImmediate(() => delivery.ack());
    });
    for (const text of texts.slice(250)) sender.send('q', text);
    await until('all came', () => seen.length === texts.length);
    assert.deepEqual(seen.toSorted(), texts.toSorted());
  });

  withEnds('every call is taken once, however often takers join and leave', async (ends) => {
    const senders = [await ends.open(), await ends.open()];
    const taker = await ends.open();
    const seen: string[] = [];
    const intakes = await Promise.all(
      [1, 2, 5].map((window) =>
        taker.transport.take('call', 'q', window, (delivery) => {
          seen.push(delivery.bytes.toString());
          if (seen.length % 7 === 0) delivery.giveBack();
          else setTimeout(() => delivery.ack(), seen.length % 3);
        }),
      ),
    );
    const sent: string[] = [];
    for (let i = 0; i < 300; i++) {
      sent.push(`${i}`);
      senders[i % 2]!.send('q', `${i}`);
      if (i % 20 === 0) for (const intake of intakes) intake.setWindow(1 + (i % 4));
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until('all came', () => new Set(seen).size === sent.length);
    const givenBack = seen.filter((_, index) => (index + 1) % 7 === 0).length;
    await until('those given back came again', () => seen.length >= sent.length + givenBack - 1);
    const kept = seen.filter((_, index) => (index + 1) % 7 !== 0);
    assert.equal(new Set(kept).size, kept.length);
  });

  withEnds('the ticket tells whether a call waits with its sender', async (ends) => {
    const [sender, taker] = [await ends.open(), await ends.open()];
    const tickets = [0, 1].map(() => ({ handedAt: 0, isOver: false }));
    for (const ticket of tickets) sender.send('q', 'x', ticket);
    assert.ok(tickets[0]!.handedAt > 0);
    await until('nobody takes them', () => tickets.every(({ handedAt }) => handedAt === 0));
    tickets[0]!.isOver = true;
    const hand = new Hand();
    await taker.transport.take('call', 'q', 5, hand.take);
    await until('one is taken', () => hand.texts.length === 1);
    await until('its ticket says so', () => tickets[1]!.handedAt > 0);
    assert.equal(tickets[0]!.handedAt, 0);
    hand.deliveries[0]!.giveBack();
    await until('it is taken again', () => hand.texts.length === 2);
  });

  withEnds('what a stopped taker has not begun goes to another', async (ends) => {
    const [sender, one, two] = [await ends.open(), await ends.open(), await ends.open()];
    const hands = [new Hand(), new Hand()];
    const intake = await one.transport.take('call', 'q', 1, hands[0]!.take);
    for (const text of ['a', 'b']) sender.send('q', text);
    await until('the first has one', () => hands[0]!.texts.length === 1);
    await intake.stop();
    await two.transport.take('call', 'q', 5, hands[1]!.take);
    await until('the second has the other', () => hands[1]!.texts.length === 1);
    hands[0]!.deliveries[0]!.giveBack();
    await until('and what was given back', () => hands[1]!.texts.length === 2);
    assert.deepEqual(hands[1]!.texts, ['b', 'a']);
  });

  withEnds('a call whose time is over is not sent any more', async (ends) => {
    const [sender, taker] = [await ends.open(), await ends.open()];
    const ticket = { handedAt: 0, isOver: false };
    const overAt = Date.now() + 20;
    sender.send('q', 'short', ticket, 20);
    sender.send('q', 'long');
    await until('it waits, and is over', () => Date.now() > overAt + 20 && ticket.handedAt === 0);
    const hand = new Hand();
    await taker.transport.take('call', 'q', 5, hand.take);
    await until('the other is taken', () => hand.texts.includes('long'));
    assert.deepEqual(hand.texts, ['long']);
  });

  withEnds('names of any letters are told apart', async (ends) => {
    const end = await ends.open();
    const { transport } = end;
    const names = ['tron.ask', 'tron=2Eask', 'a b', 'a*', '>', 'ü', '日本'];
    const hands = names.map(() => new Hand());
    for (const [i, name] of names.entries()) {
      await transport.take('call', name, 1, hands[i]!.take);
      await transport.take('job', name, 1, hands[i]!.take);
      await transport.subscribe(name, (bytes) => hands[i]!.texts.push(bytes.toString()));
    }
    for (const name of names) {
      end.send(name, 'call');
      await transport.sendJob(name, Buffer.from('job'), 0);
      await transport.broadcast(name, Buffer.from('word'));
    }
    await until('all came', () => hands.every(({ texts }) => texts.length >= 3));
    for (const { texts } of hands) assert.deepEqual(texts.toSorted(), ['call', 'job', 'word']);
    for (const hand of hands) hand.ack();
  });

  withEnds('after a restart of the server takers and inboxes go on', async (ends) => {
    const [sender, taker] = [await ends.open(), await ends.open()];
    const hand = new Hand();
    await taker.transport.take('call', 'q', 3, hand.take);
    sender.send('q', 'before');
    await until('it is taken', () => hand.texts.length === 1);
    await server.kill();
    await until('both know', () => sender.lost === 1 && taker.lost === 1);
    assert.throws(
      () => sender.send('q', 'during'),
      (error) => error instanceof FuncatronError && error.code === 'broker_unavailable',
    );
    await server.restart();
    await until('both are back', () => sender.restored === 1 && taker.restored === 1);
    hand.ack();
    taker.reply(sender, 'late');
    await until('the inbox is there', () => sender.replies.includes('late'));
    sender.send('q', 'after');
    await until('calls go on', () => hand.texts.includes('after'));
    assert.deepEqual(hand.texts, ['before', 'after']);
  });

  withEnds('a reply waits while the connection of its taker is away', async (ends) => {
    const way = await Way.open(server.url);
    try {
      const [sender, taker] = [await ends.open(), await ends.open(way.url)];
      const hand = new Hand();
      await taker.transport.take('call', 'q', 1, hand.take);
      sender.send('q', 'x');
      await until('it is taken', () => hand.texts.length === 1);
      way.cut();
      await until('it is noticed', () => taker.lost === 1);
      taker.reply(sender, 'late');
      hand.ack();
      sender.send('q', 'y');
      way.mend();
      await until('the reply comes', () => sender.replies.includes('late'));
      await until('the next call is taken', () => hand.texts.includes('y'));
    } finally {
      way.close();
    }
  });

  withEnds('a taker that is silent is passed over, until it is heard again', async (ends) => {
    const way = await Way.open(server.url);
    try {
      const [sender, near, far] = [await ends.open(), await ends.open(), await ends.open(way.url)];
      const hands = [new Hand(), new Hand()];
      await near.transport.take('call', 'q', 10, hands[0]!.take);
      await far.transport.take('call', 'q', 100, hands[1]!.take);
      way.freeze();
      sender.transport.doubt?.(far.id);
      const texts = Array.from({ length: 30 }, (_, i) => `${i}`);
      for (const text of texts.slice(0, 15)) sender.send('q', text);
      await until('as many are taken as there is room for', () => hands[0]!.texts.length === 10);
      hands[0]!.ack();
      for (const text of texts.slice(15)) sender.send('q', text);
      await until('all are taken by the one', () => {
        hands[0]!.ack();
        return hands[0]!.texts.length === texts.length;
      });
      assert.deepEqual(hands[0]!.texts.toSorted(), texts.toSorted());
      way.thaw();
      await until('the other one is sent calls again', () => {
        sender.send('q', 'more');
        hands[0]!.ack();
        return hands[1]!.texts.length > 0;
      });
    } finally {
      way.close();
    }
  });

  withEnds('nothing is sent to a connection that a taker has given up', async (ends) => {
    const way = await Way.open(server.url);
    try {
      const [sender, near, far] = [await ends.open(), await ends.open(), await ends.open(way.url)];
      const hand = new Hand();
      for (const { transport } of [near, far]) await transport.take('call', 'q', 100, hand.take);
      way.strand();
      await until('the taker is back', () => far.restored === 1);
      sender.transport.doubt?.(far.id);
      const texts = Array.from({ length: 40 }, (_, i) => `${i}`);
      for (const text of texts) sender.send('q', text);
      await until('all are taken', () => hand.texts.length === texts.length);
      assert.deepEqual(hand.texts.toSorted(), texts.toSorted());
    } finally {
      way.close();
    }
  });

  withEnds('a taker that is gone, or there after all, is doubted no more', async (ends) => {
    const [sender, taker] = [await ends.open(), await ends.open()];
    const hand = new Hand();
    await taker.transport.take('call', 'q', 100, hand.take);
    for (const id of ['nobody', taker.id]) {
      sender.transport.doubt?.(id);
      sender.send('q', id);
      await until('it is taken', () => hand.texts.includes(id));
    }
  });
});

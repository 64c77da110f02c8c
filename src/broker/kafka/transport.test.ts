/** What Kafka's adapter does that the conformance cases do not see. */
import { Admin, Producer } from '@platformatic/kafka';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { startKafka, whyNoKafka } from '../../../test/server/kafka.ts';
import type { TestServer } from '../../../test/server/server.ts';
import { createLog } from '../../log.ts';
import { openBroker } from '../broker.ts';
import type { Broker } from '../broker.ts';
import { callOf, rejectsWith, until } from '../conformance/message.ts';
import { openKafka } from './kafka.ts';
import type { Delivery, ForeignMessage, Transport, TransportOptions } from '../remote/transport.ts';

const silent = createLog({ level: 'silent' });
const longMs = 30_000;

void describe('kafka transport', { skip: whyNoKafka() }, () => {
  let server: TestServer;
  let admin: Admin;
  let producer: Producer<string, string, string, string>;
  const opened = new Set<Transport>();
  before(async () => {
    server = await startKafka();
    const bootstrapBrokers = [new URL(server.url).host];
    admin = new Admin({ clientId: 'test', bootstrapBrokers });
    const text = (data?: string): Buffer | undefined =>
      data === undefined ? undefined : Buffer.from(data);
    const serializers = { key: text, value: text, headerKey: text, headerValue: text };
    producer = new Producer({ clientId: 'test', bootstrapBrokers, serializers });
  });
  after(async () => {
    for (const transport of opened) await transport.close();
    await producer.close();
    await admin.close();
    await server.stop();
  });

  async function open(namespace = `t${randomUUID().slice(0, 8)}`) {
    const seen = { replies: [] as string[], lost: 0, restored: 0 };
    const options: TransportOptions = {
      ...{ log: silent, namespace, id: randomUUID() },
      onReply: (bytes) => seen.replies.push(String(bytes)),
      onLost: () => seen.lost++,
      onRestored: () => seen.restored++,
    };
    const transport = await openKafka(new URL(server.url), options);
    opened.add(transport);
    const close = async (): Promise<void> => {
      opened.delete(transport);
      await transport.close();
    };
    return { transport, namespace, seen, close };
  }

  async function leftovers(namespace: string): Promise<string[]> {
    const topics = await admin.listTopics();
    const groups = [...(await admin.listGroups({ types: ['share'] })).keys()];
    return [...topics, ...groups].filter((name) => name.startsWith(namespace));
  }

  async function nothingLeft(namespace: string): Promise<void> {
    await until('nothing is left', async () => (await leftovers(namespace)).length === 0);
  }

  function keep(into: Delivery[]) {
    return (delivery: Delivery) => void into.push(delivery);
  }
  const texts = (deliveries: Delivery[]) => deliveries.map(({ bytes }) => String(bytes));

  test('a window bounds what is handed over, and acknowledgements come in any order', async () => {
    const { transport, close } = await open();
    const got: Delivery[] = [];
    const intake = await transport.take('job', 'q', 3, keep(got));
    for (let n = 0; n < 6; n++) await transport.sendJob('q', Buffer.from(`${n}`), 0);
    await until('three came', () => got.length === 3);
    assert.equal(await transport.jobs('q'), 6);
    got[2]!.ack();
    got[1]!.ack();
    await until('two more came', () => got.length === 5);
    intake.setWindow(4);
    await until('the last came', () => got.length === 6);
    assert.deepEqual(texts(got), ['0', '1', '2', '3', '4', '5']);
    for (const delivery of got) delivery.ack();
    await until('none is left', async () => (await transport.jobs('q')) === 0);
    await close();
  });

  test('what is given back is as if it had never been taken', async () => {
    const { transport, close } = await open();
    const got: Delivery[] = [];
    await transport.take('job', 'q', 1, keep(got));
    await transport.sendJob('q', Buffer.from('x'), 0);
    // More often than Kafka hands out one record at all.
    for (let n = 1; n <= 12; n++) {
      await until(`it came ${n} times`, () => got.length === n);
      assert.equal(got[n - 1]!.redelivered, false);
      got[n - 1]!.giveBack();
    }
    await until('it came again', () => got.length === 13);
    got[12]!.ack();
    got[12]!.giveBack();
    await until('it is done', async () => (await transport.jobs('q')) === 0);
    assert.equal(got.length, 13);
    await close();
  });

  test('what a closed taker had comes again, and says so, for longer than Kafka itself', async () => {
    const { transport, namespace, close } = await open();
    await transport.sendJob('q', Buffer.from('job'), 0);
    await transport.sendCall('q', Buffer.from('call'), longMs);
    for (let n = 0; n < 12; n++) {
      const other = await open(namespace);
      const got: Delivery[] = [];
      await other.transport.take('job', 'q', 1, keep(got));
      await other.transport.take('call', 'q', 1, keep(got));
      await until('both came', () => got.length === 2);
      assert.deepEqual(texts(got).toSorted(), ['call', 'job']);
      assert.ok(
        got.every(({ redelivered }) => redelivered === n > 0),
        `${n}`,
      );
      await other.close();
    }
    assert.equal(await transport.jobs('q'), 1);
    await close();
  });

  test('a call whose time is over is not handed over, and its topic goes', async () => {
    const { transport, namespace, close } = await open();
    await transport.sendCall('q', Buffer.from('late'), 1);
    await transport.sendCall('q', Buffer.from('in time'), longMs);
    const got: Delivery[] = [];
    await transport.take('call', 'q', 5, keep(got));
    await until('one came', () => got.length === 1);
    assert.deepEqual(texts(got), ['in time']);
    got[0]!.ack();
    await transport.sendCall('r', Buffer.from('late'), 1);
    const end = Date.now() + 1;
    await until('its time is over', () => Date.now() > end);
    await close();
    await nothingLeft(namespace);
  });

  test('a short delay does not wait for a long one', async () => {
    const { transport, close } = await open();
    const got: Delivery[] = [];
    await transport.take('job', 'q', 10, keep(got));
    for (const delayMs of [3_600_000, 60_000, 9_000])
      await transport.sendJob('q', Buffer.from('long'), delayMs);
    await transport.sendJob('q', Buffer.from('second'), 300);
    await transport.sendJob('q', Buffer.from('first'), 20);
    assert.equal(await transport.jobs('q'), 5);
    await until('the short ones came', () => got.length === 2);
    assert.deepEqual(texts(got), ['first', 'second']);
    for (const delivery of got) delivery.ack();
    await until('the long ones wait', async () => (await transport.jobs('q')) === 3);
    await close();
  });

  test('a delayed job outlives who delayed it', async () => {
    const first = await open();
    await first.transport.sendJob('q', Buffer.from('later'), 200);
    await first.close();
    assert.ok((await leftovers(first.namespace)).length > 0);
    const second = await open(first.namespace);
    const got: Delivery[] = [];
    await second.transport.take('job', 'q', 1, keep(got));
    await until('it came', () => got.length === 1);
    assert.equal(got[0]!.redelivered, false);
    got[0]!.ack();
    await second.close();
    await nothingLeft(first.namespace);
  });

  test('replies reach their inbox alone, and none that is gone', async () => {
    const [first, second] = [await open('replies'), await open('replies')];
    await first.transport.sendReply(second.transport.inbox, Buffer.from('for second'));
    await first.transport.sendReply('1/gone', Buffer.from('for nobody'));
    await second.transport.sendReply(first.transport.inbox, Buffer.from('for first'));
    await until('both came', () => first.seen.replies.length + second.seen.replies.length === 2);
    assert.deepEqual([first.seen.replies, second.seen.replies], [['for first'], ['for second']]);
    await first.close();
    await second.transport.sendReply(second.transport.inbox, Buffer.from('still'));
    await until('it came', () => second.seen.replies.length === 2);
    await second.close();
    await nothingLeft('replies');
  });

  test('queues may have any name, and messages any size up to the limit', async () => {
    const { transport, namespace, close } = await open();
    const got: Delivery[] = [];
    await transport.take('job', 'ü/ö ~', 5, keep(got));
    await transport.sendJob('ü/ö ~', Buffer.alloc(0), 0);
    await transport.sendJob('ü/ö ~', Buffer.alloc(transport.bytesMax, 7), 0);
    await until('both came', () => got.length === 2, longMs);
    assert.deepEqual(
      got.map(({ bytes }) => bytes.length),
      [0, transport.bytesMax],
    );
    for (const delivery of got) delivery.ack();
    await close();
    await nothingLeft(namespace);
  });

  test('a queue that is removed while it is used comes back, and nothing gets lost', async () => {
    const { transport, namespace, close } = await open();
    const got: string[] = [];
    let sent = 0;
    let isOver = false;
    const sending = (async () => {
      for (; !isOver; sent++) await transport.sendJob('q', Buffer.from(`${sent}`), 0);
    })();
    for (let n = 0; n < 5; n++) {
      const other = await open(namespace);
      const before = got.length;
      await other.transport.take('job', 'q', 50, (delivery) => {
        got.push(String(delivery.bytes));
        delivery.ack();
      });
      await until('some came', () => got.length > before + 20, longMs);
      await other.close();
    }
    isOver = true;
    await sending;
    const last = await open(namespace);
    await last.transport.take('job', 'q', 50, (delivery) => {
      got.push(String(delivery.bytes));
      delivery.ack();
    });
    await until('all came', () => new Set(got).size === sent, longMs);
    await last.close();
    await close();
    await nothingLeft(namespace);
  });

  test('after the broker was killed, what was taken is doubtful, and what is new is not', async () => {
    const { transport, seen, close } = await open();
    const got: Delivery[] = [];
    await transport.take('call', 'q', 1, keep(got));
    for (const text of ['in hand', 'waiting'])
      await transport.sendCall('q', Buffer.from(text), longMs);
    await until('one came', () => got.length === 1);
    await server.kill();
    await until('it is lost', () => seen.lost === 1);
    await rejectsWith(transport.sendJob('q', Buffer.from('x'), 0), 'broker_unavailable');
    await server.restart();
    await until('it is restored', () => seen.restored === 1, longMs);
    got[0]!.ack();
    await until('the other came', () => got.length === 2, longMs);
    got[1]!.ack();
    await transport.sendCall('q', Buffer.from('new'), longMs);
    await until('the new one came', () => got.length === 3, longMs);
    got[2]!.ack();
    assert.deepEqual(texts(got), ['in hand', 'waiting', 'new']);
    assert.deepEqual(
      got.map(({ redelivered }) => redelivered),
      [false, true, false],
    );
    await close();
  });

  test('events come from before their group, to one of it, with headers, and again on demand', async () => {
    const { transport, close } = await open();
    const topic = `events-${randomUUID()}`;
    await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
    const headers = { 'Content-Type': 'application/json', ce_id: '1' };
    await producer.send({ messages: [{ topic, key: 'k', value: 'before', headers }] });
    const got: ForeignMessage[] = [];
    const source = { topic, group: 'watchers' };
    const intake = await transport.takeEvents(source, 2, (event) => void got.push(event));
    await until('the first came', () => got.length === 1, longMs);
    const first = got[0]!.headers;
    assert.equal(first['content-type'], 'application/json');
    assert.deepEqual([first['ce-id'], first['kafka-topic'], first['kafka-key']], ['1', topic, 'k']);
    got[0]!.giveBack();
    await until('it came again', () => got.length === 2);
    assert.deepEqual([String(got[1]!.bytes), got[1]!.redelivered], ['before', true]);
    got[1]!.ack();
    for (let n = 0; n < 5; n++)
      await producer.send({ messages: [{ topic, key: 'k', value: `${n}` }] });
    await until('the window is full', () => got.length === 4, longMs);
    await intake.stop();
    got[3]!.ack();
    await close();
    const second = await open();
    const rest: ForeignMessage[] = [];
    await second.transport.takeEvents(source, 10, (event) => {
      rest.push(event);
      event.ack();
    });
    await until('the rest came', () => rest.length === 5, longMs);
    assert.deepEqual(
      rest.map(({ bytes }) => String(bytes)),
      ['0', '1', '2', '3', '4'],
    );
    await second.close();
  });

  test('a topic of events may come later, and its broker may go', async () => {
    const { transport, close } = await open();
    const topic = `later-${randomUUID()}`;
    const got: string[] = [];
    await transport.takeEvents({ topic, group: 'g' }, 10, (event) => {
      got.push(String(event.bytes));
      event.ack();
    });
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await producer.send({ messages: [{ topic, value: 'one' }] });
    await until('it came', () => got.includes('one'), longMs);
    await server.restart();
    await producer.send({ messages: [{ topic, value: 'two' }] });
    await until('the next came', () => got.includes('two'), longMs);
    await close();
  });

  test('a user who proves who he is may connect, to brokers one of which is there', async () => {
    const user = { username: 'alice', password: 'a:secret@' };
    const guarded = await startKafka({ user });
    const { host } = new URL(guarded.url);
    const connect = (password: string): Promise<Broker> => {
      const login = `alice:${encodeURIComponent(password)}`;
      return openBroker(`kafka://${login}@127.0.0.1:1,${host}`, { log: silent });
    };
    let broker: Broker | undefined;
    try {
      broker = await connect(user.password);
      await broker.publish('q', callOf('x'));
      assert.equal((await broker.depth('q')).waiting, 1);
      const error = await rejectsWith(connect('wrong'), 'broker_unavailable');
      assert.doesNotMatch(error.message, /wrong/);
    } finally {
      await broker?.close();
      await guarded.stop();
    }
  });

  test('refuses subjects, and URLs that name no Kafka', async () => {
    const { transport, close } = await open();
    await rejectsWith(
      transport.takeEvents({ subject: 's', group: 'g' }, 1, () => undefined),
      'option_invalid',
    );
    await close();
    const options: TransportOptions = {
      ...{ log: silent, namespace: 't', id: 't' },
      onReply: () => undefined,
      onLost: () => undefined,
      onRestored: () => undefined,
    };
    const bad = [
      'kafka://',
      'kafka://h?x=1',
      'kafka://h?replicas=0',
      'kafka://h?sasl=magic',
      'kafka://h?ca=/no',
    ];
    for (const url of bad) await rejectsWith(openKafka(new URL(url), options), 'option_invalid');
    const probe = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as AddressInfo;
    await rejectsWith(
      openKafka(new URL(`kafka://127.0.0.1:${port}`), options),
      'broker_unavailable',
    );
    probe.close();
    await rejectsWith(
      openKafka(new URL(`kafka://127.0.0.1:${port}`), options),
      'broker_unavailable',
    );
  });
});

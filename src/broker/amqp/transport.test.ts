import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { Connection } from 'rabbitmq-client';
import type { Channel } from 'rabbitmq-client';
import { startRabbit, whyNoRabbit } from '../../../test/server/rabbitmq.ts';
import type { RabbitServer } from '../../../test/server/rabbitmq.ts';
import { freePort } from '../../../test/server/server.ts';
import type { FuncatronError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import { openAmqp } from './amqp.ts';
import { delayClass } from './place.ts';
import { rejectsWith, until } from '../conformance/message.ts';
import type { Delivery, ForeignMessage, Transport } from '../remote/transport.ts';

const minute = 60_000;

/** One opening, and what it heard. */
interface Opening extends Transport {
  replies: string[];
  events: string[];
}

void describe('RabbitMQ as a transport', { skip: whyNoRabbit() }, () => {
  let server: RabbitServer;
  let namespace: string;
  const opened: Transport[] = [];
  before(async () => {
    server = await startRabbit();
  });
  after(() => server.stop());
  afterEach(async () => {
    for (const transport of opened.splice(0)) await transport.close();
  });

  const open = async (): Promise<Opening> => {
    const replies: string[] = [];
    const events: string[] = [];
    const transport = await openAmqp(new URL(server.url), {
      log: createLog({ level: 'silent' }),
      namespace,
      id: randomUUID(),
      onReply: (bytes) => void replies.push(bytes.toString()),
      onLost: () => void events.push('lost'),
      onRestored: () => void events.push('restored'),
    });
    opened.push(transport);
    return Object.assign(transport, { replies, events });
  };
  const fresh = (): string => (namespace = `t${randomUUID().slice(0, 8)}`);

  test('replies reach an inbox from anywhere', async () => {
    fresh();
    const [one, two] = [await open(), await open()];
    assert.notEqual(one.inbox, two.inbox);
    await one.sendReply(two.inbox, Buffer.from('a'));
    await two.sendReply(two.inbox, Buffer.from('b'));
    await two.sendReply(one.inbox, Buffer.from('c'));
    await until('all came', () => two.replies.length === 2 && one.replies.length === 1);
    assert.deepEqual([two.replies.toSorted(), one.replies], [['a', 'b'], ['c']]);
  });

  test('after the server closed every connection all goes on', async () => {
    fresh();
    const transport = await open();
    const seen: string[] = [];
    const heard: string[] = [];
    const keep = (delivery: Delivery): void => {
      seen.push(delivery.bytes.toString());
      delivery.ack();
    };
    await transport.take('call', 'q', 2, keep);
    await transport.take('job', 'q', 2, keep);
    await transport.subscribe('topic', (bytes) => void heard.push(bytes.toString()));
    const before = transport.inbox;
    await server.control('close_all_connections', 'test');
    await until('it is there again', () => transport.events.includes('restored'));
    assert.deepEqual(transport.events, ['lost', 'restored']);
    assert.notEqual(transport.inbox, before);
    await transport.sendCall('q', Buffer.from('call'), minute);
    await transport.sendJob('q', Buffer.from('job'), 0);
    await transport.broadcast('topic', Buffer.from('hello'));
    await transport.sendReply(transport.inbox, Buffer.from('reply'));
    await until(
      'all came',
      () => seen.length === 2 && heard.length + transport.replies.length === 2,
    );
    assert.deepEqual(seen.toSorted(), ['call', 'job']);
  });

  test('without a connection nothing is taken, and all is told', async () => {
    fresh();
    const transport = await open();
    await transport.sendCall('q', Buffer.from('x'), minute);
    await server.kill();
    try {
      await until('it is lost', () => transport.events.includes('lost'));
      const send = async () => transport.sendCall('q', Buffer.from('x'), minute);
      await rejectsWith(send(), 'broker_unavailable');
      await rejectsWith(transport.sendJob('q', Buffer.from('x'), 0), 'broker_unavailable');
      await rejectsWith(transport.broadcast('t', Buffer.from('x')), 'broker_unavailable');
      await rejectsWith(transport.jobs('q'), 'broker_unavailable');
      await transport.close();
    } finally {
      await server.restart();
    }
  });

  test('a queue that the server forgot is made again', async () => {
    fresh();
    const transport = await open();
    const seen: string[] = [];
    await transport.take('job', 'q', 1, (delivery) => {
      seen.push(delivery.bytes.toString());
      delivery.ack();
    });
    // Its table of queues is not written out yet.
    const sending = transport.sendJob('q', Buffer.from('x'), 0);
    const refused = sending.then(
      () => 'kept',
      (error: unknown) => (error as FuncatronError).code,
    );
    await server.kill();
    await server.restart();
    assert.equal(await refused, 'broker_unavailable');
    await until('it is there again', () => transport.events.includes('restored'), minute);
    await transport.sendJob('q', Buffer.from('y'), 0);
    await until('it came', () => seen.includes('y'));
  });

  test('a server without memory takes nothing, and what it was sent is kept until it has some', async () => {
    fresh();
    const transport = await open();
    await transport.sendJob('q', Buffer.from('one'), 0);
    await server.control('set_vm_memory_high_watermark', '0');
    const late = transport.sendJob('q', Buffer.from('two'), 0);
    try {
      await until('it is lost', () => transport.events.includes('lost'));
      await rejectsWith(transport.sendJob('q', Buffer.from('x'), 0), 'broker_unavailable');
    } finally {
      await server.control('set_vm_memory_high_watermark', '0.4');
    }
    await late;
    await until('it is there again', () => transport.events.includes('restored'));
    assert.equal(await transport.jobs('q'), 2);
  });

  test('the window of a live intake can be made wider, narrower and nothing', async () => {
    fresh();
    const transport = await open();
    const held: Delivery[] = [];
    const intake = await transport.take('job', 'q', 0, (delivery) => void held.push(delivery));
    for (let n = 0; n < 20; n++) await transport.sendJob('q', Buffer.from(`${n}`), 0);
    const steady = async (count: number): Promise<void> => {
      await until(`${count} are in hand`, () => held.length >= count);
      await transport.jobs('q');
      assert.equal(held.length, count);
    };
    await steady(0);
    for (const window of [1, 2, 3, 4, 6]) {
      intake.setWindow(window);
      await steady(window);
    }
    intake.setWindow(2);
    // With six in hand there is room for none.
    const takers = () => server.control('list_consumers', '--silent', 'queue_name');
    const name = `${namespace}.job.q`;
    await until('nothing is taken', async () => !(await takers()).includes(name));
    for (let left = 6; left > 2; left--) held.shift()!.ack();
    await steady(2);
    held.shift()!.ack();
    await steady(2);
    intake.setWindow(30);
    await steady(15);
    for (const delivery of held) delivery.ack();
    await until('none is left', async () => (await transport.jobs('q')) === 0);
  });

  test('a call that was not begun is not marked as delivered before', async () => {
    fresh();
    const transport = await open();
    const held: Delivery[] = [];
    const first = await transport.take('call', 'q', 1, (delivery) => void held.push(delivery));
    await transport.sendCall('q', Buffer.from('x'), minute);
    await until('it came', () => held.length === 1);
    await first.stop();
    held.shift()!.giveBack();
    await transport.take('call', 'q', 1, (delivery) => void held.push(delivery));
    await until('it came again', () => held.length === 1);
    assert.deepEqual([held[0]!.redelivered, held[0]!.bytes.toString()], [false, 'x']);
    // Its process is lost.
    await server.control('close_all_connections', 'test');
    await until('it came once more', () => held.length === 2);
    assert.equal(held[1]!.redelivered, true);
    held[0]!.ack();
    held[1]!.ack();
  });

  test('a call whose queue has gone gets it anew, and so do its takers', async () => {
    fresh();
    const transport = await open();
    const seen: string[] = [];
    await transport.take('call', 'q', 1, (delivery) => {
      seen.push(delivery.bytes.toString());
      delivery.ack();
    });
    await transport.sendCall('q', Buffer.from('one'), minute);
    await until('it came', () => seen.length === 1);
    await server.control('delete_queue', `${namespace}.call.q`);
    await transport.sendCall('q', Buffer.from('two'), minute);
    await until('it came too', () => seen.length === 2);
  });

  test('a job comes after its delay, whatever waits longer', async () => {
    fresh();
    const transport = await open();
    const came = new Map<string, number>();
    await transport.sendJob('q', Buffer.from('long'), 2 * minute);
    const sentAt = Date.now();
    await transport.sendJob('q', Buffer.from('short'), 300);
    assert.equal(await transport.jobs('q'), 2);
    const other = await open();
    assert.equal(await other.jobs('q'), 2);
    await other.take('job', 'q', 5, (delivery) => {
      assert.equal(delivery.redelivered, false);
      came.set(delivery.bytes.toString(), Date.now());
      delivery.ack();
    });
    await until('the short one came', () => came.has('short'));
    assert.ok(came.get('short')! - sentAt >= 300);
    assert.equal(came.has('long'), false);
    await until('one is left', async () => (await other.jobs('q')) === 1);
  });

  test('delays are in classes of twice the last', () => {
    const classes = [1, 16, 17, 32, 1000, 1024, 300_000, 2 ** 40].map(delayClass);
    assert.deepEqual(classes, [4, 4, 5, 5, 10, 10, 19, 31]);
  });

  test('a job finds its queue removed, and makes it anew', async () => {
    fresh();
    const transport = await open();
    const remover = await open();
    await remover.sendJob('q', Buffer.from('one'), 0);
    await transport.sendJob('q', Buffer.from('two'), 0);
    const seen: string[] = [];
    const intake = await remover.take('job', 'q', 5, (delivery) => {
      seen.push(delivery.bytes.toString());
      delivery.ack();
    });
    await until('both came', () => seen.length === 2);
    await intake.stop();
    await remover.close();
    assert.deepEqual(await queues(server, namespace, 'job'), []);
    await transport.sendJob('q', Buffer.from('three'), 0);
    assert.equal(await transport.jobs('q'), 1);
  });

  test('a queue stays while somebody has a job of it in hand', async () => {
    fresh();
    const taker = await open();
    const remover = await open();
    const held: Delivery[] = [];
    const intake = await taker.take('job', 'q', 1, (delivery) => void held.push(delivery));
    await remover.sendJob('q', Buffer.from('x'), 0);
    await until('it is in hand', () => held.length === 1);
    await intake.stop();
    await remover.close();
    assert.equal((await queues(server, namespace, 'job')).length, 1);
    held[0]!.giveBack();
    await until('it waits again', async () => (await taker.jobs('q')) === 1);
  });

  test('no queue is left that holds nothing, whoever closes first', async () => {
    fresh();
    const transports = [await open(), await open(), await open()];
    let done = 0;
    for (const transport of transports) {
      await transport.sendCall('q', Buffer.from('x'), 50);
      await transport.sendJob('q', Buffer.from('x'), 20);
      await transport.take('call', 'q', 5, (delivery) => delivery.ack());
      await transport.take('job', 'q', 5, (delivery) => {
        delivery.ack();
        done++;
      });
    }
    // What is on its way from one queue to the next is counted in neither.
    const isEmpty = async (): Promise<boolean> => (await transports[0]!.jobs('q')) === 0;
    await until('all are done', async () => done >= transports.length && (await isEmpty()));
    await Promise.all(transports.map((transport) => transport.close()));
    assert.deepEqual(await queues(server, namespace), []);
  });

  test('messages of others keep their bytes, properties and headers', async () => {
    fresh();
    const transport = await open();
    const events: ForeignMessage[] = [];
    const take = (event: ForeignMessage): void => {
      events.push(event);
      event.ack();
    };
    const queue = `foreign-${namespace}`;
    await transport.takeEvents({ queue, group: 'g' }, 5, take);
    await transport.takeEvents({ topic: `${namespace}.*`, group: 'g' }, 5, take);
    const body = Buffer.from('{"n": 12345678901234567890 }');
    const headers = { 'cloudEvents:type': 'order', cloudEvents_source: '/shop', 'X-N': 7 };
    const properties = { contentType: 'application/json', messageId: 'm1', headers };
    const routingKey = `${namespace}.made`;
    await asForeigner(server, async (channel) => {
      await channel.basicPublish({ routingKey: queue, ...properties }, body);
      await channel.basicPublish({ exchange: 'amq.topic', routingKey }, Buffer.from([0, 255]));
    });
    await until('both came', () => events.length === 2);
    const json = events.find((event) => event.headers['content-type'])!;
    assert.equal(json.bytes.toString(), body.toString());
    assert.deepEqual(
      ['content-type', 'message-id', 'ce-type', 'ce-source', 'x-n', 'amqp-routing-key'].map(
        (name) => json.headers[name],
      ),
      ['application/json', 'm1', 'order', '/shop', '7', queue],
    );
    const other = events.find((event) => event !== json)!;
    assert.deepEqual([...other.bytes], [0, 255]);
    assert.equal(other.headers['amqp-routing-key'], routingKey);
  });

  test('a topic keeps for its group what comes while nobody takes', async () => {
    fresh();
    const source = { topic: `${namespace}.#`, group: 'g' };
    const intake = await (await open()).takeEvents(source, 1, () => undefined);
    await intake.stop();
    const routingKey = `${namespace}.a`;
    await asForeigner(server, (channel) =>
      channel.basicPublish({ exchange: 'amq.topic', routingKey }, Buffer.from('x')),
    );
    const seen: string[] = [];
    await (
      await open()
    ).takeEvents(source, 1, (event) => {
      seen.push(event.bytes.toString());
      event.ack();
    });
    await until('it came', () => seen.length === 1);
  });

  test('what cannot be reached or read is refused', async () => {
    const options = {
      ...{ log: createLog({ level: 'silent' }), namespace: 'x', id: 'x' },
      ...{ onReply: () => {}, onLost: () => {}, onRestored: () => {} },
    };
    const refused = (url: string) => openAmqp(new URL(url), options);
    const port = await freePort();
    await rejectsWith(refused(`amqp://127.0.0.1:${port}`), 'broker_unavailable');
    const wrong = server.url.replace('guest:guest', 'guest:secret-word');
    const error = await rejectsWith(refused(wrong), 'broker_unavailable');
    assert.match(error.message, /ACCESS_REFUSED/);
    assert.match(error.message, /check user and password/);
    assert.doesNotMatch(error.message, /undefined/);
    assert.doesNotMatch(error.message, /secret-word/);
    await rejectsWith(refused(`${server.url}/no-such-vhost`), 'broker_unavailable');
    // Such as the port of its web pages.
    const other = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await once(other.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port: otherPort } = other.address() as AddressInfo;
      const told = await rejectsWith(
        refused(`amqp://127.0.0.1:${otherPort}`),
        'broker_unavailable',
      );
      assert.match(told.message, /no AMQP server/);
    } finally {
      other.close();
    }
    await rejectsWith(refused(`${server.url}?colour=red`), 'option_invalid');
    await rejectsWith(refused(`${server.url}?heartbeat=0`), 'option_invalid');
    await rejectsWith(refused('amqps://127.0.0.1?ca=/no/such/file'), 'option_invalid');
  });
});

/** Does something over a connection that is none of ours; what it publishes is confirmed. */
async function asForeigner(
  { url }: RabbitServer,
  task: (channel: Channel) => Promise<void>,
): Promise<void> {
  const connection = new Connection(url);
  const channel = await connection.acquire();
  await channel.confirmSelect();
  await task(channel);
  await channel.close();
  await connection.close();
}

async function queues(server: RabbitServer, namespace: string, kind = ''): Promise<string[]> {
  const names = await server.control('list_queues', '--silent', 'name');
  return names.split('\n').filter((name) => name.startsWith(`${namespace}.${kind}`));
}

import { createClient } from '@redis/client';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { startRedis } from '../../../test/server/redis.ts';
import type { RedisTestOptions } from '../../../test/server/redis.ts';
import { Proxy } from '../../../test/chaos/proxy.ts';
import { whyMissing } from '../../../test/server/server.ts';
import type { TestServer } from '../../../test/server/server.ts';
import { createLog } from '../../log.ts';
import type { Log } from '../../log.ts';
import { openBroker } from '../broker.ts';
import type { EventSource } from '../broker.ts';
import { runBrokerConformance } from '../conformance.ts';
import { rejectsWith, until } from '../conformance/message.ts';
import { openRedis } from './redis.ts';
import type { Delivery, ForeignMessage, Transport, TransportOptions } from '../remote/transport.ts';

const silent = createLog({ level: 'silent' });
const group = 'takers';

void describe('redis', { skip: whyMissing('redis-server') }, () => {
  let server: TestServer;
  let admin: Awaited<ReturnType<typeof connect>>;
  const ends: (() => Promise<unknown> | void)[] = [];
  before(async () => {
    server = await startRedis();
    admin = await connect(server.url);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  after(async () => {
    admin.destroy();
    await server.stop();
  });

  async function leftovers(namespace: string): Promise<string[]> {
    const keys = await admin.keys(`${namespace}*`);
    return [...keys, ...(await admin.pubSubChannels(`${namespace}*`))];
  }

  runBrokerConformance({
    name: 'redis:',
    open: (options) => openBroker(server.url, options),
    crash: async (broker, options) => {
      await server.kill();
      await broker.close();
      await server.restart();
      return openBroker(server.url, options);
    },
    bodyBytesMax: 32 * 2 ** 20 - 64 * 2 ** 10,
    server: { url: () => server.url, restart: () => server.restart(), leftovers },
  });

  void describe('transport', () => {
    test('a call whose time is over leaves the server, and its queue with it', async () => {
      const bench = await open();
      await bench.transport.sendCall('q', Buffer.from('x'), 20);
      await bench.transport.sendCall('r', Buffer.from('y'), 60_000);
      assert.equal((await leftovers(`${bench.namespace}:call:q`)).length, 1);
      await until('it is gone', async () => {
        return (await leftovers(`${bench.namespace}:call:q`)).length === 0;
      });
      assert.equal(await admin.xLen(`${bench.namespace}:call:r`), 1);
      await bench.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('what was given back goes to another at once, as new', async () => {
      const bench = await open();
      const first: Delivery[] = [];
      const second: Delivery[] = [];
      const intake = await bench.transport.take('call', 'q', 2, (one) => void first.push(one));
      for (const text of ['a', 'b', 'c'])
        await bench.transport.sendCall('q', Buffer.from(text), 60_000);
      await until('two came', () => first.length === 2);
      const other = await open(bench.namespace);
      await other.transport.take('call', 'q', 8, (one) => void second.push(one));
      await until('the third came', () => second.length === 1);
      await intake.stop();
      for (const delivery of first) delivery.giveBack();
      await until('all came', () => second.length === 3);
      assert.deepEqual(second.map(({ bytes }) => String(bytes)).toSorted(), ['a', 'b', 'c']);
      assert.ok(second.every(({ redelivered }) => !redelivered));
      for (const delivery of second) delivery.ack();
      await bench.close();
      await other.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('what is in hand at the end is for others at once, as handed over before', async () => {
      const bench = await open();
      const first: Delivery[] = [];
      await bench.transport.take('job', 'q', 2, (one) => void first.push(one));
      await bench.transport.sendJob('q', Buffer.from('a'), 0);
      await until('it came', () => first.length === 1);
      await bench.close();
      const other = await open(bench.namespace);
      const second: Delivery[] = [];
      await other.transport.take('job', 'q', 2, (one) => void second.push(one));
      await until('it came again', () => second.length === 1);
      assert.equal(second[0]!.redelivered, true);
      assert.equal(await other.transport.jobs('q'), 1);
      second[0]!.ack();
      assert.equal(await other.transport.jobs('q'), 0);
      await other.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('a window holds, and can be changed', async () => {
      const bench = await open();
      const seen: Delivery[] = [];
      const intake = await bench.transport.take('job', 'q', 2, (one) => void seen.push(one));
      for (let index = 0; index < 9; index++)
        await bench.transport.sendJob('q', Buffer.from(String(index)), 0);
      await until('two came', () => seen.length === 2);
      intake.setWindow(3);
      await until('three came', () => seen.length === 3);
      intake.setWindow(1);
      for (const delivery of seen.slice(0, 2)) {
        delivery.ack();
        // Only the first time counts.
        delivery.ack();
      }
      assert.equal(await bench.transport.jobs('q'), 7);
      assert.equal(seen.length, 3);
      seen[2]!.ack();
      await until('a fourth came', () => seen.length === 4);
      intake.setWindow(100);
      await until('all came', () => seen.length === 9);
      assert.deepEqual(
        seen.map(({ bytes }) => Number(String(bytes))),
        [...Array(9).keys()],
      );
      for (const delivery of seen) delivery.ack();
      await bench.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('a job whose sender is gone is moved by whoever takes', async () => {
      const bench = await open();
      await bench.transport.sendJob('q', Buffer.from('later'), 1000);
      assert.equal(await bench.transport.jobs('q'), 1);
      await bench.close();
      const other = await open(bench.namespace);
      const seen: Delivery[] = [];
      await other.transport.take('job', 'q', 1, (one) => void seen.push(one));
      await until('it came', () => seen.length === 1);
      assert.deepEqual([String(seen[0]!.bytes), seen[0]!.redelivered], ['later', false]);
      seen[0]!.ack();
      await other.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('replies small and large reach their inbox; to one that is gone, nothing happens', async () => {
      const replies: Buffer[] = [];
      const bench = await open(undefined, { onReply: (bytes) => void replies.push(bytes) });
      const sizes = [0, 1000, 300_000, 5_000_000];
      for (const size of sizes)
        await bench.transport.sendReply(bench.transport.inbox, Buffer.alloc(size, 7));
      await until('all came', () => replies.length === sizes.length);
      assert.deepEqual(
        replies.map(({ length }) => length),
        sizes,
      );
      assert.ok(replies.every((bytes) => bytes.every((byte) => byte === 7)));
      await bench.transport.sendReply(`${bench.namespace}:inbox:gone`, Buffer.alloc(300_000));
      await bench.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('nothing is lost when connections break, again and again', async () => {
      const bench = await open();
      const seen = new Set<string>();
      await bench.transport.take('job', 'q', 10, (delivery) => {
        seen.add(String(delivery.bytes));
        setImmediate(delivery.ack);
      });
      for (let round = 0; round < 5; round++) {
        for (let index = 0; index < 40; index++) {
          const job = Buffer.from(`${round}/${index}`);
          const send = () =>
            bench.transport.sendJob('q', job, index % 4).then(
              () => true,
              () => false,
            );
          if (index === 20) await admin.sendCommand(['CLIENT', 'KILL', 'SKIPME', 'yes']);
          await until('it is sent', send);
        }
      }
      await until('all came', () => seen.size === 200);
      await until(
        'all are done',
        async () => (await bench.transport.jobs('q').catch(() => 1)) === 0,
      );
      assert.ok(bench.events.includes('lost') && bench.events.at(-1) === 'restored');
      await bench.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('what was lost on its way from the server comes again by itself', async () => {
      const bench = await open();
      const seen: Delivery[] = [];
      const intake = await bench.transport.take('job', 'q', 1, (one) => void seen.push(one));
      await bench.transport.sendJob('q', Buffer.from('in hand'), 0);
      await until('it came', () => seen.length === 1);
      const key = `${bench.namespace}:job:q`;
      await bench.transport.sendJob('q', Buffer.from('lost'), 0);
      const taker = String((await admin.xInfoConsumers(key, group))[0]!.name);
      // As the server would for a reader whose connection breaks just then.
      await admin.xReadGroup(group, taker, { key, id: '>' });
      intake.setWindow(5);
      await admin.sendCommand(['CLIENT', 'KILL', 'SKIPME', 'yes']);
      await until('it came too', () => seen.length === 2);
      assert.deepEqual(
        seen.map(({ bytes, redelivered }) => [String(bytes), redelivered]),
        [
          ['in hand', false],
          ['lost', false],
        ],
      );
      for (const delivery of seen) delivery.ack();
      await until(
        'all are done',
        async () => (await bench.transport.jobs('q').catch(() => 1)) === 0,
      );
      await bench.close();
    });

    test('a stream that somebody deleted is made again', async () => {
      const bench = await open();
      const seen: string[] = [];
      await bench.transport.take('call', 'q', 5, (delivery) => {
        seen.push(String(delivery.bytes));
        delivery.ack();
      });
      await admin.sendCommand(['FLUSHALL']);
      await bench.transport.sendCall('q', Buffer.from('after'), 60_000);
      await until('it came', () => seen.includes('after'));
      await bench.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('calls are refused at once while the server is away', async () => {
      const own = await start();
      const bench = await open(undefined, {}, own.url);
      await own.kill();
      await until('it is noticed', () => bench.events.includes('lost'));
      const { transport } = bench;
      const bytes = Buffer.from('x');
      await rejectsWith(
        Promise.resolve(transport.sendCall('q', bytes, 1000)),
        'broker_unavailable',
      );
      await rejectsWith(transport.sendJob('q', bytes, 0), 'broker_unavailable');
      await rejectsWith(
        transport.take('call', 'q', 1, () => {}),
        'broker_unavailable',
      );
      await rejectsWith(transport.broadcast('t', bytes), 'broker_unavailable');
      await rejectsWith(transport.jobs('q'), 'broker_unavailable');
      await bench.close();
    });

    test('a reply made while the server is away is sent when it is back', async () => {
      const replies: string[] = [];
      const own = await start();
      const bench = await open(
        undefined,
        { onReply: (bytes) => void replies.push(String(bytes)) },
        own.url,
      );
      await own.kill();
      await until('it is noticed', () => bench.events.includes('lost'));
      await bench.transport.sendReply(bench.transport.inbox, Buffer.from('kept'));
      await own.restart();
      await until('it came', () => replies.includes('kept'));
      await bench.close();
    });

    test('a connection that is dead without a word is noticed, and made again', async () => {
      const [host, port] = ['127.0.0.1', Number(new URL(server.url).port)];
      const proxy = await Proxy.open({ host, port: 0 }, { host, port });
      ends.push(() => proxy.close());
      const replies: string[] = [];
      const bench = await open(
        undefined,
        { onReply: (bytes) => void replies.push(String(bytes)) },
        `redis://127.0.0.1:${proxy.port}`,
      );
      const seen: string[] = [];
      await bench.transport.take('job', 'q', 5, (delivery) => {
        seen.push(String(delivery.bytes));
        delivery.ack();
      });
      proxy.cut();
      const key = `${bench.namespace}:job:q`;
      // The server hands it to a reader that never gets it.
      await admin.xAdd(key, '*', { b: 'meanwhile' });
      await until('it is noticed', () => bench.events.includes('lost'), 30_000);
      proxy.heal();
      await until('it is there again', () => bench.events.includes('restored'), 30_000);
      await until('what came meanwhile is there', () => seen.includes('meanwhile'), 30_000);
      await bench.transport.sendReply(bench.transport.inbox, Buffer.from('heard'));
      await until('replies come', () => replies.includes('heard'));
      await until('all is done', async () => (await bench.transport.jobs('q')) === 0);
      await bench.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });

    test('closing does not wait for a server that does not answer', async () => {
      const own = await start();
      const bench = await open(undefined, {}, own.url);
      await bench.transport.take('call', 'q', 1, () => {});
      const client = await connect(own.url);
      await client.sendCommand(['CLIENT', 'PAUSE', '60000', 'ALL']);
      client.destroy();
      await bench.close();
    });

    test('databases of one server do not hear each other', async () => {
      const bench = await open();
      const other = await open(bench.namespace, {}, `${server.url}/3`);
      const heard: string[] = [];
      const stop = await bench.transport.subscribe('t', () => void heard.push('0'));
      await other.transport.subscribe('t', () => void heard.push('3'));
      await other.transport.broadcast('t', Buffer.from('x'));
      await until('one heard it', () => heard.length > 0);
      await stop();
      await bench.transport.broadcast('t', Buffer.from('y'));
      assert.deepEqual(heard, ['3']);
      await bench.close();
      await other.close();
      assert.deepEqual(await leftovers(bench.namespace), []);
    });
  });

  void describe('events', () => {
    async function taken(source: EventSource, put: () => Promise<unknown>, count: number) {
      const bench = await open();
      const seen: ForeignMessage[] = [];
      await bench.transport.takeEvents(source, 10, (event) => void seen.push(event));
      await put();
      await until('all came', () => seen.length >= count);
      for (const event of seen) event.ack();
      await bench.close();
      return seen.map(({ bytes, headers }) => [String(bytes), headers]);
    }

    test('fields are a body and headers, or a body', async () => {
      const key = `orders-${randomUUID()}`;
      const put = async (): Promise<void> => {
        await admin.xAdd(key, '*', { 'Content-Type': 'text/plain', data: 'one', 'ce-id': '7' });
        await admin.xAdd(key, '*', { body: 'two' });
        await admin.xAdd(key, '*', { anything: 'three' });
        await admin.xAdd(key, '*', { id: '4', amount: '5.5' });
      };
      assert.deepEqual(await taken({ queue: key, group: 'g' }, put, 4), [
        ['one', { 'content-type': 'text/plain', 'ce-id': '7' }],
        ['two', {}],
        ['three', {}],
        ['{"id":"4","amount":"5.5"}', { 'content-type': 'application/json' }],
      ]);
      assert.equal(await admin.xLen(key), 4);
      assert.equal((await admin.xPending(key, 'g')).pending, 0);
      assert.deepEqual(await admin.xInfoConsumers(key, 'g'), []);
    });

    test('a queue is taken from its beginning, a topic from now on and then without a gap', async () => {
      const key = `orders-${randomUUID()}`;
      await admin.xAdd(key, '*', { data: 'before' });
      const put = () => admin.xAdd(key, '*', { data: 'now' });
      assert.equal((await taken({ queue: key, group: 'a' }, put, 2))[0]![0], 'before');
      assert.equal((await taken({ topic: key, group: 'b' }, put, 1))[0]![0], 'now');
      await admin.xAdd(key, '*', { data: 'between' });
      const later = await taken({ topic: key, group: 'b' }, put, 2);
      assert.deepEqual(
        later.map(([text]) => text),
        ['between', 'now'],
      );
    });

    test('what was given back comes again, to its group alone', async () => {
      const key = `orders-${randomUUID()}`;
      const bench = await open();
      const seen: ForeignMessage[] = [];
      await bench.transport.takeEvents({ queue: key, group: 'a' }, 5, (event) => {
        seen.push(event);
        if (seen.length === 1) event.giveBack();
        else event.ack();
      });
      const others: ForeignMessage[] = [];
      await bench.transport.takeEvents({ queue: key, group: 'b' }, 5, (event) => {
        others.push(event);
        event.ack();
      });
      await admin.xAdd(key, '*', { data: 'x' });
      await until('it came again', () => seen.length === 2);
      assert.deepEqual(
        seen.map(({ redelivered }) => redelivered),
        [false, true],
      );
      assert.equal(others.length, 1);
      await bench.close();
    });

    test('a subject is refused', async () => {
      const bench = await open();
      const taking = bench.transport.takeEvents({ subject: 's', group: 'g' }, 1, () => {});
      assert.match((await rejectsWith(taking, 'option_invalid')).message, /queue or topic/);
      await bench.close();
    });

    test('a key that is no stream is named', async () => {
      const key = `list-${randomUUID()}`;
      await admin.rPush(key, 'x');
      const bench = await open();
      const taking = bench.transport.takeEvents({ queue: key, group: 'g' }, 1, () => {});
      assert.match((await rejectsWith(taking, 'broker_unavailable')).message, /WRONGTYPE/);
      await bench.close();
    });
  });

  void describe('opening', () => {
    test('a server that keeps too little is told of', async () => {
      const warned = async (url: string): Promise<string[]> => {
        const { log, lines } = listen();
        const bench = await open(undefined, { log }, url);
        await bench.close();
        return lines;
      };
      assert.deepEqual(await warned(server.url), []);
      const later = await start({ args: ['--appendfsync', 'everysec'] });
      assert.match((await warned(later.url)).join(''), /appendfsync always/);
      const never = await start({
        args: ['--appendonly', 'no', '--maxmemory', '1gb', '--maxmemory-policy', 'allkeys-lru'],
      });
      const lines = await warned(never.url);
      assert.equal(lines.length, 2);
      assert.match(lines[0]!, /LOST.*appendonly yes/);
      assert.match(lines[1]!, /noeviction/);
    });

    test('a password is used, and never shown', async () => {
      const locked = await start({ args: ['--requirepass', 'open sesame'] });
      const url = (password: string) => locked.url.replace('//', `//:${password}@`);
      const bench = await open(undefined, {}, url('open%20sesame'));
      await bench.close();
      for (const attempt of [locked.url, url('s3cret')]) {
        const error = await rejectsWith(open(undefined, {}, attempt), 'broker_unavailable');
        assert.doesNotMatch(error.message, /s3cret/);
        assert.match(error.message, /NOAUTH|WRONGPASS/);
        assert.match(error.message, /check user and password/);
      }
    });

    test('the user that docs/redis.md describes may do all that is needed', async () => {
      const page = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8');
      const rights = /ACL SETUSER funcatron (.*)/.exec(page)![1]!;
      await admin.sendCommand(['ACL', 'SETUSER', 'funcatron', ...rights.split(' ')]);
      const { log, lines } = listen();
      const url = server.url.replace('//', '//funcatron:secret@');
      const bench = await open('funcatron', { log }, url);
      const { transport } = bench;
      const seen: Delivery[] = [];
      for (const kind of ['call', 'job'] as const)
        await transport.take(kind, 'q', 9, (one) => void seen.push(one));
      await transport.sendCall('q', Buffer.from('call'), 60_000);
      await transport.sendJob('q', Buffer.from('job'), 0);
      await transport.sendJob('q', Buffer.from('later'), 1100);
      await transport.sendReply(transport.inbox, Buffer.alloc(300_000));
      await until('all came', () => seen.length === 3);
      seen[0]!.giveBack();
      await until('one came again', () => seen.length === 4);
      for (const delivery of seen) delivery.ack();
      await bench.close();
      assert.deepEqual(lines, []);
      assert.deepEqual(await leftovers('funcatron'), []);
    });

    test('a server that is full says so, and takes no more', async () => {
      const full = await start({ args: ['--maxmemory', '4mb'] });
      const bench = await open(undefined, {}, full.url);
      const fill = async (): Promise<void> => {
        for (;;) await bench.transport.sendJob('q', Buffer.alloc(1_000_000), 0);
      };
      assert.match((await rejectsWith(fill(), 'journal_failed')).message, /OOM/);
      const call = Promise.resolve(bench.transport.sendCall('q', Buffer.alloc(1_000_000), 60_000));
      await rejectsWith(call, 'queue_full');
      await bench.close();
    });

    test('where nothing listens it says so', async () => {
      const gone = await start();
      await gone.stop();
      const error = await rejectsWith(open(undefined, {}, gone.url), 'broker_unavailable');
      assert.match(error.message, /ECONNREFUSED/);
    });

    test('URLs that mean nothing are refused', async () => {
      for (const url of ['redis:', 'redis://h/name', 'redis://h?tls=1', 'rediss://h?ca=/no/file'])
        await rejectsWith(open(undefined, {}, url), 'option_invalid');
    });
  });

  async function start(options?: RedisTestOptions): Promise<TestServer> {
    const own = await startRedis(options);
    ends.push(() => own.stop());
    return own;
  }

  async function open(
    namespace = `t${randomUUID().slice(0, 8)}`,
    options: Partial<TransportOptions> = {},
    url = server.url,
  ): Promise<{
    transport: Transport;
    namespace: string;
    events: string[];
    close: () => Promise<void>;
  }> {
    const events: string[] = [];
    const transport = await openRedis(new URL(url), {
      ...{ log: silent, namespace, id: randomUUID(), onReply: () => undefined },
      onLost: () => void events.push('lost'),
      onRestored: () => void events.push('restored'),
      ...options,
    });
    ends.push(() => transport.close());
    return { transport, namespace, events, close: () => transport.close() };
  }
});

async function connect(url: string) {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A log whose lines can be read. */
function listen(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const output = { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream;
  return { log: createLog({ level: 'warn', pretty: false, output }), lines };
}

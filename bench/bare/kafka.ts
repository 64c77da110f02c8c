import { randomUUID } from 'node:crypto';
import { Admin, Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka';
import type { Bare } from './bare.ts';

const queue = 'bench.bare';

const baseOf = (url: string) => ({
  clientId: 'bench',
  bootstrapBrokers: [new URL(url).host],
});

async function makeTopic(url: string, topic: string): Promise<void> {
  const admin = new Admin(baseOf(url));
  await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 }).catch(() => undefined);
  await admin.close();
}

async function read(url: string, topic: string, take: (key: Buffer, value: Buffer) => void) {
  await makeTopic(url, topic);
  const consumer = new Consumer({ ...baseOf(url), groupId: randomUUID(), maxWaitTime: 100 });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST });
  stream.on('data', ({ key, value }) => take(key, value));
  return () => consumer.close(true);
}

export const serve: Bare['serve'] = async (url) => {
  const producer = new Producer(baseOf(url));
  await read(url, queue, (key, value) => {
    const [topic] = key.toString().split(' ');
    void producer.send({ messages: [{ topic: topic!, key, value }], acks: 1 });
  });
};

export const connect: Bare['connect'] = async (url) => {
  const producer = new Producer(baseOf(url));
  const topic = `bench.reply.${process.pid}`;
  const waiting = new Map<string, (bytes: Uint8Array) => void>();
  const stop = await read(url, topic, (key, value) => {
    waiting.get(key.toString())?.(value);
    waiting.delete(key.toString());
  });
  let count = 0;
  return {
    call: (value) =>
      new Promise((resolve) => {
        const key = `${topic} ${count++}`;
        waiting.set(key, resolve);
        void producer.send({ messages: [{ topic: queue, key: Buffer.from(key), value }], acks: 1 });
      }),
    close: async () => {
      await stop();
      await producer.close();
    },
  };
};

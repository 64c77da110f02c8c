import { Connection } from 'rabbitmq-client';
import type { Bare } from './bare.ts';

const queue = 'bench.bare';

export const serve: Bare['serve'] = async (url) => {
  const connection = new Connection({ url, noDelay: true });
  const consumer = connection.createConsumer(
    { queue, queueOptions: { autoDelete: true }, qos: { prefetchCount: 500 } },
    (message, reply) => reply(message.body),
  );
  await new Promise<void>((resolve, reject) => {
    consumer.once('ready', () => resolve());
    consumer.once('error', reject);
  });
};

export const connect: Bare['connect'] = async (url) => {
  const connection = new Connection({ url, noDelay: true });
  const client = connection.createRPCClient({ confirm: false });
  return {
    call: async (bytes) => (await client.send(queue, bytes)).body as Uint8Array,
    close: async () => {
      await client.close();
      await connection.close();
    },
  };
};

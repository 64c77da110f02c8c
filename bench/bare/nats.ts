import { connect as open } from '@nats-io/transport-node';
import type { Bare } from './bare.ts';

const subject = 'bench.bare';

export const serve: Bare['serve'] = async (url) => {
  const connection = await open({ servers: new URL(url).host });
  connection.subscribe(subject, {
    queue: 'bare',
    callback: (_, message) => void message.respond(message.data),
  });
  await connection.flush();
};

export const connect: Bare['connect'] = async (url) => {
  const connection = await open({ servers: new URL(url).host });
  return {
    call: async (bytes) => (await connection.request(subject, bytes, { timeout: 10_000 })).data,
    close: () => connection.close(),
  };
};

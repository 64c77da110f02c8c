import { createClient, RESP_TYPES } from '@redis/client';
import type { Bare } from './bare.ts';

const queue = 'bench.bare';

/** Requests and replies in streams, as calls that outlive a reader have to be; read in batches. */
async function open(url: string) {
  const client = createClient({ url }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await client.connect();
  return client;
}

interface Entry {
  id: Buffer;
  message: Record<string, Buffer>;
}

async function read(url: string, key: string, take: (entry: Entry) => void): Promise<() => void> {
  const client = await open(url);
  let last = '0-0';
  const loop = async (): Promise<void> => {
    for (;;) {
      const found = await client.xRead({ key, id: last }, { BLOCK: 0, COUNT: 500 });
      for (const { messages } of (found ?? []) as unknown as { messages: Entry[] }[])
        for (const entry of messages) {
          last = entry.id.toString();
          take(entry);
        }
    }
  };
  loop().catch(() => undefined);
  return () => client.destroy();
}

export const serve: Bare['serve'] = async (url) => {
  const client = await open(url);
  await read(url, queue, ({ id, message }) => {
    void client.xAdd(message.to!.toString(), '*', { n: message.n!, body: message.body! });
    void client.xDel(queue, id.toString());
  });
};

export const connect: Bare['connect'] = async (url) => {
  const client = await open(url);
  const to = `bench.reply.${process.pid}`;
  const waiting = new Map<string, (bytes: Uint8Array) => void>();
  const stop = await read(url, to, ({ id, message }) => {
    const n = message.n!.toString();
    waiting.get(n)?.(message.body!);
    waiting.delete(n);
    void client.xDel(to, id.toString());
  });
  let count = 0;
  return {
    call: (body) =>
      new Promise((resolve) => {
        const n = String(count++);
        waiting.set(n, resolve);
        void client.xAdd(queue, '*', { to, n, body });
      }),
    close: async () => {
      stop();
      await client.del(to);
      client.destroy();
    },
  };
};

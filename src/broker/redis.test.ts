import { createClient } from '@redis/client';
import { after, before, describe } from 'node:test';
import { startRedis } from '../../test/server/redis.ts';
import { whyMissing } from '../../test/server/server.ts';
import type { TestServer } from '../../test/server/server.ts';
import { openBroker } from './broker.ts';
import { runBrokerConformance } from './conformance.ts';

void describe('redis', { skip: whyMissing('redis-server') }, () => {
  let server: TestServer;
  before(async () => (server = await startRedis()));
  after(() => server.stop());

  async function leftovers(namespace: string): Promise<string[]> {
    const client = createClient({ url: server.url });
    client.on('error', () => undefined);
    await client.connect();
    const keys = await client.keys(`${namespace}*`);
    const channels = await client.pubSubChannels(`${namespace}*`);
    client.destroy();
    return [...keys, ...channels];
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
});

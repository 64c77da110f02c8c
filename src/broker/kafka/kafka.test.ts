import { Admin } from '@platformatic/kafka';
import { after, before, describe } from 'node:test';
import { startKafka, whyNoKafka } from '../../../test/server/kafka.ts';
import type { TestServer } from '../../../test/server/server.ts';
import { openBroker } from '../broker.ts';
import { runBrokerConformance } from '../conformance.ts';

void describe('kafka', { skip: whyNoKafka() }, () => {
  let server: TestServer;
  before(async () => {
    server = await startKafka();
  });
  after(() => server.stop());

  async function leftovers(namespace: string): Promise<string[]> {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [new URL(server.url).host] });
    try {
      const topics = await admin.listTopics();
      const groups = [...(await admin.listGroups({ types: ['share'] })).keys()];
      return [...topics, ...groups].filter((name) => name.startsWith(namespace));
    } finally {
      await admin.close();
    }
  }

  runBrokerConformance({
    name: 'kafka:',
    open: (options) => openBroker(server.url, options),
    crash: async (broker, options) => {
      await server.kill();
      await broker.close();
      await server.restart();
      return openBroker(server.url, options);
    },
    bodyBytesMax: 16 * 2 ** 20 - 64 * 2 ** 10,
    server: { url: () => server.url, restart: () => server.restart(), leftovers },
  });
});

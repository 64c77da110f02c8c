import { after, before, describe } from 'node:test';
import { startRabbit, whyNoRabbit } from '../../../test/server/rabbitmq.ts';
import type { RabbitServer } from '../../../test/server/rabbitmq.ts';
import { openBroker } from '../broker.ts';
import { runBrokerConformance } from '../conformance.ts';

void describe('RabbitMQ', { skip: whyNoRabbit() }, () => {
  let server: RabbitServer;
  before(async () => {
    server = await startRabbit();
  });
  after(() => server.stop());

  runBrokerConformance({
    name: 'amqp',
    open: (options) => openBroker(server.url, options),
    // What a power cut leaves.
    crash: async (broker, options) => {
      await server.kill();
      void broker.close();
      await server.restart();
      return openBroker(server.url, options);
    },
    bodyBytesMax: 12 * 2 ** 20,
    server: {
      url: () => server.url,
      restart: () => server.restart(),
      leftovers: (namespace) => leftovers(server, namespace),
    },
  });
});

async function leftovers(server: RabbitServer, namespace: string): Promise<string[]> {
  const names = await server.control('list_queues', '--silent', 'name');
  return names.split('\n').filter((name) => name.startsWith(`${namespace}.`));
}

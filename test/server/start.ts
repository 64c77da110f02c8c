/** The servers that a broker URL can name, by its scheme. */
import { whyNoKafka } from './kafka.ts';
import { whyNoRabbit } from './rabbitmq.ts';
import { whyMissing } from './server.ts';
import type { TestServer } from './server.ts';

const servers = {
  nats: {
    why: () => whyMissing('nats-server'),
    start: async () => (await import('./nats.ts')).startNats(),
  },
  redis: {
    why: () => whyMissing('redis-server'),
    start: async () => (await import('./redis.ts')).startRedis(),
  },
  amqp: {
    why: whyNoRabbit,
    start: async () => (await import('./rabbitmq.ts')).startRabbit(),
  },
  kafka: { why: whyNoKafka, start: async () => (await import('./kafka.ts')).startKafka() },
};

export type BrokerScheme = keyof typeof servers;
export const brokerSchemes = Object.keys(servers) as BrokerScheme[];

/** Why the server of a scheme cannot be started here, for `{ skip }`; false when it can. */
export function whyNoServer(scheme: BrokerScheme): string | false {
  return servers[scheme].why();
}

export function startTestServer(scheme: BrokerScheme): Promise<TestServer> {
  return servers[scheme].start();
}

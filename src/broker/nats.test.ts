import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { after, before, describe } from 'node:test';
import { whyMissing } from '../../test/server/server.ts';
import type { TestServer } from '../../test/server/server.ts';
import { startNats } from '../../test/server/nats.ts';
import { openBroker } from './broker.ts';
import { runBrokerConformance } from './conformance.ts';

void describe('NATS', { skip: whyMissing('nats-server') }, () => {
  let server: TestServer;
  before(async () => {
    server = await startNats();
  });
  after(() => server.stop());

  runBrokerConformance({
    name: 'nats',
    open: (options) => openBroker(server.url, options),
    bodyBytesMax: 1_000_000,
    server: {
      url: () => server.url,
      restart: () => server.restart(),
      leftovers: (namespace) => leftovers(server.url, namespace),
    },
  });
});

async function leftovers(url: string, namespace: string): Promise<string[]> {
  const nc = await connect({ servers: new URL(url).host });
  try {
    const jsm = await jetstreamManager(nc);
    const names: string[] = [];
    for await (const { config } of jsm.streams.list()) names.push(config.name);
    return names.filter((name) => name.startsWith(namespace));
  } finally {
    await nc.close();
  }
}

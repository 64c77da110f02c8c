import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort, whyMissing } from '../../../test/server/server.ts';
import type { TestServer } from '../../../test/server/server.ts';
import { startNats } from '../../../test/server/nats.ts';
import { createLog } from '../../log.ts';
import { openBroker } from '../broker.ts';
import { rejectsWith } from '../conformance/message.ts';
import { runBrokerConformance } from '../conformance.ts';

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

  void test('a server that is not there, or cannot keep jobs, is told of', async () => {
    const options = { log: createLog({ level: 'silent' }) };
    const port = await freePort();
    const away = `nats://someone:secret@127.0.0.1:${port}`;
    const error = await rejectsWith(openBroker(away, options), 'broker_unavailable');
    assert.match(error.message, new RegExp(`127.0.0.1:${port}`));
    assert.doesNotMatch(error.message, /secret/);
    const bare = await startNats({ jetStream: false });
    try {
      const refused = await rejectsWith(openBroker(bare.url, options), 'broker_unavailable');
      assert.match(refused.message, /JetStream/);
    } finally {
      await bare.stop();
    }
  });

  void test('a user, a password and a token come from the URL', async () => {
    const options = { log: createLog({ level: 'silent' }), namespace: 'auth' };
    for (const [config, user, wrong] of [
      ['authorization { user: "a b", password: "p:w" }', 'a%20b:p%3Aw', 'a%20b:no'],
      ['authorization { token: "tok" }', 'tok', 'other'],
    ] as const) {
      const closed = await startNats({ config: [config] });
      try {
        const url = (who: string): string => closed.url.replace('//', `//${who}@`);
        await (await openBroker(url(user), options)).close();
        await rejectsWith(openBroker(url(wrong), options), 'broker_unavailable');
      } finally {
        await closed.stop();
      }
    }
  });

  void test('an option of the URL that is none is named', async () => {
    const options = { log: createLog({ level: 'silent' }) };
    for (const [query, why] of [
      ['?replica=3', /no option "replica"/],
      ['?replicas=none', /replicas/],
      ['?creds=/nowhere/x.creds', /nowhere/],
    ] as const) {
      const opening = openBroker(`${server.url}${query}`, options);
      assert.match((await rejectsWith(opening, 'option_invalid')).message, why);
    }
  });
});

/** Queues that are still there; the stream of a namespace always is. */
async function leftovers(url: string, namespace: string): Promise<string[]> {
  const nc = await connect({ servers: new URL(url).host });
  try {
    const jsm = await jetstreamManager(nc);
    const queues = await jsm.consumers.list(`${namespace}-jobs`).next();
    return queues.map(({ name }) => name);
  } finally {
    await nc.close();
  }
}

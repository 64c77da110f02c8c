/** The short form of `npm run chaos`: the faults that hurt most, over every broker there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChaos } from './chaos/chaos.ts';
import { namespacesLeft } from './chaos/namespace.ts';
import { whyNoPostgres } from './server/postgres.ts';
import { brokerSchemes, whyNoServer } from './server/start.ts';
import type { BrokerScheme } from './server/start.ts';

/** What every broker is put through. */
const everywhere = ['kill -9 a runner', 'restart the broker'];
/** What has little to do with the broker is spread over them. */
const besides: Record<BrokerScheme, string[]> = {
  nats: ['cut a host from the others', 'kill -9 a frontend', 'fill a queue'],
  redis: ['cut a host from the others', 'kill -9 the leading Tron'],
  amqp: ['stop the store', 'fill a queue'],
  kafka: ['kill -9 a frontend'],
};

for (const scheme of brokerSchemes) {
  const skip = whyNoServer(scheme) || whyNoPostgres();
  test(`a cluster over ${scheme}, broken on purpose`, { skip }, async (t) => {
    const faults = [...everywhere, ...besides[scheme]];
    const say = (line: string): void => t.diagnostic(line);
    const { wrong } = await runChaos({
      scheme,
      faults,
      calmMs: 1_500,
      cutMs: 6_000,
      clients: 6,
      say,
    });
    assert.deepEqual(wrong, []);
    assert.deepEqual(namespacesLeft(), [], 'nothing is left behind');
  });
}

/** The short form of `npm run chaos`: the faults that hurt most, over every broker there is. */
import { test } from 'node:test';
import { runChaos } from './chaos/chaos.ts';
import { brokerSchemes, whyNoServer } from './server/start.ts';
import { whyNoPostgres } from './server/postgres.ts';

/** What every broker is put through; the rest only with the first, for it has to do with none. */
const everywhere = ['kill -9 a runner', 'restart the broker'];
const once = ['kill -9 a frontend', 'kill -9 the leading Tron', 'stop the store', 'fill a queue'];

for (const [index, scheme] of brokerSchemes.entries())
  test(
    `a cluster over ${scheme}, broken on purpose`,
    {
      skip: whyNoServer(scheme) || whyNoPostgres(),
    },
    async (t) => {
      const faults = index === 0 ? [...everywhere, ...once] : everywhere;
      const say = (line: string): void => t.diagnostic(line);
      await runChaos({ scheme, faults, calmMs: 1_500, clients: 6, say });
    },
  );

/** The answering side, in a process of its own: `echo.ts URL ours|bare`. */
import { openBroker } from '../../src/broker/broker.ts';
import { createLog } from '../../src/log.ts';
import { bares } from './bare.ts';

const [url, mode] = process.argv.slice(2) as [string, string];
if (mode === 'bare') await (await bares[new URL(url).protocol.slice(0, -1)]!()).serve(url);
else {
  const broker = await openBroker(url, { log: createLog({ level: 'silent' }) });
  await broker.consume(
    'bench',
    async ({ head: { id }, body }) => ({
      head: { v: 1, action: 'answer', id, status: 200, headers: {} },
      body,
    }),
    { prefetch: 500 },
  );
}
console.log('ready');

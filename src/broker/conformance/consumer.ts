/** Conformance: a consumer in a process of its own, to be killed: says what it takes, and answers nothing. */
import { createLog } from '../../log.ts';
import { openBroker } from '../broker.ts';

const [url, namespace, queue] = process.argv.slice(2) as [string, string, string];
const broker = await openBroker(url, { log: createLog({ level: 'silent' }), namespace });
await broker.consume(
  queue,
  async (call) => {
    process.stdout.write(`took ${Buffer.from(call.body as Uint8Array).toString()}\n`);
    return new Promise(() => undefined);
  },
  { prefetch: 10 },
);
process.stdout.write('ready\n');

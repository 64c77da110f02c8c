/**
 * `npm run chaos`: every fault over every broker, with figures. `npm run chaos -- nats redis` takes
 * the brokers named, `--fault runner` the faults whose names contain that.
 */
import { parseArgs } from 'node:util';
import { brokerSchemes, whyNoServer } from '../server/start.ts';
import { runChaos } from './chaos.ts';
import { faults } from './fault.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fault: { type: 'string', default: '' } },
});
const wanted = Object.keys(faults).filter((name) => name.includes(values.fault));
for (const scheme of brokerSchemes) {
  if (positionals.length > 0 && !positionals.includes(scheme)) continue;
  const missing = whyNoServer(scheme);
  if (missing) {
    console.log(`${scheme}: ${missing}`);
    continue;
  }
  const say = (line: string): void => console.log(line);
  await runChaos({ scheme, faults: wanted, calmMs: 5_000, clients: 12, say });
}
process.exit(0);

/** The broker as the options of a role describe it. */
import type { BrokerOptions } from '../../broker/broker.ts';
import type { queueOptions } from '../../config/options.ts';
import type { Values } from '../../config/option.ts';
import type { Log } from '../../log.ts';

/** `dataDir` is where the embedded broker keeps asynchronous calls; servers need none. */
export function brokerOptions(
  options: Values<typeof queueOptions>,
  log: Log,
  dataDir?: string,
): BrokerOptions {
  const { queueMax, queueBytesMax, journalMax, asyncTries } = options;
  const limits = { queueMax, queueBytesMax, journalMax, retry: { triesMax: asyncTries } };
  return { log, ...limits, ...(dataDir !== undefined && { dataDir }) };
}

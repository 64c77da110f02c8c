/** The broker as the options of a role describe it. */
import type { BrokerOptions } from '../../broker/broker.ts';
import type { brokerOptions as placeOptions, queueOptions } from '../../config/options.ts';
import type { Values } from '../../config/option.ts';
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';

const namespacePattern = /^[A-Za-z0-9_-]{1,40}$/;

/**
 * `dataDir` is where the embedded broker keeps asynchronous calls; servers need none. Throws
 * `option_invalid`.
 */
export function brokerOptions(
  options: Values<typeof queueOptions> & Pick<Values<typeof placeOptions>, 'namespace'>,
  log: Log,
  dataDir?: string,
): BrokerOptions {
  const { queueMax, queueBytesMax, journalMax, asyncTries, namespace } = options;
  if (!namespacePattern.test(namespace))
    throw new FuncatronError(
      'option_invalid',
      `--namespace "${namespace}": use 1 to 40 letters, digits, "-" or "_"`,
    );
  const limits = { queueMax, queueBytesMax, journalMax, retry: { triesMax: asyncTries } };
  return { log, namespace, ...limits, ...(dataDir !== undefined && { dataDir }) };
}

export function isEmbedded(broker: string): boolean {
  return broker.startsWith('memory:');
}

/** Throws `option_invalid` for the embedded broker, which no other process can reach. */
export function assertServer(broker: string, role: string): void {
  if (!isEmbedded(broker)) return;
  throw new FuncatronError(
    'option_invalid',
    `--broker ${broker.replace(/:$/, '')}: the embedded broker is inside one process, so a ${role} alone would reach ` +
      'nobody; use "funcatron serve", or name a server: amqp://, nats://, redis:// or kafka://',
  );
}

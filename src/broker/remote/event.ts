/** Foreign messages, as asynchronous calls that nobody has checked. */
import { randomUUID } from 'node:crypto';
import type { Log } from '../../log.ts';
import type { Call } from '../../message.ts';
import type { CallHandler, Consumer, EventSource } from '../broker.ts';
import type { ForeignMessage, Transport } from './transport.ts';

/** An event is handed over again after so long when its handler failed. */
const againMs = 1000;
/** Whoever makes a call of an event sets its own deadline. */
const deadlineMs = 60_000;

/** Has a handler take the messages of a source, at most `prefetch` at a time. */
export async function consumeEvents(
  transport: Transport,
  source: EventSource,
  handler: CallHandler,
  prefetch: number,
  log: Log,
): Promise<Consumer> {
  const name = source.queue ?? source.topic ?? source.subject ?? '';
  let inHand = 0;
  let isStopped = false;
  let onIdle = (): void => {};
  const take = async (event: ForeignMessage): Promise<void> => {
    if (isStopped) return event.giveBack();
    inHand++;
    try {
      await handler(toCall(event));
      event.ack();
    } catch (err) {
      log.warn({ err, source: name }, 'an event could not be taken; it is tried again');
      const again = setTimeout(() => event.giveBack(), againMs);
      if (isStopped) again.unref();
    } finally {
      if (--inHand === 0) onIdle();
    }
  };
  const intake = await transport.takeEvents(source, prefetch, (event) => void take(event));
  return {
    setPrefetch: (count) => intake.setWindow(count),
    stop: async () => {
      isStopped = true;
      await intake.stop();
      if (inHand > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    },
  };
}

function toCall({ headers, bytes }: ForeignMessage): Call {
  const now = Date.now();
  return {
    head: {
      ...{ v: 1, action: 'call', id: randomUUID(), method: 'POST', scheme: 'event', host: '' },
      ...{ path: '/', query: '', headers, remote: '', deadline: now + deadlineMs },
      async: { acceptedAt: now, tries: 0 },
    },
    body: bytes,
  };
}

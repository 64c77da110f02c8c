/** One delivery of an asynchronous call from a broker server. */
import { toFault } from '../../errors.ts';
import type { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { RetryPolicy } from '../../message.ts';
import type { CallHandler } from '../broker.ts';
import { nextTry, readOut } from '../job.ts';
import { encodePacket } from './packet.ts';
import type { JobPacket } from './packet.ts';
import type { Delivery, Transport } from './transport.ts';

export interface JobRun {
  transport: Transport;
  queue: string;
  handler: CallHandler;
  retry: RetryPolicy;
  log: Log;
  /** What fails because everything stops was no try. */
  isStopping: () => boolean;
}

/**
 * Runs it; a failed one goes back to the server for its next try, or to the dead letters, before
 * this delivery is acknowledged. Never rejects.
 */
export async function runJob(
  { head, timeoutMs }: JobPacket,
  body: Buffer,
  delivery: Delivery,
  run: JobRun,
): Promise<void> {
  try {
    const reply = await run.handler({ head: { ...head, deadline: Date.now() + timeoutMs }, body });
    await readOut(reply.body);
  } catch (thrown) {
    if (run.isStopping()) return delivery.giveBack();
    return await tryAgain({ t: 'job', head, timeoutMs }, body, delivery, run, toFault(thrown));
  }
  delivery.ack();
}

async function tryAgain(
  { head, timeoutMs }: JobPacket,
  body: Buffer,
  delivery: Delivery,
  { transport, queue, retry, log }: JobRun,
  fault: FuncatronError,
): Promise<void> {
  const next = nextTry(queue, head, fault, retry);
  try {
    const bytes = encodePacket({ t: 'job', head: next.head, timeoutMs }, body);
    await transport.sendJob(next.queue, bytes, next.delayMs);
  } catch (err) {
    // The server still has it: it is delivered again.
    log.warn({ err, queue, requestId: head.id }, 'the next try could not be sent');
    return delivery.giveBack();
  }
  delivery.ack();
  if (!next.isDead) return;
  const { code, message: detail } = fault;
  const fields = { queue, requestId: head.id, tries: next.head.async?.tries, code, detail };
  log.error(fields, 'dead letter: the last try failed');
}

/**
 * NATS as a broker server, from 2.9 on. Calls and control messages go over core NATS, which keeps
 * nothing; jobs are kept by JetStream.
 */
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { FuncatronError } from '../../errors.ts';
import type { EventSource } from '../broker.ts';
import { CallSender } from './call.ts';
import { takeAlone } from './doubt.ts';
import { takeNatsEvents } from './event.ts';
import { GroupIntake } from './intake.ts';
import { JobStream } from './job.ts';
import { bufferOf, Link } from './link.ts';
import { PullIntake } from './pull.ts';
import { readNatsUrl } from './url.ts';
import type {
  Delivery,
  ForeignMessage,
  Intake,
  OpenTransport,
  Ticket,
  Transport,
  TransportOptions,
} from '../remote/transport.ts';

/** The server counts headers as part of a message. */
const headerBytesMax = 1024;
/** A taker holds calls it has no room for so long before it sends them back. */
const holdMs = 50;
const queueGroup = 'takers';

export const openNats: OpenTransport = async (url, options) => {
  const { shown, replicas, options: place } = await readNatsUrl(url, options.id);
  let nc: NatsConnection;
  try {
    nc = await connect(place);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const detail = `the NATS server at ${shown} cannot be reached: ${why}`;
    throw new FuncatronError('broker_unavailable', detail, { cause });
  }
  const link = new Link(nc, shown, options);
  try {
    return new NatsTransport(link, await JobStream.open(link, replicas), options);
  } catch (thrown) {
    await link.close();
    throw thrown;
  }
};

class NatsTransport implements Transport {
  readonly bytesMax: number;
  readonly redelivers = false;
  readonly inbox: string;
  readonly #link: Link;
  readonly #calls: CallSender;
  readonly #jobs: JobStream;
  readonly #intakes = new Set<Intake>();
  #n = 0;

  constructor(link: Link, jobs: JobStream, options: TransportOptions) {
    this.#link = link;
    this.#jobs = jobs;
    this.#calls = new CallSender(link);
    this.bytesMax = (link.nc.info?.max_payload ?? 2 ** 20) - headerBytesMax;
    this.inbox = link.subject('inbox', link.id);
    link.listen(this.inbox, ({ data }) => options.onReply(bufferOf(data)));
  }

  sendCall(queue: string, bytes: Buffer, ttlMs: number, ticket?: Ticket): void {
    this.#calls.send(queue, bytes, ttlMs, ticket);
  }

  sendReply(inbox: string, bytes: Buffer): void {
    this.#link.say(inbox, bytes);
  }

  sendJob(queue: string, bytes: Buffer, delayMs: number): Promise<void> {
    return this.#jobs.publish(queue, bytes, delayMs);
  }

  async take(
    kind: 'call' | 'job',
    queue: string,
    window: number,
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Intake> {
    try {
      const take = kind === 'call' ? this.#takeCalls : this.#takeJobs;
      return this.#keep(await take.call(this, queue, window, onDelivery));
    } catch (thrown) {
      throw this.#link.unavailable(thrown);
    }
  }

  async takeEvents(
    source: EventSource,
    window: number,
    onEvent: (event: ForeignMessage) => void,
  ): Promise<Intake> {
    try {
      return this.#keep(await takeNatsEvents(this.#link, source, window, onEvent));
    } catch (thrown) {
      throw this.#link.unavailable(thrown);
    }
  }

  async broadcast(topic: string, bytes: Buffer): Promise<void> {
    if (this.#link.isLost) throw this.#link.unavailable();
    this.#link.nc.publish(this.#link.subject('topic', topic), bytes);
  }

  async subscribe(topic: string, onMessage: (bytes: Buffer) => void): Promise<() => Promise<void>> {
    const subject = this.#link.subject('topic', topic);
    const subscription = this.#link.listen(subject, ({ data }) => onMessage(bufferOf(data)));
    await this.#flush();
    return async () => subscription.unsubscribe();
  }

  doubt(id: string): void {
    this.#calls.doubt(id);
  }

  jobs(queue: string): Promise<number> {
    return this.#jobs.count(queue);
  }

  async close(): Promise<void> {
    this.#calls.close();
    await Promise.all([...this.#intakes].map((intake) => intake.stop()));
    this.#link.leave();
    if (!this.#link.isLost) await this.#jobs.close();
    await this.#link.close();
  }

  async #takeCalls(
    queue: string,
    window: number,
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Intake> {
    const link = this.#link;
    const subject = link.subject('call', queue);
    const room = link.subject('room', queue);
    const intake = new GroupIntake(window, {
      subscribe: (onMessage) => link.listen(subject, onMessage, queueGroup),
      hand: ({ data, reply }, done) => {
        const bytes = bufferOf(data);
        const giveBack = (): void => {
          if (reply) link.say(reply, bytes);
          done();
        };
        onDelivery({ bytes, redelivered: false, ack: done, giveBack });
      },
      turnAway: ({ data, reply }) => reply && link.say(reply, data),
      holdMs,
      onRoom: (count) => link.isLost || link.nc.publish(room, String(count)),
    });
    const leave = takeAlone(link, queue, intake);
    const forget = link.onRestored(() => intake.announce());
    await this.#flush();
    return {
      setWindow: (count) => intake.setWindow(count),
      stop: async () => {
        forget();
        await Promise.all([leave(), intake.stop()]);
      },
    };
  }

  async #takeJobs(
    queue: string,
    window: number,
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Intake> {
    const jobs = this.#jobs;
    const own = this.#link.subject('pull', this.#link.id, String(this.#n++));
    const pull = await PullIntake.open(this.#link, own, window, {
      stream: jobs.name,
      ensure: () => jobs.ensureConsumer(queue),
      hand: (message) => {
        const { msg, redelivered } = message;
        const ends = { ack: () => message.ack(), giveBack: () => message.giveBack() };
        onDelivery({ bytes: bufferOf(msg.data), redelivered, ...ends });
      },
    });
    return {
      setWindow: (count) => pull.setWindow(count),
      stop: async () => {
        await pull.stop();
        await jobs.release(queue).catch(() => undefined);
      },
    };
  }

  /** It is stopped at the end, if it has not been before. */
  #keep(intake: Intake): Intake {
    const kept: Intake = {
      setWindow: (window) => intake.setWindow(window),
      stop: async () => {
        await intake.stop();
        this.#intakes.delete(kept);
      },
    };
    this.#intakes.add(kept);
    return kept;
  }

  /** What was subscribed is known to the server. */
  async #flush(): Promise<void> {
    if (!this.#link.isLost) await this.#link.nc.flush();
  }
}

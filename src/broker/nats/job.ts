/**
 * Jobs: one work-queue stream of JetStream a namespace, one durable consumer a queue. A message
 * leaves the stream when its job is acknowledged.
 *
 * The stream stays, even empty: nobody could tell that nothing is being stored in it, and a server
 * (seen of 2.9) may lose the files of one that is made anew just after another of its name is gone.
 */
import { AckPolicy, DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { headers, nanos } from '@nats-io/transport-node';
import type { Msg } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../../errors.ts';
import { tokenOf } from './link.ts';
import type { Link } from './link.ts';
import { ackWaitMs, notBefore } from './pull.ts';

const ackMs = 5000;
const sweepMs = 500;
/** Pulls that may wait at one consumer: one for each process. */
const pullsMax = 4096;
/** Consumers of processes that were killed, and of queues nobody uses any more, go after this. */
const idleMs = 24 * 3600 * 1000;
const missedMax = 3;
const missedMs = 250;
/** Acknowledgements may need a moment to be counted. */
const settleTries = 10;
const settleMs = 20;

const noResponders = 503;
const nameInUse = 10058;

interface Publishing {
  resolve: (isStored: boolean) => void;
  reject: (error: unknown) => void;
  at: number;
}

export class JobStream {
  readonly name: string;
  readonly #link: Link;
  readonly #jsm: JetStreamManager;
  readonly #replicas: number;
  readonly #ackPrefix: string;
  readonly #publishing = new Map<number, Publishing>();
  /** Queues whose consumer this process has used. */
  readonly #used = new Set<string>();
  #n = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(link: Link, jsm: JetStreamManager, replicas: number) {
    this.#link = link;
    this.#jsm = jsm;
    this.#replicas = replicas;
    this.name = `${tokenOf(link.namespace)}-jobs`;
    const prefix = link.subject('stored', link.id);
    this.#ackPrefix = `${prefix}.`;
    link.listen(`${prefix}.*`, (msg) => this.#answer(msg));
    link.onLost(() => this.#fail());
  }

  /** Rejects with `broker_unavailable` when the server has no JetStream. */
  static async open(link: Link, replicas: number): Promise<JobStream> {
    try {
      const jsm = await jetstreamManager(link.nc);
      const stream = new JobStream(link, jsm, replicas);
      await stream.ensure();
      return stream;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const detail = `the NATS server at ${link.shown} keeps no jobs: ${why}; start it with JetStream (nats-server --jetstream)`;
      throw new FuncatronError('broker_unavailable', detail, { cause });
    }
  }

  get manager(): JetStreamManager {
    return this.#jsm;
  }

  /** Makes the stream, if it is not there; what somebody has configured otherwise stays so. */
  async ensure(): Promise<void> {
    const kept = { storage: StorageType.File, discard: DiscardPolicy.New };
    const subjects = [`${this.#link.subject('job')}.>`];
    const config = { name: this.name, subjects, num_replicas: this.#replicas, ...kept };
    try {
      await this.#jsm.streams.add({ ...config, retention: RetentionPolicy.Workqueue });
    } catch (thrown) {
      if (!isRefusal(thrown, nameInUse)) throw thrown;
    }
  }

  /** Makes the consumer of a queue, if it is not there; its name. */
  async ensureConsumer(queue: string): Promise<string> {
    this.#used.add(queue);
    const config = {
      durable_name: tokenOf(queue),
      filter_subject: this.#link.subject('job', queue),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: -1,
      max_waiting: pullsMax,
      inactive_threshold: nanos(idleMs),
    };
    try {
      await this.#jsm.consumers.add(this.name, config);
    } catch (thrown) {
      if (!(thrown instanceof JetStreamApiError)) throw thrown;
      await this.ensure();
      await this.#jsm.consumers.add(this.name, config);
    }
    return config.durable_name;
  }

  /** Resolves once it is stored. */
  async publish(queue: string, bytes: Buffer, delayMs: number): Promise<void> {
    const subject = this.#link.subject('job', queue);
    for (let missed = 0; !(await this.#publish(subject, bytes, delayMs)); missed++) {
      if (missed === missedMax) throw this.#link.unavailable(new Error('it has no stream'));
      // Nobody keeps it: the stream was taken away, or has no leader yet.
      if (missed > 0) await sleep(missedMs);
      await this.ensure();
    }
  }

  /** Jobs that are not acknowledged. */
  async count(queue: string): Promise<number> {
    const subject = this.#link.subject('job', queue);
    try {
      const { state } = await this.#jsm.streams.info(this.name, { subjects_filter: subject });
      return state.subjects?.[subject] ?? 0;
    } catch (thrown) {
      if (isRefusal(thrown, JetStreamApiCodes.StreamNotFound)) return 0;
      throw this.#link.unavailable(thrown);
    }
  }

  /** Takes away the consumer of a queue in which there is nothing and which nobody takes from. */
  async release(queue: string, tries = 1): Promise<void> {
    if (this.#link.isLost) return;
    const name = tokenOf(queue);
    for (let left = tries; left > 0; left--) {
      const info = await this.#jsm.consumers.info(this.name, name);
      if (info.num_waiting > 0 || info.num_pending > 0) return;
      if (info.num_ack_pending === 0) {
        this.#used.delete(queue);
        await this.#jsm.consumers.delete(this.name, name);
        return;
      }
      if (left > 1) await sleep(settleMs);
    }
  }

  /** Takes away the consumers this process has used, where nobody else needs them. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#fail();
    await Promise.allSettled([...this.#used].map((queue) => this.release(queue, settleTries)));
  }

  /** Whether somebody stored it; rejects when it is not known to be. */
  #publish(subject: string, bytes: Buffer, delayMs: number): Promise<boolean> {
    if (this.#link.isLost) return Promise.reject(this.#link.unavailable());
    return new Promise((resolve, reject) => {
      const n = this.#n++;
      const reply = this.#ackPrefix + String(n);
      this.#publishing.set(n, { resolve, reject, at: Date.now() });
      this.#timer ??= setInterval(() => this.#sweep(), sweepMs).unref();
      if (delayMs <= 0) return this.#link.nc.publish(subject, bytes, { reply });
      const delayed = headers();
      delayed.set(notBefore, String(Date.now() + delayMs));
      this.#link.nc.publish(subject, bytes, { reply, headers: delayed });
    });
  }

  #answer(msg: Msg): void {
    const n = Number(msg.subject.slice(this.#ackPrefix.length));
    const publishing = this.#publishing.get(n);
    if (!publishing) return;
    this.#publishing.delete(n);
    if (msg.headers?.code === noResponders) return publishing.resolve(false);
    const { error } = msg.json<{ error?: { description: string } }>();
    if (!error) return publishing.resolve(true);
    const detail = `the NATS server at ${this.#link.shown} did not store a job: ${error.description}`;
    publishing.reject(new FuncatronError('journal_failed', detail));
  }

  #sweep(): void {
    const until = Date.now() - ackMs;
    for (const [n, { reject, at }] of this.#publishing) {
      if (at > until) continue;
      this.#publishing.delete(n);
      reject(this.#link.unavailable(new Error(`no answer for ${ackMs / 1000} s`)));
    }
    if (this.#publishing.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #fail(): void {
    for (const { reject } of this.#publishing.values()) reject(this.#link.unavailable());
    this.#publishing.clear();
  }
}

/** Whether JetStream refused with this code of its API. */
export function isRefusal(thrown: unknown, code: number): boolean {
  return thrown instanceof JetStreamApiError && thrown.code === code;
}

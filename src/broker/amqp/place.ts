/**
 * The queues that jobs are in: quorum queues, one for each queue of ours and one for each range of
 * delays that is used. The server cannot delete those only if they are empty, so whoever removes
 * one must know that nobody uses it: publishers reach them through an exchange, which the remover
 * unbinds first; takers say that they use them, by an exchange that lives while one of them does;
 * and an exclusive queue is the lock under which queues are made and removed.
 */
import type { Channel } from 'rabbitmq-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusal } from './link.ts';
import type { Link } from './link.ts';

const lockedMs = 20;
const lockMsMax = 10_000;
/** What was under way to a queue when it was unbound has arrived by then. */
const settleMs = 100;
/**
 * RabbitMQ knows a quorum queue's log by a table that it writes out up to a second after the queue
 * was made (ra_directory, dets auto_save 500). Killed before then it forgets what it has confirmed,
 * and the queue, where it has no other node, never works again.
 */
const youngMs = 1200;
/** A queue that works answers long before. */
const brokenMs = 5000;
/** Which delays are in use is asked for anew after so long. */
const knownMs = 1000;
const classMin = 4;
const classMax = 31;
/** RabbitMQ 4 drops after 20 what 3 delivers for ever. */
const deliveriesMax = 1_000_000_000;

export class JobPlaces {
  readonly exchange: string;
  readonly #link: Link;
  /** Names in the server of the queues that are there. */
  readonly #ready = new Set<string>();
  /** When those were made that were made here, milliseconds since 1970. */
  readonly #madeAt = new Map<string, number>();
  readonly #doubtful = new Set<string>();
  readonly #mending = new Map<string, Promise<void>>();
  readonly #used = new Set<string>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #waits = new Map<string, { classes: number[]; at: number }>();

  constructor(link: Link) {
    this.#link = link;
    this.exchange = link.name('jobs');
  }

  /** The name of a queue, or of that for a class of delays, which is also its routing key. */
  name(queue: string, delay?: number): string {
    return delay === undefined
      ? this.#link.name('job', queue)
      : this.#link.name('wait', queue, delay);
  }

  isReady(name: string): boolean {
    return this.#ready.has(name);
  }

  /** Resolves when what was put in it at `since` outlives the server's being killed; or rejects. */
  async settled(name: string, since: number): Promise<void> {
    const madeAt = this.#madeAt.get(name);
    if (madeAt === undefined || Date.now() - madeAt >= youngMs) return;
    await sleep(youngMs - (Date.now() - madeAt));
    if (this.#link.lostAt >= since) throw new Error(`its queue ${name} was made just now`);
  }

  /** Begins to remove those that do not work since the connection was lost. */
  mend(): void {
    const { lostAt } = this.#link;
    for (const [name, madeAt] of this.#madeAt) {
      if (lostAt >= madeAt && lostAt < madeAt + youngMs) this.#doubtful.add(name);
      if (Date.now() - madeAt >= youngMs) this.#madeAt.delete(name);
    }
    for (const name of this.#doubtful) {
      const mending = this.#mend(name).finally(() => this.#mending.delete(name));
      this.#mending.set(name, mending);
      mending.catch(() => undefined);
    }
  }

  /** It turned out not to be there. */
  forget(queue: string, delay?: number): void {
    this.#ready.delete(this.name(queue));
    this.#ready.delete(this.name(queue, delay));
  }

  /** Makes sure that a queue is there, and that for a class of delays. */
  async ensure(queue: string, delay?: number): Promise<void> {
    await this.#locked(queue, async (channel) => {
      await this.#declare(channel, queue);
      if (delay !== undefined) await this.#declareWait(channel, queue, delay);
    });
  }

  /** The same, and nobody removes it while the process with this own queue is there. */
  async use(queue: string, own: string): Promise<void> {
    const exchange = this.#link.name('use', queue);
    const bind = async (channel: Channel): Promise<void> => {
      await this.#declare(channel, queue);
      await channel.exchangeDeclare({ exchange, type: 'fanout', autoDelete: true });
      await channel.queueBind({ exchange, queue: own });
    };
    // The exchange goes with the last process that uses it, be it between the two steps.
    const again = (thrown: unknown): Promise<void> => {
      if (!isRefusal(thrown, 'NOT_FOUND')) throw thrown;
      return this.#locked(queue, bind);
    };
    await this.#locked(queue, bind).catch(again).catch(again);
    this.#used.add(queue);
  }

  /** What is ready or delayed; what is handed over RabbitMQ tells nobody. */
  async count(queue: string): Promise<number> {
    const names = [this.name(queue), ...(await this.#waitNames(queue))];
    const states = await Promise.all(names.map((name) => this.#look(name)));
    return states.reduce((sum, state) => sum + (state?.messageCount ?? 0), 0);
  }

  /** Removes the queues that nobody uses and nothing is in. */
  async tidy(own: string): Promise<void> {
    const start = this.name('');
    const known = [...this.#ready].filter((name) => name.startsWith(start));
    const queues = new Set([...known.map((name) => name.slice(start.length)), ...this.#used]);
    await Promise.all(
      [...queues].map(async (queue) => {
        const exchange = this.#link.name('use', queue);
        if (this.#used.delete(queue))
          await this.#link.errand((channel) => channel.queueUnbind({ exchange, queue: own }));
        await this.#remove(queue);
      }),
    );
  }

  async #declare(channel: Channel, queue: string): Promise<void> {
    const name = this.name(queue);
    const args = { 'x-queue-type': 'quorum', 'x-delivery-limit': deliveriesMax } as const;
    await this.#make(channel, name, args);
    this.#ready.add(name);
  }

  async #declareWait(channel: Channel, queue: string, delay: number): Promise<void> {
    const name = this.name(queue, delay);
    const args = {
      'x-queue-type': 'quorum',
      'x-message-ttl': 2 ** delay,
      'x-dead-letter-exchange': this.exchange,
      'x-dead-letter-routing-key': this.name(queue),
      // Else what cannot be put in its queue at that moment would be lost.
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    } as const;
    await this.#make(channel, name, args);
    // There as long as one of them is: tells at once whether there are any.
    const exchange = this.#link.name('wait', queue);
    await channel.exchangeDeclare({ exchange, type: 'fanout', durable: true, autoDelete: true });
    await channel.queueBind({ exchange, queue: name });
    this.#ready.add(name);
    this.#waits.delete(queue);
  }

  async #make(
    channel: Channel,
    queue: string,
    args: Record<string, unknown> & { 'x-queue-type': 'quorum' },
  ): Promise<void> {
    await this.#mending.get(queue);
    const isThere = await this.#look(queue);
    await channel.queueDeclare({ queue, durable: true, arguments: args });
    await channel.queueBind({ exchange: this.exchange, queue, routingKey: queue });
    if (!isThere) this.#madeAt.set(queue, Date.now());
  }

  async #mend(name: string): Promise<void> {
    this.#ready.delete(name);
    if (await this.#isBroken(name)) {
      this.#link.log.warn({ queue: name }, 'RabbitMQ has lost a queue; it is made again');
      await this.#link.errand((channel) => channel.queueDelete({ queue: name }));
    }
    this.#doubtful.delete(name);
  }

  /** Whether nothing is heard of what is in it. */
  async #isBroken(queue: string): Promise<boolean> {
    let isLate = false;
    const timeout = sleep(brokenMs, undefined, { ref: false }).then(() => (isLate = true));
    const look = this.#link.errand(async (channel) => {
      const found = await Promise.race([channel.basicGet({ queue }), timeout]);
      if (found === true) throw new Error(`nothing is heard of queue ${queue}`);
      if (typeof found === 'object') channel.basicNack({ deliveryTag: found.deliveryTag });
    });
    await orNothing(look).catch((thrown: unknown) => {
      if (!isLate) throw thrown;
    });
    return isLate;
  }

  async #waitNames(queue: string): Promise<string[]> {
    let known = this.#waits.get(queue);
    if (!known || Date.now() - known.at > knownMs) {
      known = { classes: [], at: Date.now() };
      if (await this.#isThere(this.#link.name('wait', queue))) {
        const all = Array.from({ length: classMax - classMin + 1 }, (_, n) => n + classMin);
        const found = await Promise.all(
          all.map(async (delay) => (await this.#look(this.name(queue, delay))) && delay),
        );
        known.classes = found.filter((delay) => delay !== undefined);
      }
      this.#waits.set(queue, known);
    }
    return known.classes.map((delay) => this.name(queue, delay));
  }

  async #remove(queue: string): Promise<void> {
    this.#waits.delete(queue);
    const names = [this.name(queue), ...(await this.#waitNames(queue))];
    if (!(await this.#isUnused(queue, names))) return;
    await this.#locked(queue, async (channel) => {
      for (const name of names)
        await channel.queueUnbind({ exchange: this.exchange, queue: name, routingKey: name });
      await sleep(settleMs);
      const isUnused = await this.#isUnused(queue, names);
      for (const name of names)
        if (isUnused) await channel.queueDelete({ queue: name });
        else if (await this.#look(name))
          await channel.queueBind({ exchange: this.exchange, queue: name, routingKey: name });
    });
  }

  async #isUnused(queue: string, names: string[]): Promise<boolean> {
    if (await this.#isThere(this.#link.name('use', queue))) return false;
    const states = await Promise.all(names.map((name) => this.#look(name)));
    return states.every((state) => !state || state.messageCount + state.consumerCount === 0);
  }

  #look(queue: string): Promise<{ messageCount: number; consumerCount: number } | undefined> {
    return orNothing(
      this.#link.errand((channel) => channel.queueDeclare({ queue, passive: true })),
    );
  }

  async #isThere(exchange: string): Promise<boolean> {
    const task = (channel: Channel) => channel.exchangeDeclare({ exchange, passive: true });
    const found = this.#link.errand(task).then(() => true);
    return (await orNothing(found)) ?? false;
  }

  /** One at a time for each queue, in this process and in all. */
  #locked(queue: string, task: (channel: Channel) => Promise<void>): Promise<void> {
    const before = this.#turns.get(queue) ?? Promise.resolve();
    const turn = before
      .catch(() => undefined)
      .then(async () => {
        const lock = this.#link.name('lock', queue);
        await this.#lock(lock);
        try {
          await this.#link.errand(task);
        } finally {
          await this.#link.errand((channel) => channel.queueDelete({ queue: lock }));
        }
      });
    this.#turns.set(queue, turn);
    const end = (): void => {
      if (this.#turns.get(queue) === turn) this.#turns.delete(queue);
    };
    turn.then(end, end);
    return turn;
  }

  async #lock(lock: string): Promise<void> {
    const end = Date.now() + lockMsMax;
    for (;;)
      try {
        const task = (channel: Channel) => channel.queueDeclare({ queue: lock, exclusive: true });
        await this.#link.errand(task);
        return;
      } catch (thrown) {
        if (!isRefusal(thrown, 'RESOURCE_LOCKED') || Date.now() > end) throw thrown;
        await sleep(lockedMs);
      }
  }
}

/** The class of a delay: the power of two milliseconds that it fits in. */
export function delayClass(delayMs: number): number {
  return Math.min(classMax, Math.max(classMin, Math.ceil(Math.log2(delayMs))));
}

/** Undefined for what is not there. */
async function orNothing<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (thrown) {
    if (isRefusal(thrown, 'NOT_FOUND')) return undefined;
    throw thrown;
  }
}

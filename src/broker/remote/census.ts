/** How deep a queue is: every process of the namespace is asked what it knows of it. */
import type { QueueDepth } from '../broker.ts';
import type { QueueCount, ReplyPacket } from './packet.ts';

/** A process that has not answered by then is not waited for. */
const waitMs = 300;

interface Asked {
  counts: Map<string, QueueCount>;
  wanted: number;
  done: () => void;
}

/** Jobs of a queue that nobody has acknowledged, as far as the server tells. */
interface KnownJobs {
  count: Promise<number>;
  /** Those handed over are not among them. */
  isHandedOverHidden: boolean;
}

export class Census {
  readonly #asked = new Map<number, Asked>();
  #n = 0;

  /** Asks, and adds up what came. */
  async take(
    ask: (n: number) => Promise<void>,
    peers: number,
    { count, isHandedOverHidden }: KnownJobs,
  ): Promise<QueueDepth> {
    const n = this.#n++;
    const asked: Asked = { counts: new Map(), wanted: peers, done: () => {} };
    const all = new Promise<void>((resolve) => (asked.done = resolve));
    this.#asked.set(n, asked);
    const timer = setTimeout(asked.done, waitMs);
    try {
      const [jobs] = await Promise.all([count, ask(n).then(() => all)]);
      return sum([...asked.counts.values()], jobs, isHandedOverHidden);
    } finally {
      clearTimeout(timer);
      this.#asked.delete(n);
    }
  }

  add({ n, id, ...count }: ReplyPacket & { t: 'count' }): void {
    const asked = this.#asked.get(n);
    if (!asked) return;
    asked.counts.set(id, count);
    if (asked.counts.size >= asked.wanted) asked.done();
  }
}

function sum(counts: QueueCount[], jobs: number, isHandedOverHidden: boolean): QueueDepth {
  const total = { pending: 0, calls: 0, jobs: 0, held: 0, consumers: 0 };
  let oldestAt = Infinity;
  for (const count of counts) {
    total.pending += count.pending;
    total.calls += count.calls;
    total.jobs += count.jobs;
    total.held += count.held;
    total.consumers += count.consumers;
    if (count.oldestAt > 0) oldestAt = Math.min(oldestAt, count.oldestAt);
  }
  const jobsWaiting = isHandedOverHidden ? jobs + total.held : Math.max(0, jobs - total.jobs);
  const waiting = Math.max(0, total.pending - total.calls) + jobsWaiting;
  return {
    waiting,
    inFlight: total.calls + total.jobs,
    oldestMs: waiting === 0 || oldestAt === Infinity ? 0 : Math.max(1, Date.now() - oldestAt),
    consumers: total.consumers,
  };
}

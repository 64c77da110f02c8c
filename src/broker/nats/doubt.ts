/**
 * Takers that are silent. A host that is cut off stays in its queue groups until the server has
 * missed its answers to pings, for minutes with the defaults, and is handed its share of all calls
 * till then. So while anybody is in doubt, calls are not left to the group: who takes from a queue
 * is asked, and each call goes to one who said so, by a subject of his own.
 */
import { errors } from '@nats-io/transport-node';
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { GroupIntake } from './intake.ts';
import type { Link } from './link.ts';

/** Who is in doubt has so long to answer, and is asked again then. */
const answerMs = 1000;
/** Takers are asked for so often: those of a queue that has some, and of one that has none. */
const knownMs = 500;
const unknownMs = 50;
/** Who has not said for so long that he takes is sent nothing. */
const staleMs = 1500;

interface Room {
  queue: string;
  taker: string;
  /** How many calls it has room for. */
  room: number;
}

interface Queue {
  /** When each last said that he takes. */
  takers: Map<string, number>;
  askedAt: number;
  turn: number;
}

export class Doubt {
  readonly #link: Link;
  readonly #here: string;
  readonly #onRoom: (queue: string, count: number) => void;
  readonly #doubted = new Set<string>();
  readonly #queues = new Map<string, Queue>();
  #answers: Subscription | undefined;

  /** `onRoom`: calls of a queue can be sent now, so many of them. */
  constructor(link: Link, onRoom: (queue: string, count: number) => void) {
    this.#link = link;
    this.#here = link.subject('here', link.id);
    this.#onRoom = onRoom;
    link.onLost(() => this.#end());
    answerDoubts(link);
  }

  /** Whether calls are to be sent to takers one by one. */
  get isOn(): boolean {
    return this.#doubted.size > 0;
  }

  add(id: string): void {
    if (this.#link.isLost || id === this.#link.id || this.#doubted.has(id)) return;
    this.#doubted.add(id);
    this.#answers ??= this.#link.listen(this.#here, (msg) => {
      const { queue, taker, room } = JSON.parse(msg.string()) as Room;
      this.#queues.get(queue)?.takers.set(taker, performance.now());
      this.#onRoom(queue, room);
    });
    void this.#ask(id);
  }

  /** The subject of one taker, each in turn; undefined while none is known. */
  subjectFor(queue: string): string | undefined {
    const now = performance.now();
    const known = this.#queueOf(queue);
    for (const [id, at] of known.takers) if (now - at > staleMs) known.takers.delete(id);
    const takers = [...known.takers.keys()];
    if (now - known.askedAt > (takers.length > 0 ? knownMs : unknownMs)) {
      known.askedAt = now;
      this.#link.nc.publish(this.#link.subject('who', queue), '', { reply: this.#here });
    }
    const taker = takers[known.turn++ % takers.length];
    return taker === undefined ? undefined : ownSubject(this.#link, queue, taker);
  }

  /** A call came back: somebody is full, or gone, so that they are asked again. */
  forget(queue: string): void {
    this.#queues.get(queue)?.takers.clear();
  }

  #queueOf(queue: string): Queue {
    let known = this.#queues.get(queue);
    if (!known)
      this.#queues.set(queue, (known = { takers: new Map(), askedAt: -Infinity, turn: 0 }));
    return known;
  }

  /** Until it answers, and the server knows no former connection of it, or knows it no more. */
  async #ask(id: string): Promise<void> {
    const { nc } = this.#link;
    let subject = this.#link.subject('alive', id);
    while (this.#doubted.has(id)) {
      try {
        const epoch = Number((await nc.request(subject, '', { timeout: answerMs })).string());
        if (epoch === 0) break;
        subject = this.#link.subject('alive', id, String(epoch - 1));
      } catch (thrown) {
        if (!(thrown instanceof errors.TimeoutError)) break;
      }
    }
    if (!this.#doubted.delete(id) || this.isOn) return;
    const queues = [...this.#queues.keys()];
    this.#end();
    for (const queue of queues) this.#onRoom(queue, 1);
  }

  #end(): void {
    this.#doubted.clear();
    this.#queues.clear();
    this.#answers?.unsubscribe();
    this.#answers = undefined;
  }
}

/** Whoever doubts this process asks it, and then the connection it had before this one. */
function answerDoubts(link: Link): void {
  const subject = link.subject('alive', link.id);
  const answer = (msg: Msg): void => void msg.respond(String(link.epoch));
  link.listen(subject, answer);
  const listen = (): Subscription =>
    link.listen(link.subject('alive', link.id, String(link.epoch)), answer);
  let own = listen();
  link.onRestored(() => {
    own.unsubscribe();
    own = listen();
  });
}

/**
 * Takes calls that are sent to this process alone, and answers those who ask who takes from a queue
 * while there is room. Returns what ends that.
 */
export function takeAlone(link: Link, queue: string, intake: GroupIntake): () => Promise<void> {
  // As a group, for this process may take from the queue more than once.
  const listen = (): Subscription =>
    link.listen(ownSubject(link, queue, nameOf(link)), intake.arrive, 'alone');
  let own = listen();
  const forget = link.onRestored(() => {
    own.unsubscribe();
    own = listen();
  });
  const asked = link.listen(link.subject('who', queue), (msg) => {
    const told: Room = { queue, taker: nameOf(link), room: intake.room };
    if (told.room > 0 && !link.isLost) msg.respond(JSON.stringify(told));
  });
  return async () => {
    forget();
    asked.unsubscribe();
    await own.drain().catch(() => undefined);
  };
}

/** As a taker by this connection, and no former one. */
function nameOf({ id, epoch }: Link): string {
  return `${id}-${epoch}`;
}

function ownSubject(link: Link, queue: string, taker: string): string {
  return link.subject('call', queue, taker);
}

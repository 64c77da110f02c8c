/**
 * Calls on their way out. Core NATS keeps no message that nobody takes, so calls that find no taker
 * wait here, in a *line* for each queue.
 *
 * A call is *out* from when it is published; its reply subject has its number. It comes *back* when
 * the server says at once that nobody subscribes (status 503), or when a taker that was full sends
 * it back. The answer to a ping, sent after it, tells that a taker was given it: its bytes need not
 * be kept then. Lines move when a taker says that it has room (subject `room`), twice as many calls
 * each time nothing comes back, and now and then by one call, should that word have been missed.
 */
import type { Msg, Subscription } from '@nats-io/transport-node';
import { Doubt } from './doubt.ts';
import { bufferOf } from './link.ts';
import type { Link } from './link.ts';
import type { Ticket } from '../remote/transport.ts';

const tickMs = 50;
const batchMax = 256;
const probeMs = 50;
const probeMsMax = 1000;
/** A line that has been empty for so long is forgotten. */
const emptyMs = 5000;
const sweepTicks = 10;
const noResponders = 503;

interface Sent {
  /** Order of the calls as they were made. */
  readonly n: number;
  readonly queue: string;
  readonly expiresAt: number;
  readonly ticket: Ticket | undefined;
  /** Undefined while it is surely with a taker. */
  bytes: Buffer | undefined;
  /** Which publishing of all it was. */
  turn: number;
}

interface Line {
  readonly queue: string;
  /** Oldest first. */
  waiting: Sent[];
  room: Subscription;
  cameBack: number;
  /** Rounds of offering that are not known to have succeeded yet. */
  rounds: number;
  probeAt: number;
  probeMs: number;
  emptySince: number;
}

export class CallSender {
  readonly #link: Link;
  readonly #doubt: Doubt;
  readonly #backPrefix: string;
  readonly #out = new Map<number, Sent>();
  readonly #lines = new Map<string, Line>();
  readonly #subjects = new Map<string, string>();
  /** As published since the last ping. */
  #unsure: Sent[] = [];
  #n = 0;
  #turn = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Link) {
    this.#link = link;
    const back = link.subject('back', link.id);
    this.#backPrefix = `${back}.`;
    link.listen(`${back}.*`, (msg) => this.#comesBack(msg));
    link.onLost(() => this.#drop());
    this.#doubt = new Doubt(link, (queue, room) => {
      const line = this.#lines.get(queue);
      if (line) this.#offer(line, room);
    });
  }

  /** Nothing more is sent to a process that is silent. */
  doubt(id: string): void {
    this.#doubt.add(id);
  }

  send(queue: string, bytes: Buffer, ttlMs: number, ticket: Ticket | undefined): void {
    if (this.#link.isLost) throw this.#link.unavailable();
    const sent: Sent = {
      n: this.#n++,
      queue,
      expiresAt: Date.now() + ttlMs,
      ticket,
      bytes,
      turn: 0,
    };
    const line = this.#lines.get(queue);
    if (!line?.waiting.length) return this.#publish(sent);
    if (ticket) ticket.handedAt = 0;
    line.waiting.push(sent);
  }

  close(): void {
    this.#drop();
    clearInterval(this.#timer);
  }

  #publish(sent: Sent): void {
    const { n, queue, bytes, ticket } = sent;
    const subject = this.#doubt.isOn ? this.#doubt.subjectFor(queue) : this.#subjectOf(queue);
    if (subject === undefined) return this.#wait(sent);
    sent.turn = ++this.#turn;
    this.#out.set(n, sent);
    this.#unsure.push(sent);
    if (ticket) ticket.handedAt = Date.now();
    const reply = this.#backPrefix + String(n);
    this.#link.nc.publish(subject, bytes, { reply });
    this.#timer ??= setInterval(() => this.#tick(), tickMs).unref();
  }

  #subjectOf(queue: string): string {
    let subject = this.#subjects.get(queue);
    if (!subject) this.#subjects.set(queue, (subject = this.#link.subject('call', queue)));
    return subject;
  }

  #comesBack({ subject, headers, data }: Msg): void {
    const n = Number(subject.slice(this.#backPrefix.length));
    const sent = this.#out.get(n);
    if (!sent) return;
    this.#out.delete(n);
    if (data.length > 0) sent.bytes = bufferOf(data);
    else if (headers?.code !== noResponders) return;
    if (!sent.bytes || isOver(sent, Date.now())) return;
    this.#doubt.forget(sent.queue);
    this.#wait(sent);
  }

  #wait(sent: Sent): void {
    sent.turn = 0;
    if (sent.ticket) sent.ticket.handedAt = 0;
    const line = this.#lines.get(sent.queue) ?? this.#openLine(sent.queue);
    line.cameBack++;
    const { waiting } = line;
    let at = waiting.length;
    while (at > 0 && waiting[at - 1]!.n > sent.n) at--;
    if (at === waiting.length) waiting.push(sent);
    else waiting.splice(at, 0, sent);
  }

  #openLine(queue: string): Line {
    const room = this.#link.listen(this.#link.subject('room', queue), (msg) =>
      this.#offer(line, Number(msg.string()) || 1),
    );
    const now = Date.now();
    const line: Line = {
      ...{ queue, waiting: [], room, cameBack: 0, rounds: 0 },
      // At once: a taker may have come before we listened for it.
      ...{ probeAt: now, probeMs, emptySince: now },
    };
    this.#lines.set(queue, line);
    queueMicrotask(() => this.#offer(line, 1));
    return line;
  }

  /** Sends the oldest calls of a line, and more of them when all those were taken. */
  #offer(line: Line, count: number, isProbe = false): void {
    if (this.#link.isLost) return;
    const batch = this.#next(line, Math.min(count, batchMax));
    if (batch.length === 0) return;
    const { cameBack } = line;
    line.rounds++;
    for (const sent of batch) this.#publish(sent);
    void this.#ping().then((isThere) => {
      line.rounds--;
      if (isThere && line.cameBack === cameBack) {
        line.probeMs = probeMs;
        this.#offer(line, batch.length * 2);
      } else if (isProbe) line.probeMs = Math.min(line.probeMs * 2, probeMsMax);
      line.probeAt = Date.now() + line.probeMs;
    });
  }

  #next(line: Line, count: number): Sent[] {
    const now = Date.now();
    const batch: Sent[] = [];
    let seen = 0;
    for (const sent of line.waiting) {
      if (batch.length === count) break;
      seen++;
      if (!isOver(sent, now)) batch.push(sent);
    }
    line.waiting.splice(0, seen);
    if (line.waiting.length === 0) line.emptySince = now;
    return batch;
  }

  /** Whether the server answered: then what was published before is with takers, or came back. */
  async #ping(): Promise<boolean> {
    const asked = this.#unsure;
    const turn = this.#turn;
    this.#unsure = [];
    try {
      await this.#link.nc.flush();
    } catch {
      return false;
    }
    for (const sent of asked) if (sent.turn > 0 && sent.turn <= turn) sent.bytes = undefined;
    return true;
  }

  #tick(): void {
    if (this.#link.isLost) return;
    const now = Date.now();
    for (const line of this.#lines.values()) {
      if (line.waiting.length > 0) {
        if (line.rounds === 0 && now >= line.probeAt) this.#offer(line, 1, true);
      } else if (line.rounds === 0 && now - line.emptySince > emptyMs) this.#closeLine(line);
    }
    if (this.#unsure.length > 0) void this.#ping();
    if (++this.#ticks % sweepTicks === 0) this.#sweep(now);
  }

  #sweep(now: number): void {
    for (const sent of this.#out.values()) if (isOver(sent, now)) this.#out.delete(sent.n);
    for (const line of this.#lines.values()) {
      const kept = line.waiting.filter((sent) => !isOver(sent, now));
      if (kept.length < line.waiting.length) line.waiting = kept;
      if (kept.length > 0) line.emptySince = now;
    }
    if (this.#out.size > 0 || this.#lines.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #closeLine(line: Line): void {
    line.room.unsubscribe();
    this.#lines.delete(line.queue);
  }

  /** With the connection goes what was on its way; those who wait send again what they may. */
  #drop(): void {
    this.#out.clear();
    this.#unsure = [];
    for (const line of this.#lines.values()) line.waiting = [];
  }
}

function isOver({ ticket, expiresAt }: Sent, now: number): boolean {
  return ticket?.isOver === true || expiresAt <= now;
}

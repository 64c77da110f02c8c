/**
 * One JVM and its control connection. Bundles come and go in it, each a guest with a connection and a
 * class loader of its own. Who will bring one reserves a place; a JVM with neither guest nor
 * reservation ends after a while. One in which threads of a bundle would not end is tainted: it
 * takes no more bundles, those it has are told to move, and it is killed when the last has gone.
 */
import type { Socket } from 'node:net';
import { Child } from './child.ts';
import { JvmControl } from './jvm-control.ts';
import { describeThreads, exitOf, Guest } from './jvm-guest.ts';
import { Link } from './link.ts';
import { greetInTime, meet } from './meet.ts';
import type { Ended } from './payload.ts';
import type { Assignment, FuncLog, StartOptions, WorkerEvents } from './runtime.ts';

const startTimeoutMs = 20_000;
/** A Spring application takes its time; who enables it waits no longer than that is worth to him. */
const assignTimeoutMs = 120_000;
/** How long a JVM without guests may take to end by itself. */
const drainMs = 2_000;
const outOfMemory = /OutOfMemoryError/;

export interface HostOptions {
  command: readonly string[];
  /** What it must be like to be shared: the same Java, the same heap. */
  shape: string;
  /** A bundle asked for it, or has to have it: it takes one guest. */
  isOwn: boolean;
  /** How long it waits for another bundle when it has none. */
  graceMs: number;
  start: StartOptions;
  /** A bundle ended its worker, or left threads behind: it should be alone from now on. */
  onMisbehaved(sha: string): void;
  onGone(host: JvmHost): void;
}

export interface GuestEvents extends WorkerEvents {
  /** The JVM is not to be trusted any more: leave it. */
  onTaint(): void;
}

interface Seat {
  guest: Guest;
  assignment: Assignment;
  events: GuestEvents;
  link?: Link;
}

export class JvmHost {
  readonly shape: string;
  readonly isOwn: boolean;
  readonly #options: HostOptions;
  readonly #child: Child;
  readonly #control: JvmControl;
  readonly #seats = new Map<number, Seat>();
  /** Assignments it has, or will have: none twice, as a second worker is to have memory of its own. */
  readonly #assignments = new Set<Assignment>();
  #reserved = 0;
  #lastNumber = 0;
  #isTainted = false;
  #isEnding = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: HostOptions, child: Child, control: JvmControl) {
    this.shape = options.shape;
    this.isOwn = options.isOwn;
    this.#options = options;
    this.#child = child;
    this.#control = control;
    void child.gone.then((exit) => {
      clearTimeout(this.#timer);
      const wasEnding = this.#isEnding;
      this.#isEnding = true;
      for (const [number, seat] of this.#seats) {
        // Whose call was in hand may have crashed it, and will do so again.
        const isSuspect = seat.link !== undefined && seat.link.open > 0;
        if (!wasEnding && isSuspect) options.onMisbehaved(seat.assignment.sha);
        this.#leave(number, seat);
        seat.guest.end(exit);
      }
      options.onGone(this);
    });
  }

  /**
   * Starts a JVM, its control connection being its descriptor 3: a socket that Java itself would
   * connect takes it as long as all else of its start. Rejects with `dependency_missing` or
   * `worker_start_failed`.
   */
  static async launch(options: HostOptions): Promise<JvmHost> {
    const { socketDir: cwd, startTimeoutMs: timeoutMs = startTimeoutMs } = options.start;
    let host: JvmHost | undefined;
    const child = new Child({
      ...{ label: 'JVM', command: options.command, cwd, channel: true },
      env: { FUNCATRON_SOCKET: 'fd:3' },
      onLine: (line) => host && host.#tell(line),
    });
    const failure = await child.startFailure();
    if (failure) throw failure;
    const greet = async (socket: Socket): Promise<JvmHost> => {
      const control = new JvmControl(socket, {
        onEnded: (worker, ended) => host && host.#onEnded(worker, ended),
        onBroken: (error) => {
          if (host) host.#tell({ level: 'error', text: error.message });
          child.kill();
        },
      });
      await control.greeted();
      return (host = new JvmHost(options, child, control));
    };
    return greetInTime({ label: 'JVM', timeoutMs, greet }, child, Promise.resolve(child.channel!));
  }

  get pid(): number | undefined {
    return this.#child.exited ? undefined : this.#child.pid;
  }

  /** Whether an assignment may be brought here. */
  takes(assignment: Assignment): boolean {
    return this.isOpen && !this.isOwn && !this.#assignments.has(assignment);
  }

  /** Whether bundles may be brought here. */
  get isOpen(): boolean {
    return !this.#isTainted && !this.#isEnding;
  }

  /** Keeps it until `release`; with an assignment, its place in it. */
  reserve(assignment?: Assignment): void {
    this.#reserved++;
    if (assignment) this.#assignments.add(assignment);
    clearTimeout(this.#timer);
    this.#hold(true);
  }

  release(): void {
    this.#reserved--;
    this.#endIfDone();
  }

  /**
   * Opens a worker for an assignment that has a reservation, which this uses up. Rejects with
   * `worker_start_failed`.
   */
  async open(assignment: Assignment, start: StartOptions, events: GuestEvents): Promise<Link> {
    const number = ++this.#lastNumber;
    const guest = new Guest({
      ...{ number, pid: this.#child.pid },
      onLine: (line) => events.onLog(line),
      rssBytes: () => (this.isOwn ? this.#child.rssBytes() : 0),
      cpuMs: () => (this.isOwn ? this.#child.cpuMs() : 0),
      evict: () => this.#evict(number, assignment),
      onSilence: () => this.#onSilence(number),
    });
    const seat: Seat = { guest, assignment, events };
    this.#seats.set(number, seat);
    this.#reserved--;
    if (this.#isEnding) {
      this.#leave(number, seat);
      guest.end({ code: null, signal: 'SIGKILL', lastWords: '' });
    }
    const memoryOption = this.isOwn ? 'x-funcatron.memory' : '--jvm-memory';
    return meet({
      ...{ label: 'JVM', dir: start.socketDir },
      timeoutMs: start.startTimeoutMs ?? startTimeoutMs,
      start: async (path) => {
        this.#control.open(number, path);
        return guest;
      },
      async greet(socket, process, closed) {
        const link = new Link({
          ...{ process, socket, events, outOfMemory, memoryOption },
          assignTimeoutMs: start.assignTimeoutMs ?? assignTimeoutMs,
        });
        await link.greeted();
        seat.link = link;
        void Promise.all([guest.gone, closed]).then(([exit]) => link.closed(exit));
        return link;
      },
    });
  }

  /** Memory over its limit is given back at once; else a bundle gets the time to end well. */
  #evict(number: number, { memoryBytesMax }: Assignment): void {
    if (this.isOwn && this.#child.rssBytes() > memoryBytesMax) this.#child.kill();
    else this.#control.evict(number);
  }

  #onEnded(number: number, ended: Ended): void {
    const seat = this.#seats.get(number);
    if (!seat) return;
    const threads = describeThreads(ended);
    if (threads) seat.guest.say(() => ({ level: 'error', text: threads }));
    this.#leave(number, seat);
    seat.guest.end(exitOf(ended));
    const isWell = ended.reason === 'drained' || ended.reason === 'evicted';
    if (threads || !isWell) this.#options.onMisbehaved(seat.assignment.sha);
    if (threads) this.#taint();
    this.#endIfDone();
  }

  #onSilence(number: number): void {
    const seat = this.#seats.get(number)!;
    this.#leave(number, seat);
    this.#options.onMisbehaved(seat.assignment.sha);
    seat.guest.say(() => ({ level: 'error', text: `the JVM ${this.#child.pid} does not answer` }));
    this.#taint();
    this.#endIfDone();
  }

  #leave(number: number, { assignment }: Seat): void {
    this.#seats.delete(number);
    this.#assignments.delete(assignment);
  }

  #taint(): void {
    if (this.#isTainted) return;
    this.#isTainted = true;
    for (const { events } of this.#seats.values()) events.onTaint();
  }

  /** What the JVM itself writes concerns everybody in it. */
  #tell(line: FuncLog): void {
    for (const { events } of this.#seats.values()) events.onLog(line);
  }

  #endIfDone(): void {
    if (this.#seats.size > 0 || this.#reserved > 0 || this.#isEnding) return;
    this.#hold(false);
    clearTimeout(this.#timer);
    if (this.#isTainted || this.isOwn) this.#end();
    else this.#timer = setTimeout(() => this.#end(), this.#options.graceMs).unref();
  }

  #end(): void {
    this.#isEnding = true;
    if (this.#isTainted) return this.#child.kill();
    this.#control.drain();
    this.#timer = setTimeout(() => this.#child.kill(), drainMs).unref();
  }

  #hold(isHeld: boolean): void {
    this.#child.hold(isHeld);
    this.#control.hold(isHeld);
  }
}

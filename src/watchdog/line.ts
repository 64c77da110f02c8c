/**
 * The lines a program writes, for a log, each bounded in length, all bounded in number. A program
 * that floods loses lines first and then has to wait: its output never costs others their time.
 */
import type { Readable } from 'node:stream';

const usualLineBytesMax = 64 * 1024;
const secondMs = 1_000;
const newline = 10;

export interface LineLimits {
  linesPerSecond: number;
  /** What is read in a second at most; a program that writes more waits. */
  bytesPerSecond: number;
}

/** One worker's allowance of lines, shared by all its streams. */
export class LineGate {
  readonly #limits: LineLimits;
  readonly #report: (dropped: number) => void;
  #since = 0;
  #lines = 0;
  #bytes = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `report` is told, at the end of a second with too many lines, how many were dropped. */
  constructor(
    report: (dropped: number) => void,
    limits: LineLimits = { linesPerSecond: 1_000, bytesPerSecond: 16 * 1024 * 1024 },
  ) {
    this.#report = report;
    this.#limits = limits;
  }

  /** Whether one more line may pass. */
  admit(): boolean {
    this.#turn();
    if (this.#lines < this.#limits.linesPerSecond) {
      this.#lines++;
      return true;
    }
    this.#dropped++;
    this.#timer ??= setTimeout(() => this.close(), secondMs);
    return false;
  }

  /** Counts bytes that were read; returns how many milliseconds to wait before reading more. */
  read(bytes: number): number {
    this.#turn();
    this.#bytes += bytes;
    return this.#bytes <= this.#limits.bytesPerSecond ? 0 : this.#since + secondMs - Date.now();
  }

  /** Reports what was dropped, if anything. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped > 0) this.#report(dropped);
  }

  #turn(): void {
    const now = Date.now();
    if (now - this.#since < secondMs && now >= this.#since) return;
    this.#since = now;
    this.#lines = 0;
    this.#bytes = 0;
  }
}

/**
 * Hands over the lines of `stream`, without their ends (LF or CR LF), as far as `gate` admits
 * them. Of a line over `lineBytesMax` (64 KiB) the rest is cut, and the line says so. Resolves at the stream's end.
 */
export function readLines(
  stream: Readable,
  gate: LineGate,
  onLine: (text: string) => void,
  lineBytesMax = usualLineBytesMax,
): Promise<void> {
  const line = new Line((text) => gate.admit() && onLine(text), lineBytesMax);
  let timer: NodeJS.Timeout | undefined;
  stream.on('data', (chunk: Buffer) => {
    line.push(chunk);
    const waitMs = gate.read(chunk.length);
    if (waitMs <= 0) return;
    stream.pause();
    clearTimeout(timer);
    timer = setTimeout(() => stream.resume(), waitMs);
  });
  // Whoever owns the program learns from its exit what broke; a log has nothing to add.
  stream.on('error', () => undefined);
  return new Promise((resolve) => {
    stream.once('close', () => {
      clearTimeout(timer);
      line.end();
      resolve();
    });
  });
}

/** Puts lines together from chunks. */
class Line {
  readonly #onLine: (text: string) => void;
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #cut = 0;

  constructor(onLine: (text: string) => void, bytesMax: number) {
    this.#onLine = onLine;
    this.#bytesMax = bytesMax;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      this.#add(chunk.subarray(start, at));
      this.#finish();
      start = at + 1;
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
  }

  end(): void {
    if (this.#bytes > 0) this.#finish();
  }

  #add(bytes: Buffer): void {
    const room = this.#bytesMax - this.#bytes;
    const taken = bytes.length > room ? bytes.subarray(0, room) : bytes;
    if (taken.length > 0) this.#parts.push(taken);
    this.#bytes += taken.length;
    this.#cut += bytes.length - taken.length;
  }

  #finish(): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const text = bytes.toString('utf8').replace(/\r$/, '');
    const cut = this.#cut;
    this.#parts = [];
    this.#bytes = this.#cut = 0;
    this.#onLine(cut === 0 ? text : `${text}... (${cut} more bytes cut)`);
  }
}

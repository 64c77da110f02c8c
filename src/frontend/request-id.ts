/** The name of a call, from the first byte to the last log line. */
import { randomFillSync } from 'node:crypto';

const lengthMax = 128;
const countMax = 4096;
const poolBytes = 2048;
const tailBytes = 8;

/**
 * Makes request ids: UUIDs of version 7 that count within a millisecond (RFC 9562 sections 5.7 and
 * 6.2, method 1), so that they sort in the order of the calls. All that is random is drawn once a
 * millisecond: `crypto.randomUUIDv7` was the most expensive single thing a call did here.
 */
export class RequestIds {
  readonly #counts = Array.from({ length: countMax }, (_, at) => hex(at, 3));
  readonly #pool = Buffer.alloc(poolBytes);
  #used = poolBytes;
  #count = countMax;
  #timeMs = 0;
  #head = '';
  #tail = '';

  /**
   * The caller's `X-Request-Id` when it is one that may safely stand in a header, a log line and a
   * file name (letters, digits, `. _ ~ : @ = + -`, at most 128); else a new one.
   */
  choose(asked: string | string[] | undefined): string {
    if (typeof asked === 'string' && isSane(asked)) return asked;
    const now = Date.now();
    if (now !== this.#timeMs || this.#count === countMax) this.#begin(now);
    return this.#head + this.#counts[this.#count++]! + this.#tail;
  }

  #begin(now: number): void {
    this.#timeMs = now;
    this.#count = 0;
    const time = hex(now, 12);
    this.#head = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    const digits = this.#random().toString('hex');
    this.#tail = `-${digits.slice(0, 4)}-${digits.slice(4)}`;
  }

  /** Random but for the two bits of the variant. */
  #random(): Buffer {
    if (this.#used === poolBytes) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const bytes = this.#pool.subarray(this.#used, (this.#used += tailBytes));
    bytes[0] = 0x80 | (bytes[0]! & 0x3f);
    return bytes;
  }
}

function hex(number: number, length: number): string {
  return number.toString(16).padStart(length, '0');
}

function isSane(id: string): boolean {
  return id.length > 0 && id.length <= lengthMax && /^[\w.~:@=+-]+$/.test(id);
}

/** The places of a listener: each for one caller, who has its one-time token, for a while. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { FuncatronError } from '../../errors.ts';

const idBytes = 9;
const secretBytes = 32;
const tokenPattern = /^([\w-]{12})\.([\w-]{43})$/;

export type PlaceKind = 'send' | 'fetch';

interface Place<T> {
  kind: PlaceKind;
  secret: Buffer;
  what: T;
  timer: NodeJS.Timeout;
}

export class Places<T> {
  readonly #open = new Map<string, Place<T>>();
  readonly #max: number;
  readonly #onUnused: (what: T) => void;

  /** `onUnused`: nobody came for it in time, or in time before `clear`. */
  constructor(max: number, onUnused: (what: T) => void) {
    this.#max = max;
    this.#onUnused = onUnused;
  }

  /** The token of a new place. Throws `direct_failed` when there are too many. */
  open(kind: PlaceKind, what: T, timeoutMs: number): string {
    if (this.#open.size >= this.#max) {
      const detail = `${this.#max} direct connections are waited for already (--direct-places)`;
      throw new FuncatronError('direct_failed', detail, { status: 503 });
    }
    const id = randomBytes(idBytes).toString('base64url');
    const secret = randomBytes(secretBytes);
    const timer = setTimeout(() => this.#expire(id), Math.max(0, timeoutMs));
    timer.unref();
    this.#open.set(id, { kind, secret, what, timer });
    return `${id}.${secret.toString('base64url')}`;
  }

  /** What the place of a token is for; the place is gone with that. */
  take(kind: PlaceKind, token: string): T | undefined {
    const [, id, secret] = tokenPattern.exec(token) ?? [];
    const place = id === undefined ? undefined : this.#open.get(id);
    if (!place || place.kind !== kind) return undefined;
    const given = Buffer.from(secret!, 'base64url');
    if (given.length !== secretBytes || !timingSafeEqual(given, place.secret)) return undefined;
    this.#open.delete(id!);
    clearTimeout(place.timer);
    return place.what;
  }

  clear(): void {
    for (const id of this.#open.keys()) this.#expire(id);
  }

  #expire(id: string): void {
    const place = this.#open.get(id);
    if (!place) return;
    this.#open.delete(id);
    clearTimeout(place.timer);
    this.#onUnused(place.what);
  }
}

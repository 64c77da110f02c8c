/**
 * Bodies past the broker server: a runner listens, tells a caller by message where and with which
 * one-time token, and the caller connects and pipes.
 */
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Body, Cancellation, Reply } from '../../message.ts';
import type { Listener } from './listener.ts';

export interface DirectOptions {
  log: Log;
  /** Address this process listens on for callers (`--direct-host`). */
  host: string;
  /** 0 for any free one (`--direct-port`). */
  port: number;
  /** What callers connect to, where that is not the address itself (`--direct-url`). */
  url?: string;
  /** Bodies above this go direct (`--direct-over`). Default 256 KiB. */
  overBytes?: number;
  /** Without a sign of life from the other side for so long it is lost (`--stall-timeout`). Default 60 s. */
  stallTimeoutMs?: number;
  /** Places that may be open at a time (`--direct-places`). Default 10,000. */
  placesMax?: number;
  /**
   * Without it, plain HTTP. PEM texts. Who listens needs `cert` and `key`; `ca` is what callers
   * trust, and then names must fit; by default it is the certificate itself, whatever its name.
   */
  tls?: { cert?: string; key?: string; ca?: string };
}

/** Where one caller may connect to, once. */
export interface DirectPlace {
  url: string;
  token: string;
}

/** Takes a request body and makes the reply; it is cancelled when the caller goes away. */
export type TakeBody = (
  body: AsyncIterable<Uint8Array>,
  cancellation: Cancellation,
) => Promise<Reply>;

export interface Direct {
  /**
   * Listens, which `expect` and `offer` do by themselves: at a start, so that it fails there.
   * Rejects with `address_in_use` or `option_invalid`.
   */
  listen(): Promise<void>;
  /**
   * A place for one request body, which `take` gets when its caller connects. Of the two functions
   * one is called, once: `onUnused` when nobody connected within `timeoutMs`, or at `close`.
   */
  expect(take: TakeBody, timeoutMs: number, onUnused?: () => void): Promise<DirectPlace>;
  /** A place where one reply body can be fetched; one that nobody fetches in time is let go. */
  offer(body: Body, timeoutMs: number): Promise<DirectPlace>;
  /**
   * Pipes a request body to a place. Resolves with the reply, whose body may still be coming, as
   * may be the request's; a body that the other side has whole is whole here too. Rejects with what
   * `take` threw, with what the body threw, with `cancelled`, or with `direct_failed`.
   */
  send(place: DirectPlace, body: Body, cancellation?: Cancellation): Promise<Reply>;
  /**
   * Fetches a reply body. It ends only when it is whole, and throws what the other side's body
   * threw, or `direct_failed` when it breaks off. To leave it (`return`) frees the other side.
   */
  fetch(place: DirectPlace): Promise<AsyncIterable<Uint8Array>>;
  /** Refuses new callers and breaks what is under way. */
  close(): Promise<void>;
}

const stallTimeoutMsDefault = 60_000;
const placesMaxDefault = 10_000;

/** A process's end of direct connections. It listens with the first place. */
export async function openDirect(options: DirectOptions): Promise<Direct> {
  const [{ openListener }, { DirectCaller }] = await Promise.all([
    import('./listener.ts'),
    import('./caller.ts'),
  ]);
  const { stallTimeoutMs = stallTimeoutMsDefault, placesMax = placesMaxDefault } = options;
  const caller = new DirectCaller(options, stallTimeoutMs);
  let opening: Promise<Listener> | undefined;
  let isClosed = false;
  const listener = (): Promise<Listener> => {
    if (isClosed)
      throw new FuncatronError('direct_failed', 'the direct path of this process is closed');
    return (opening ??= openListener(options, { stallTimeoutMs, placesMax }));
  };
  return {
    listen: async () => void (await listener()),
    expect: async (take, timeoutMs, onUnused) =>
      (await listener()).expect(take, timeoutMs, onUnused),
    offer: async (body, timeoutMs) => (await listener()).offer(body, timeoutMs),
    send: (place, body, cancellation) => caller.send(place, body, cancellation),
    fetch: (place) => caller.fetch(place),
    async close() {
      isClosed = true;
      caller.close();
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

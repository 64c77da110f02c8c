/**
 * Bodies past the broker server: a runner listens, tells a caller by message where and with which
 * one-time token, and the caller connects and pipes.
 */
import type { Log } from '../log.ts';
import type { Body, Cancellation, Reply } from '../message.ts';

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
  /** Without it, plain HTTP. PEM texts; `ca` is what callers trust, default the certificate itself. */
  tls?: { cert: string; key: string; ca?: string };
}

/** Where one caller may connect to, once. */
export interface DirectPlace {
  url: string;
  token: string;
}

export interface Direct {
  /** A place for one request body, which `take` gets when its caller connects; it makes the reply. */
  expect(take: (body: AsyncIterable<Uint8Array>) => Promise<Reply>, timeoutMs: number): DirectPlace;
  /** A place where one reply body can be fetched. */
  offer(body: AsyncIterable<Uint8Array>, timeoutMs: number): DirectPlace;
  /** Pipes a request body to a place; the reply's body may still be coming when it resolves. */
  send(place: DirectPlace, body: Body, cancellation?: Cancellation): Promise<Reply>;
  /** Fetches a reply body. The iterable throws `direct_failed` when it breaks off. */
  fetch(place: DirectPlace): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

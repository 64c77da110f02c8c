/**
 * Sends the counts to a StatsD server (https://github.com/statsd/statsd/blob/master/docs/metric_types.md)
 * every few seconds: counters as what was added, gauges as they are, and of a histogram its count
 * and its mean in milliseconds.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import type { Log } from '../log.ts';
import type { StatsDServer } from '../message.ts';
import type { Metrics } from '../metrics.ts';

const sendEveryMs = 10_000;
/** A datagram that any network takes in one piece. */
const datagramBytesMax = 1400;

export class StatsDSender {
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #sent = new Map<string, number>();
  #server: StatsDServer | undefined;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(metrics: Metrics, log: Log) {
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Where it sends to now. */
  get server(): StatsDServer | undefined {
    return this.#server;
  }

  /** Sends to a server from now on; undefined: to none. To the one it has, nothing changes. */
  follow(server: StatsDServer | undefined): void {
    const { host, port } = server ?? {};
    if (host !== this.#server?.host || port !== this.#server?.port) this.#serve(server);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
    this.#server = undefined;
  }

  #serve(server: StatsDServer | undefined): void {
    this.close();
    if (!server) return;
    this.#server = server;
    const socket = createSocket(server.host.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', (err) => this.#log.warn({ err, ...server }, 'StatsD cannot be reached'));
    socket.unref();
    this.#socket = socket;
    const send = (): void => {
      for (const datagram of packLines(this.lines()))
        socket.send(datagram, server.port, server.host, (err) => {
          if (err) this.#log.warn({ err, ...server }, 'StatsD cannot be reached');
        });
    };
    this.#timer = setInterval(send, sendEveryMs);
    this.#timer.unref();
    send();
  }

  /** What changed since the last time, in StatsD's words. */
  lines(): string[] {
    return this.#metrics.snapshot().flatMap(({ name, type, samples }) =>
      samples.flatMap(({ labels, value, buckets, sum = 0 }) => {
        const path = [name, ...Object.values(labels)].map(plain).join('.');
        if (!buckets) {
          if (type === 'gauge') return `${path}:${value}|g`;
          return this.#added(path, value).map((added) => `${path}:${added}|c`);
        }
        const count = buckets.reduce((total, inBucket) => total + inBucket, 0);
        const before = this.#sent.get(`${path}.sum`) ?? 0;
        return this.#added(path, count).flatMap((added) => {
          this.#sent.set(`${path}.sum`, sum);
          const meanMs = ((sum - before) / added) * 1000;
          return [`${path}.count:${added}|c`, `${path}:${meanMs.toFixed(3)}|ms`];
        });
      }),
    );
  }

  /** The growth of a count since it was last sent, or nothing. */
  #added(path: string, value: number): number[] {
    const before = this.#sent.get(path) ?? 0;
    if (value === before) return [];
    this.#sent.set(path, value);
    return [value < before ? value : value - before];
  }
}

function plain(part: string): string {
  return part.replaceAll(/[^A-Za-z0-9_-]+/g, '_');
}

function packLines(lines: readonly string[]): string[] {
  const datagrams: string[] = [];
  let open = '';
  for (const line of lines) {
    if (open && open.length + line.length + 1 > datagramBytesMax) {
      datagrams.push(open);
      open = '';
    }
    open = open ? `${open}\n${line}` : line;
  }
  return open ? [...datagrams, open] : datagrams;
}

/** How a RabbitMQ is named: `amqp://[user:password@]host[:5672][/vhost][?option=value]`, or `amqps:`. */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'rabbitmq-client';
import { FuncatronError } from '../../errors.ts';

const ports: Record<string, string> = { 'amqp:': '5672', 'amqps:': '5671' };
const connectMs = 5000;
/** A connection that is dead without a word is noticed after two to three times this. */
const heartbeatDefault = 3;
const reconnectMs = 100;
const reconnectMsMax = 1000;
/** What RabbitMQ offers since 3.0; the client would ask for a sixteenth of it. */
export const frameBytes = 131_072;

export interface AmqpPlace {
  /** Without what is secret. */
  shown: string;
  options: ConnectionOptions;
}

/**
 * Reads the URL; options are `heartbeat` (seconds), and for TLS the names of files: `ca`, `cert`
 * and `key`. Throws `option_invalid`.
 */
export async function readAmqpUrl(url: URL, id: string): Promise<AmqpPlace> {
  const port = url.port || ports[url.protocol]!;
  const shown = `${url.protocol}//${url.hostname}:${port}${url.pathname}`;
  if (!url.hostname) throw invalid(shown, 'it names no host');
  const known = new Map(url.searchParams);
  const take = (name: string): string | undefined => {
    const value = known.get(name);
    known.delete(name);
    return value;
  };
  const heartbeat = Number(take('heartbeat') ?? heartbeatDefault);
  if (!Number.isInteger(heartbeat) || heartbeat < 1)
    throw invalid(shown, 'heartbeat is a whole number of seconds, at least 1');
  const [ca, cert, key] = [take('ca'), take('cert'), take('key')];
  const [unknown] = known.keys();
  if (unknown !== undefined)
    throw invalid(shown, `no option "${unknown}"; there are heartbeat, ca, cert and key`);
  const options: ConnectionOptions = {
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    username: url.username ? decode(url.username, shown) : 'guest',
    password: url.username ? decode(url.password, shown) : 'guest',
    vhost: decode(url.pathname.slice(1), shown) || '/',
    connectionName: `funcatron ${id}`,
    connectionTimeout: connectMs,
    acquireTimeout: connectMs,
    frameMax: frameBytes,
    heartbeat,
    noDelay: true,
    retryLow: reconnectMs,
    retryHigh: reconnectMsMax,
  };
  if (url.protocol === 'amqps:')
    options.tls = {
      ...(ca && { ca: await read(ca, shown) }),
      ...(cert && { cert: await read(cert, shown) }),
      ...(key && { key: await read(key, shown) }),
    };
  else if (ca ?? cert ?? key) throw invalid(shown, 'ca, cert and key are for amqps://');
  return { shown, options };
}

function decode(text: string, shown: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw invalid(shown, 'it has a "%" that stands for no letter', cause);
  }
}

async function read(file: string, shown: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw invalid(shown, `its file ${file} cannot be read`, cause);
  }
}

function invalid(shown: string, why: string, cause?: unknown): FuncatronError {
  return new FuncatronError('option_invalid', `--broker ${shown}: ${why}`, { cause });
}

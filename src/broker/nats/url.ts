/** How a NATS server is named: `nats://[user:password@|token@]host[:4222][?option=value]`, or `tls:`. */
import { readFile } from 'node:fs/promises';
import { credsAuthenticator } from '@nats-io/transport-node';
import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { FuncatronError } from '../../errors.ts';

const portDefault = '4222';
const replicasMax = 5;
const connectMs = 5000;
/** A connection that is dead without a word is noticed after two of these. */
const pingMs = 5000;
const reconnectMs = 200;

export interface NatsPlace {
  /** Without what is secret. */
  shown: string;
  /** Servers of a cluster that keep each job (`replicas`). */
  replicas: number;
  options: NodeConnectionOptions;
}

/**
 * Reads the URL; options are `replicas` (1 to 5), and the names of files: `creds` for a NATS
 * credentials file, `ca`, `cert` and `key` for TLS. Throws `option_invalid`.
 */
export async function readNatsUrl(url: URL, id: string): Promise<NatsPlace> {
  const shown = `${url.protocol}//${url.hostname}:${url.port || portDefault}`;
  if (!url.hostname) throw invalid(shown, 'it names no host');
  const known = new Map(url.searchParams);
  const take = (name: string): string | undefined => {
    const value = known.get(name);
    known.delete(name);
    return value;
  };
  const replicas = Number(take('replicas') ?? 1);
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > replicasMax)
    throw invalid(shown, `replicas is a whole number from 1 to ${replicasMax}`);
  const options: NodeConnectionOptions = {
    servers: `${url.hostname}:${url.port || portDefault}`,
    name: `funcatron ${id}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectMs,
    reconnectJitter: reconnectMs / 2,
    ignoreAuthErrorAbort: true,
    pingInterval: pingMs,
    timeout: connectMs,
    noAsyncTraces: true,
    ...userOf(url),
  };
  const [creds, ca, cert, key] = ['creds', 'ca', 'cert', 'key'].map(take);
  if (creds) options.authenticator = credsAuthenticator(await readCreds(creds, shown));
  const files = { ...(ca && { caFile: ca }), ...(cert && { certFile: cert, keyFile: key }) };
  if (url.protocol === 'tls:' || ca || cert) options.tls = files;
  const [unknown] = known.keys();
  if (unknown !== undefined)
    throw invalid(shown, `no option "${unknown}"; there are replicas, creds, ca, cert and key`);
  return { shown, replicas, options };
}

function userOf({ username, password }: URL): Partial<NodeConnectionOptions> {
  if (!username) return {};
  const user = decodeURIComponent(username);
  return password ? { user, pass: decodeURIComponent(password) } : { token: user };
}

async function readCreds(file: string, shown: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw invalid(shown, `its credentials file ${file} cannot be read`, cause);
  }
}

function invalid(shown: string, why: string, cause?: unknown): FuncatronError {
  return new FuncatronError('option_invalid', `--broker ${shown}: ${why}`, { cause });
}

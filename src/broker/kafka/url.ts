/** How Kafka is named: `kafka://[user:password@]host[:9092][,host...][?option=value]`. */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from '@platformatic/kafka';
import { FuncatronError } from '../../errors.ts';

const portDefault = 9092;
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const known = ['also', 'replicas', 'sasl', 'tls', 'ca', 'cert', 'key'];

export interface Address {
  host: string;
  port: number;
}

export interface KafkaPlace {
  /** Without what is secret. */
  shown: string;
  /** Brokers that tell of the others. */
  bootstrap: Address[];
  /** Brokers that keep each message; -1 for what the cluster does by default. */
  replicas: number;
  connection: Pick<ConnectionOptions, 'tls' | 'sasl'>;
}

/**
 * Reads the URL. A user and a password are for SASL, whose mechanism is `sasl` (`PLAIN`). Options:
 * `also` for further brokers (`host:port,host:port`;
 * what stands after a comma becomes that), `replicas`, `tls=1`, and the names of PEM
 * files: `ca`, `cert` and `key`, each of which means TLS. Throws `option_invalid`.
 */
export async function readKafkaUrl(url: URL): Promise<KafkaPlace> {
  const { searchParams } = url;
  const unknown = [...searchParams.keys()].find((name) => !known.includes(name));
  const take = (name: string): string | undefined => searchParams.get(name) ?? undefined;
  const names = [url.host, ...(take('also')?.split(',') ?? [])].filter(Boolean);
  const shown = `kafka://${names.join(',')}`;
  if (names.length === 0) throw invalid(shown, 'it names no host');
  if (unknown !== undefined)
    throw invalid(shown, `no option "${unknown}"; there are ${known.join(', ')}`);
  const bootstrap = names.map((name) => readAddress(name, shown));
  const replicas = Number(take('replicas') ?? -1);
  if (!Number.isInteger(replicas) || replicas === 0 || replicas < -1)
    throw invalid(shown, 'replicas is a whole number above 0');
  const connection: KafkaPlace['connection'] = {};
  const [flag, ca, cert, key] = ['tls', 'ca', 'cert', 'key'].map(take);
  if (flag !== undefined || ca || cert || key) {
    connection.tls = {
      ...(ca && { ca: await readPem(ca, shown) }),
      ...(cert && { cert: await readPem(cert, shown) }),
      ...(key && { key: await readPem(key, shown) }),
    };
  }
  const mechanism = take('sasl')?.toUpperCase() ?? mechanisms[0];
  const sasl = mechanisms.find((one) => one === mechanism);
  if (!sasl) throw invalid(shown, `sasl is one of ${mechanisms.join(', ')}`);
  if (url.username) {
    const username = decodeURIComponent(url.username);
    connection.sasl = { mechanism: sasl, username, password: decodeURIComponent(url.password) };
  }
  return { shown, bootstrap, replicas, connection };
}

function readAddress(name: string, shown: string): Address {
  const match = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(name);
  const port = Number(match?.[2] ?? portDefault);
  if (!match || port < 1 || port > 65_535)
    throw invalid(shown, `"${name}" is no address; write host:port`);
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port };
}

async function readPem(file: string, shown: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw invalid(shown, `${file} cannot be read`, cause);
  }
}

function invalid(shown: string, why: string, cause?: unknown): FuncatronError {
  return new FuncatronError('option_invalid', `--broker ${shown}: ${why}`, { cause });
}

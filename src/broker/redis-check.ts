/** Whether a Redis server can be used, and whether it keeps what it is given. */
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Link } from './redis-link.ts';
import type { RedisPlace } from './redis-url.ts';

const versionMin = 7;

/**
 * Rejects with `broker_unavailable` for a server that lacks what we need. Warns where "accepted"
 * would not mean durable: a server persists as its own settings say, and no client can change that
 * for one write.
 */
export async function checkServer(main: Link, place: RedisPlace, log: Log): Promise<void> {
  const info = String(await main.command(['INFO', 'server']));
  const version = field(info, 'redis_version');
  if (Number.parseInt(version) < versionMin)
    throw unusable(place, `Redis ${version} is too old, ${versionMin}.0 is needed`);
  if (field(info, 'redis_mode') === 'cluster')
    throw unusable(place, 'Redis Cluster is not supported; use one server');
  const names = ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy'];
  const settings = new Map<string, string>();
  try {
    const list = (await main.command(['CONFIG', 'GET', ...names])) as Buffer[];
    for (let index = 0; index + 1 < list.length; index += 2)
      settings.set(String(list[index]), String(list[index + 1]));
  } catch (err) {
    log.warn(
      { err },
      'Redis does not tell its settings: whether accepted asynchronous calls survive it is unknown; they do with "appendonly yes" and "appendfsync always"',
    );
    return;
  }
  warnOfLoss(settings, place.shown, log);
}

function warnOfLoss(settings: Map<string, string>, server: string, log: Log): void {
  const appendonly = settings.get('appendonly');
  const appendfsync = settings.get('appendfsync');
  if (appendonly !== 'yes')
    log.warn(
      { server, appendonly },
      'Redis keeps no log of writes: accepted asynchronous calls are LOST when it stops; set "appendonly yes" and "appendfsync always"',
    );
  else if (appendfsync !== 'always')
    log.warn(
      { server, appendfsync },
      'Redis writes to disk later: asynchronous calls accepted in the last second or more are LOST when its machine fails; set "appendfsync always"',
    );
  const policy = settings.get('maxmemory-policy');
  if (settings.get('maxmemory') !== '0' && policy !== 'noeviction')
    log.warn(
      { server, policy },
      'Redis may evict queues when its memory is full; set "maxmemory-policy noeviction"',
    );
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
}

function unusable({ shown }: RedisPlace, why: string): FuncatronError {
  return new FuncatronError('broker_unavailable', `--broker ${shown}: ${why}`);
}

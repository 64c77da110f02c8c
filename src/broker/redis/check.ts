/** Whether a Redis server can be used, and whether it keeps what it is given. */
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Link } from './link.ts';
import type { RedisPlace } from './url.ts';

const versionMin = 7;
const names = ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy'];

/**
 * Rejects with `broker_unavailable` for a server that lacks what we need. Warns where "accepted"
 * would not mean durable: a server persists as its own settings say, and no client can change that
 * for one write.
 */
export async function checkServer(main: Link, place: RedisPlace, log: Log): Promise<void> {
  const asked = [
    ['INFO', 'server'],
    ['CONFIG', 'GET', ...names],
  ].map((args) => main.command(args));
  const [info, config] = await Promise.allSettled(asked);
  if (info?.status === 'fulfilled') checkKind(String(info.value), place);
  if (config?.status === 'fulfilled') warnOfLoss(config.value as Buffer[], place.shown, log);
  else
    log.warn(
      { err: config?.reason, server: place.shown },
      'Redis does not tell its settings: whether accepted asynchronous calls survive its end is unknown; they do with "appendonly yes" and "appendfsync always"',
    );
}

function checkKind(info: string, { shown }: RedisPlace): void {
  const field = (name: string): string =>
    new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = field('redis_version');
  const why =
    Number.parseInt(version) < versionMin
      ? `Redis ${version} is too old, ${versionMin}.0 is needed`
      : field('redis_mode') === 'cluster' && 'Redis Cluster is not supported; use one server';
  if (why) throw new FuncatronError('broker_unavailable', `--broker ${shown}: ${why}`);
}

function warnOfLoss(config: Buffer[], server: string, log: Log): void {
  const settings = new Map<string, string>();
  for (let index = 0; index + 1 < config.length; index += 2)
    settings.set(String(config[index]), String(config[index + 1]));
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

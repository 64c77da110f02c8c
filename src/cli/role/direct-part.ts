/** The direct path as the options of a role describe it. */
import { readFileSync } from 'node:fs';
import type { DirectOptions } from '../../broker/direct/direct.ts';
import type { directOptions, frontendOptions } from '../../config/options.ts';
import type { Values } from '../../config/option.ts';
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';

export type DirectPartOptions = Values<typeof directOptions> &
  Pick<Values<typeof frontendOptions>, 'stallTimeout'>;

/** Throws `option_invalid`. */
export function readDirect(options: DirectPartOptions, log: Log): DirectOptions {
  const { directHost, directPort, directUrl, directOver, directPlaces, stallTimeout } = options;
  const { directTlsCert, directTlsKey, directTlsCa } = options;
  const tls = {
    ...(directTlsCert && { cert: read('--direct-tls-cert', directTlsCert) }),
    ...(directTlsKey && { key: read('--direct-tls-key', directTlsKey) }),
    ...(directTlsCa && { ca: read('--direct-tls-ca', directTlsCa) }),
  };
  return {
    log,
    host: directHost,
    port: directPort,
    ...(directUrl && { url: checkUrl(directUrl) }),
    overBytes: directOver,
    placesMax: directPlaces,
    stallTimeoutMs: stallTimeout,
    ...(Object.keys(tls).length > 0 && { tls }),
  };
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/') return url.origin;
  throw new FuncatronError(
    'option_invalid',
    `--direct-url ${text}: give an http or https URL without a path, such as http://10.0.0.7:4100`,
  );
}

function read(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const detail = `${flag} ${file}: ${(cause as Error).message}`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
}

/** Where calls are sent: what an option says, else what the frontends told the Tron. */
import { FuncatronError } from '../errors.ts';
import type { TronClient } from './tron-client.ts';
import { readUrl } from './url.ts';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

interface NodeInfo {
  type: string;
  url?: string;
}

/** The URL of a frontend, without a slash at its end. Throws `unreachable` when none is known. */
export async function findFrontend(client: TronClient, given: string): Promise<string> {
  if (given !== '') return readUrl('--frontend', given);
  const nodes = await client.json<NodeInfo[]>('/api/v1/nodes');
  const told = nodes.find(({ type, url }) => type === 'frontend' && URL.canParse(url ?? ''))?.url;
  if (told) return asSeenFromHere(told, client.url);
  const detail = `the Tron at ${client.url} knows of no frontend; name one with --frontend`;
  throw new FuncatronError('unreachable', detail);
}

/** A loopback address is meant as seen from the Tron's machine. */
function asSeenFromHere(url: string, tronUrl: string): string {
  const [frontend, tron] = [new URL(url), new URL(tronUrl)];
  if (loopback.test(frontend.hostname) && !loopback.test(tron.hostname))
    frontend.hostname = tron.hostname;
  return frontend.href.replace(/\/+$/, '');
}

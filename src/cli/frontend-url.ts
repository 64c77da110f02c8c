/** Where calls are sent: what a flag or variable says, else what the frontends told the Tron. */
import type { Terminal } from './terminal.ts';
import type { TronClient } from './tron-client.ts';

const usual = 'http://localhost:8080';
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

interface Node {
  type: string;
  url?: string;
}

/** The URL of a frontend, without a slash at its end. */
export async function frontendUrl(
  client: TronClient,
  flags: { frontend?: string },
  { env }: Terminal,
): Promise<string> {
  const said = flags.frontend ?? env.FUNCATRON_FRONTEND ?? (await find(client)) ?? usual;
  return said.replace(/\/+$/, '');
}

async function find(client: TronClient): Promise<string | undefined> {
  const nodes = await client.json<Node[]>('/api/v1/nodes').catch(() => []);
  const told = nodes.find(({ type, url }) => type === 'frontend' && url)?.url;
  if (!told || !URL.canParse(told)) return undefined;
  const [url, tron] = [new URL(told), new URL(client.url)];
  // A loopback address is meant as seen from the Tron's machine.
  if (loopback.test(url.hostname) && !loopback.test(tron.hostname)) url.hostname = tron.hostname;
  return url.href;
}

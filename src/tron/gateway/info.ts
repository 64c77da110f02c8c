/** What this platform is, as OpenFaaS's clients ask it. */
import { readFileSync } from 'node:fs';
import { jsonReply } from '../call-view.ts';
import type { GatewayEndpoints } from './endpoint.ts';
import type { Catalogue } from './image.ts';

/** As Linux names them, and images are named for them. */
const architectures: Record<string, string> = { x64: 'x86_64', arm64: 'arm64', arm: 'armhf' };

export function infoEndpoints(catalogue: Catalogue): GatewayEndpoints {
  return {
    'GET /system/info': () => {
      const version = { sha: '', release: release() };
      const provider = { provider: 'funcatron', orchestration: 'funcatron', version };
      const arch = architectures[process.arch] ?? process.arch;
      return jsonReply(200, { provider, version, arch });
    },
    'GET /store.json': async () => jsonReply(200, await catalogue.store()),
    // The page itself is the frontend's: this is whether the caller may see it.
    'GET /ui/': () => jsonReply(200, {}),
  };
}

function release(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** In dev: the documents of what is served, where no operation is in their place. */
import type { DocsFile } from '../openapi/ui.ts';
import { answerOwn } from './answer.ts';
import type { RouteEntry } from './entry.ts';
import type { Exchange } from './exchange.ts';

/**
 * Answers `/ui/` (Swagger UI) and `/openapi.json`, of the bundle at whose base path they are asked
 * for, or at the root of the only one. False for any other path.
 */
export async function answerDocs(x: Exchange): Promise<boolean> {
  const entry = x.entry ?? x.door.table.entries[0];
  if (!entry) return false;
  const { basePath } = entry.route;
  const path = x.entry && basePath !== '/' ? x.path.slice(basePath.length) : x.path;
  if (path === '/ui') {
    answerOwn(x, 302, ['location', `${x.path}/`], new Uint8Array());
    return true;
  }
  const file = path === '/openapi.json' ? await documentOf(entry) : await pageOf(entry, path);
  if (!file) return false;
  answerOwn(x, 200, Object.entries(file.headers).flat(), file.body);
  return true;
}

/** The document, its server the one it came from: so that calls tried in the page arrive here. */
async function documentOf(entry: RouteEntry): Promise<DocsFile> {
  const { document } = await entry.load();
  const here = { ...document, servers: [{ url: entry.route.basePath }] };
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
  return { headers, body: Buffer.from(JSON.stringify(here, null, 2)) };
}

async function pageOf(entry: RouteEntry, path: string): Promise<DocsFile | undefined> {
  if (!path.startsWith('/ui/')) return undefined;
  const { docsAsset, docsPage } = await import('../openapi/ui.ts');
  if (path === '/ui/') return docsPage(entry.route.name, '../openapi.json');
  return docsAsset(path.slice('/ui/'.length));
}

/** The Tron's contract as a page to read and to try; open to all, since it holds no state. */
import { json, nothing } from './answer.ts';
import type { Answer } from './answer.ts';

export async function docs(path: string): Promise<Answer> {
  if (path === '/docs/openapi.json') {
    const { tronDocument } = await import('./document.ts');
    return json(200, tronDocument);
  }
  const { docsAsset, docsPage } = await import('../openapi/ui.ts');
  if (path === '/docs' || path === '/docs/')
    return { status: 200, ...docsPage('Funcatron', '/docs/openapi.json', '/docs') };
  const file = await docsAsset(path.slice('/docs/'.length));
  return file ? { status: 200, ...file } : nothing(404);
}

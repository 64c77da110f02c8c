/** What the Tron tells of itself. */
import type { Metrics } from '../metrics.ts';
import { json } from './answer.ts';
import type { Endpoints } from './endpoint.ts';
import type { Exposition } from '../observe/prometheus.ts';

export function aboutEndpoints(metrics: Metrics): Endpoints {
  let exposition: Promise<Exposition> | undefined;
  const expose = async (): Promise<Exposition> => {
    const { createExposition } = await import('../observe/prometheus.ts');
    return createExposition(metrics);
  };
  return {
    metrics: {
      run: async () => {
        const { contentType, text } = await (exposition ??= expose());
        return { status: 200, headers: { 'content-type': contentType }, body: await text() };
      },
    },
    document: {
      run: async () => json(200, (await import('./document.ts')).tronDocument),
    },
    health: { run: () => json(200, { status: 'ok' }) },
  };
}

import type { Context } from './context.ts';

type Next = (data?: unknown) => unknown;

/** Around every Func here, the first outermost: each calls `next()` for what is inside it. */
export const middleware = [timing, audit];

async function timing(_data: unknown, ctx: Context, next: Next): Promise<unknown> {
  const begun = performance.now();
  try {
    return await next();
  } finally {
    ctx.log.info('timing', { ms: Math.round(performance.now() - begun) });
  }
}

/** In the transaction of the call: an order that is rolled back takes its entry with it. */
async function audit(_data: unknown, ctx: Context, next: Next): Promise<unknown> {
  if (ctx.method === 'GET') return next();
  const insert = ctx.services.db.prepare('INSERT INTO audit VALUES (?, ?, ?)');
  insert.run(new Date().toISOString(), ctx.requestId, `${ctx.method} ${ctx.path}`);
  return next();
}

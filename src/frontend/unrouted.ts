/** Requests no bundle has an operation for: the door's own pages, and clear refusals. */
import { FuncatronError } from '../errors.ts';
import { empty } from '../message.ts';
import { answerOwn, answerProblem } from './answer.ts';
import { answerDocs } from './docs.ts';
import type { Exchange } from './exchange.ts';
import { answerFace } from './gateway-page.ts';

const health = '/healthz';
const routes = '/__routes';
const metrics = '/metrics';

/** Pages that answer at once, also while no route table has come yet. */
export function isReserved(path: string): boolean {
  return path === health || path === routes;
}

/** Answers what the door serves itself: false. Else rejects with `no_route` or `not_found`. */
export async function answerUnrouted(x: Exchange): Promise<false> {
  if ((await answerReserved(x)) || answerNotice(x)) return false;
  if (!x.entry) throw new FuncatronError('no_route', describeMiss(x));
  const { name, basePath } = x.entry.route;
  const detail = `bundle "${name}" at ${basePath} has no path for ${x.path}`;
  throw new FuncatronError('not_found', detail);
}

/** Whether it was one of the door's own pages, and is answered. */
async function answerReserved(x: Exchange): Promise<boolean> {
  const { door, path, method } = x;
  if (path === '*') {
    if (method !== 'OPTIONS') throw new FuncatronError('bad_request', 'only OPTIONS may ask for *');
    answerOwn(x, 204, [], empty);
    return true;
  }
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (path === health) answerHealth(x);
  else if (path === routes) answerRoutes(x);
  else if (path === metrics) await answerMetrics(x);
  else return door.options.docs ? answerDocs(x) : answerFace(x);
  return true;
}

async function answerMetrics(x: Exchange): Promise<void> {
  const { contentType, text } = await x.door.expose();
  answerOwn(x, 200, ['content-type', contentType, 'cache-control', 'no-store'], Buffer.from(text));
}

/** Whether nothing was ever built, and the answer says why. */
function answerNotice(x: Exchange): boolean {
  const notice = x.door.options.notice?.();
  if (!notice || x.door.table.entries.length > 0) return false;
  answerProblem(x, { ...notice, status: 500 });
  return true;
}

function describeMiss({ door, host, path }: Exchange): string {
  if (door.table.entries.length === 0) return door.options.nothingHere;
  return `no bundle is enabled for host "${host}" and path ${path}; GET ${routes} lists what is`;
}

function answerHealth(x: Exchange): void {
  const { draining, table } = x.door;
  const status = draining ? 'draining' : 'ok';
  const body = { status, routes: table.entries.length, revision: table.revision };
  answerJson(x, draining ? 503 : 200, body);
}

/** Without props: the original showed them to everybody, passwords included. */
function answerRoutes(x: Exchange): void {
  const { table } = x.door;
  const list = table.entries.map(({ route: { host, basePath, queue, sha } }) => {
    return { host, path: basePath, queue, sha };
  });
  answerJson(x, 200, { version: table.revision, routes: list });
}

function answerJson(x: Exchange, status: number, value: unknown): void {
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store'];
  answerOwn(x, status, headers, Buffer.from(`${JSON.stringify(value)}\n`));
}

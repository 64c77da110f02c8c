/** `/ui/`: a page of all functions, with a box to call them; and `/store.json`, what can be deployed. */
import { readFile } from 'node:fs/promises';
import { empty } from '../message.ts';
import { answerOwn, answerReply } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { handOn } from './gateway-system.ts';

const folder = new URL('../../ui/', import.meta.url);

const files = new Map([
  ['/ui/', { name: 'index.html', type: 'text/html; charset=utf-8' }],
  ['/ui/page.js', { name: 'page.js', type: 'text/javascript; charset=utf-8' }],
  ['/ui/page.css', { name: 'page.css', type: 'text/css; charset=utf-8' }],
]);

/** Nothing but its own files, and calls to where it came from. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Whether it was one of these, and is answered: the page to whom the Trons let see it. */
export async function answerFace(x: Exchange): Promise<boolean> {
  const { path } = x;
  const { tronTimeoutMs } = x.door.options;
  if (path === '/ui') {
    answerOwn(x, 307, ['location', '/ui/'], empty);
    return true;
  }
  const file = files.get(path);
  if (!file && path !== '/store.json') return false;
  const reply = await handOn(x, file ? '/ui/' : path, tronTimeoutMs);
  if (!file || reply.head.status !== 200) {
    answerReply(x, reply);
    return true;
  }
  const headers = [
    ...['content-type', file.type, 'cache-control', 'no-cache'],
    ...['content-security-policy', policy, 'x-content-type-options', 'nosniff'],
    ...['referrer-policy', 'no-referrer'],
  ];
  answerOwn(x, 200, headers, await readFile(new URL(file.name, folder)));
  return true;
}

/** Mode `static`: files of a folder, as Go's file server gives them. No program runs. */
import { open, readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { FuncatronError } from '../../errors.ts';
import type { Body, Headers, Reply } from '../../message.ts';
import { empty } from '../../message.ts';
import { sniffType } from '../../watchdog/sniff.ts';
import type { WorkerCall, WorkerExit } from '../runtime.ts';
import { ended, requestLine, textReply, reply } from './mode.ts';
import type { Mode, ModeContext } from './mode.ts';
import { parseRange } from './range.ts';
import type { Range } from './range.ts';

const chunkBytes = 256 * 1024;

const types: Record<string, string> = {
  '.avif': 'image/avif',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.htm': 'text/html; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.mp4': 'video/mp4',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.xml': 'text/xml; charset=utf-8',
};

export class StaticMode implements Mode {
  readonly pid = undefined;
  readonly #context: ModeContext;
  readonly #root: string;
  #ended = false;
  open = 0;

  private constructor(context: ModeContext) {
    this.#context = context;
    this.#root = resolve(context.assignment.dir, context.settings.staticPath);
  }

  /** Rejects with `worker_start_failed` when there is no such folder. */
  static async open(context: ModeContext): Promise<StaticMode> {
    const mode = new StaticMode(context);
    const found = await stat(mode.#root).catch(() => undefined);
    if (found?.isDirectory()) return mode;
    const detail = `static_path is ${mode.#root}, which is no folder; name the one with the files`;
    throw new FuncatronError('worker_start_failed', detail);
  }

  rssBytes(): number {
    return 0;
  }

  cpuMs(): number {
    return 0;
  }

  async call(call: WorkerCall): Promise<Reply> {
    if (this.#ended) throw ended();
    const startedMs = performance.now();
    const answer = await this.#answer(call);
    const ms = performance.now() - startedMs;
    const bytes = Number(answer.head.headers['content-length'] ?? 0);
    const text = requestLine(call, answer.head.status, bytes, ms, this.#context.settings);
    this.#context.onLog({ requestId: call.head.id, level: 'info', text });
    return answer;
  }

  async ping(): Promise<boolean> {
    return !this.#ended;
  }

  async drain(): Promise<void> {
    this.#end({ code: 0, signal: null, lastWords: '' });
  }

  kill(): void {
    this.#end({ code: null, signal: 'SIGKILL', lastWords: '' });
  }

  #end(exit: WorkerExit): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#context.onExit(exit);
  }

  async #answer(call: WorkerCall): Promise<Reply> {
    const { method } = call.head;
    if (method !== 'GET' && method !== 'HEAD')
      return textReply(call, 405, 'method not allowed\n', { allow: 'GET, HEAD' });
    const path = decode(call.head.rest ?? call.head.path);
    if (path === undefined) return notFound(call);
    const file = join(this.#root, path);
    const found = await stat(file).catch(() => undefined);
    if (found?.isDirectory()) return this.#folder(call, path, file);
    if (!found?.isFile() || path.endsWith('/')) return notFound(call);
    if (path.endsWith('/index.html')) return redirect(call, './');
    return this.#file(call, file);
  }

  async #folder(call: WorkerCall, path: string, dir: string): Promise<Reply> {
    if (!path.endsWith('/')) return redirect(call, `${lastSegment(call)}/`);
    const index = join(dir, 'index.html');
    if ((await stat(index).catch(() => undefined))?.isFile()) return this.#file(call, index);
    const entries = await readdir(dir, { withFileTypes: true });
    const names = entries.map((entry) => entry.name + (entry.isDirectory() ? '/' : ''));
    const lines = names.toSorted().map((name) => {
      const href = encodeURIComponent(name).replace(/%2F$/, '/');
      return `<a href="./${href}">${escapeHtml(name)}</a>\n`;
    });
    const html = Buffer.from(`<!doctype html>\n<pre>\n${lines.join('')}</pre>\n`);
    return reply(call, 200, { 'content-type': 'text/html; charset=utf-8' }, bodyFor(call, html));
  }

  async #file(call: WorkerCall, path: string): Promise<Reply> {
    const file = await readStart(path);
    if (!file) return notFound(call);
    const { size, modified, begin } = file;
    const headers: Headers = { 'last-modified': modified, 'accept-ranges': 'bytes' };
    if (isUnchanged(call, modified)) return reply(call, 304, headers, empty);
    headers['content-type'] = types[extname(path).toLowerCase()] ?? sniffType(begin);
    const range = parseRange(call.head.headers, size, modified);
    if (range === 'none') {
      const refused = { 'content-range': `bytes */${size}` };
      return textReply(call, 416, 'invalid range\n', refused);
    }
    const { start, end } = range ?? { start: 0, end: size };
    if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${size}`;
    headers['content-length'] = String(end - start);
    const status = range ? 206 : 200;
    if (call.head.method === 'HEAD') return reply(call, status, headers, empty);
    if (begin.length === size) return reply(call, status, headers, begin.subarray(start, end));
    return reply(call, status, headers, this.#read(path, { start, end }));
  }

  /** Opens the file only when its reader asks: one who never does leaves nothing open. */
  async *#read(path: string, { start, end }: Range): AsyncGenerator<Uint8Array> {
    const handle = await open(path);
    this.open++;
    try {
      for (let at = start; at < end;) {
        const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end - at));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) throw new FuncatronError('func_failed', 'the file became shorter');
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      this.open--;
      await handle.close();
    }
  }
}

interface FileStart {
  size: number;
  /** As an HTTP date. */
  modified: string;
  /** All of it, if it is no longer than a chunk. */
  begin: Buffer;
}

async function readStart(path: string): Promise<FileStart | undefined> {
  const handle = await open(path).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { size, mtime } = await handle.stat();
    const begin = Buffer.alloc(Math.min(size, chunkBytes));
    const { bytesRead } = await handle.read(begin, 0, begin.length, 0);
    return { size, modified: mtime.toUTCString(), begin: begin.subarray(0, bytesRead) };
  } finally {
    await handle.close();
  }
}

/** The path decoded, dot segments gone; undefined for one that no file can have. */
function decode(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? undefined : join('/', decoded);
  } catch {
    return undefined;
  }
}

/** Seconds count, as in the header (RFC 9110 section 13.1.3). */
function isUnchanged({ head }: WorkerCall, modified: string): boolean {
  const since = [head.headers['if-modified-since']].flat()[0];
  return since !== undefined && Date.parse(modified) <= Date.parse(since);
}

const bodyFor = ({ head }: WorkerCall, bytes: Buffer): Body =>
  head.method === 'HEAD' ? empty : bytes;

const notFound = (call: WorkerCall): Reply => textReply(call, 404, '404 page not found\n');

const redirect = (call: WorkerCall, location: string): Reply =>
  reply(call, 301, { location: location + (call.head.query ? `?${call.head.query}` : '') }, empty);

const lastSegment = ({ head }: WorkerCall): string => `./${head.path.split('/').at(-1)}`;

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

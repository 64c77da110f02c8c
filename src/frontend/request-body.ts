/** The request body: read whole, within the limit, as chunks come. */
import { FuncatronError } from '../errors.ts';
import { giveBack } from '../lending.ts';
import type { Headers } from '../message.ts';
import type { Exchange } from './exchange.ts';

/** No content-length: chunks until the last one. */
export const chunked = -1;

/** Length of the body a request declares: 0 for none, `chunked` when only its end will tell. */
export function declaredLength(headers: Headers): number {
  if (headers['transfer-encoding'] !== undefined) return chunked;
  const length = headers['content-length'];
  return length === undefined ? 0 : Number(length);
}

/** Throws `bad_request` for a transfer coding nobody here undoes (RFC 9112 section 6.1). */
export function checkCoding(headers: Headers): void {
  const coding = String(headers['transfer-encoding']);
  if (coding.trim().toLowerCase() === 'chunked') return;
  const detail = `transfer-encoding "${coding}" is not supported; send chunked alone`;
  throw new FuncatronError('bad_request', detail, { status: 501 });
}

/** Bytes a body may have, and what sets that. */
export interface BodyLimit {
  bytes: number;
  option: string;
}

/** Throws `body_too_large` before a byte of it is read, if the declared length says so. */
export function checkDeclared(declared: number, limit: BodyLimit): void {
  if (declared > limit.bytes) throw tooLarge(limit, `it declares ${declared} bytes`);
}

/**
 * Reads the body into `x.body`: whole, or no further than it takes to have more than `enough`
 * bytes, and then resolves with `more`. Rejects with `body_too_large` as soon as the limit is
 * passed, and with `cancelled` when the client goes away before its end.
 */
export function readBody(x: Exchange, enough = Infinity): Promise<'more' | undefined> {
  const { request, declared, cancellation } = x;
  return new Promise((resolve, reject) => {
    const limit = x.door.options.bodyMax;
    let chunks: Uint8Array[] | undefined;
    let size = 0;
    const join = (): void => {
      if (!chunks) return;
      x.body = Buffer.concat(chunks, size);
      chunks.forEach(giveBack);
      chunks = undefined;
    };
    const done = (): void => {
      join();
      resolve(undefined);
    };
    const take = (chunk: Uint8Array): void => {
      size += chunk.byteLength;
      // Most bodies come in one chunk: it is the body, and nobody waits for its end.
      if (size === chunk.byteLength) x.body = chunk;
      else (chunks ??= [x.body]).push(chunk);
      if (size === declared) return done();
      if (size <= limit && size <= enough) return;
      request.off('data', take);
      request.off('end', done);
      request.pause();
      join();
      if (size <= limit) return resolve('more');
      reject(tooLarge({ bytes: limit, option: '--body-max' }, 'more than that came'));
    };
    request.on('data', take);
    if (declared === chunked) request.on('end', done);
    cancellation.onCancel(() => {
      reject(new FuncatronError('cancelled', 'the client went away before its request was whole'));
    });
  });
}

export function tooLarge({ bytes, option }: BodyLimit, why: string): FuncatronError {
  const detail = `the body may have ${bytes} bytes (${option}), and ${why}`;
  return new FuncatronError('body_too_large', detail);
}

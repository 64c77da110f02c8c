/**
 * Posts to a URL that a stranger named. The address is looked up once, held against what is allowed,
 * and connected to as it is: a name that leads elsewhere a moment later leads nowhere. Redirects
 * are not followed, and no more of the answer is read than a moment's worth.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { addressOf } from '../callback-allow.ts';
import type { CallbackAllow } from '../callback-allow.ts';
import { FuncatronError } from '../errors.ts';
import type { Headers } from '../message.ts';

/** What is read of an answer that nobody looks at, so that its connection ends well. */
const answerBytesMax = 64 * 1024;

export interface Post {
  url: string;
  headers: Headers;
  body: Uint8Array;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Resolves when it was taken (2xx). Rejects with `callback_refused` or `callback_failed`. */
export async function post(allow: CallbackAllow, given: Post): Promise<void> {
  const refusal = allow.refuse(given.url);
  if (refusal !== undefined) throw new FuncatronError('callback_refused', refusal);
  const url = new URL(given.url);
  const signal = AbortSignal.any([given.signal, AbortSignal.timeout(given.timeoutMs)]);
  try {
    const address = await within(signal, findAddress(allow, url));
    const status = await send(url, address, given, signal);
    if (status >= 200 && status < 300) return;
    throw failed(url, `answered ${status}`);
  } catch (thrown) {
    if (thrown instanceof FuncatronError) throw thrown;
    const why = signal.aborted ? `did not answer in ${given.timeoutMs} ms` : String(thrown);
    throw failed(url, why, thrown);
  }
}

async function findAddress(allow: CallbackAllow, url: URL): Promise<string> {
  const literal = addressOf(url);
  const found = literal ? [literal] : await addressesOf(url.hostname);
  const address = found.find((one) => allow.mayReach(url, one));
  if (address !== undefined) return address;
  const detail = `${url.host} has only addresses (${found.join(', ')}) that are not public; name their network to allow it (--callback-allow)`;
  throw new FuncatronError('callback_refused', detail);
}

async function addressesOf(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

async function send(url: URL, address: string, given: Post, signal: AbortSignal): Promise<number> {
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const family = isIP(address);
  const pinned: LookupFunction = (_name, { all }, done) => {
    if (all) done(null, [{ address, family }]);
    else done(null, address, family);
  };
  const headers = { ...given.headers, 'content-length': given.body.length };
  const options = { method: 'POST', headers, lookup: pinned, agent: false as const, signal };
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) answer.destroy();
      });
      answer.on('error', () => undefined);
      answer.on('close', () => resolve(answer.statusCode!));
    });
    sent.on('error', reject);
    sent.end(given.body);
  });
}

/** A lookup cannot be aborted; whoever waits for it can. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function failed(url: URL, why: string, cause?: unknown): FuncatronError {
  return new FuncatronError('callback_failed', `${url.origin} ${why}`, { cause });
}

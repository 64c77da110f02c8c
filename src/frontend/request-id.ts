/** The name of a call, from the first byte to the last log line. */
import { randomUUIDv7 } from 'node:crypto';

const lengthMax = 128;

/**
 * The caller's `X-Request-Id` when it is one that may safely stand in a header, a log line and a
 * file name (letters, digits, `. _ ~ : @ = + -`, at most 128); else a new UUID version 7.
 */
export function requestId(asked: string | string[] | undefined): string {
  if (typeof asked === 'string' && isSane(asked)) return asked;
  return randomUUIDv7();
}

function isSane(id: string): boolean {
  return id.length > 0 && id.length <= lengthMax && /^[\w.~:@=+-]+$/.test(id);
}

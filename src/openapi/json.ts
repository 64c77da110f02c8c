/** JSON text: read whole from UTF-8, and told exactly where it breaks. */
import { locateFault } from './json-fault.ts';

/** Why bytes are no JSON, and where. */
export class JsonFault extends Error {
  override name = 'JsonFault';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 as text, without its byte order mark (RFC 8259, 8.1). Throws JsonFault. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new JsonFault('the bytes are no UTF-8', { cause: error });
  }
}

/**
 * Parses JSON text. A `__proto__` in it becomes an ordinary property, as JSON.parse has it. Throws
 * JsonFault, whose message names position, line and column.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new JsonFault(locateFault(text), { cause: error });
  }
}

/**
 * The formats that are checked: those of JSON Schema 2020-12 and of OpenAPI's registry. An unknown
 * format says nothing (JSON Schema Validation, 7.2.1).
 */
import type { Format } from 'ajv';

/** `type: string, format: int64`: an integer of 64 bits whose digits must all survive. */
const int64Text: Format = {
  type: 'string',
  validate: (text: string) =>
    /^-?(?:0|[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text),
};

/** `known` are the formats of ajv-formats. */
export function createFormats(known: Record<string, Format>): Record<string, Format> {
  return {
    ...known,
    // A number beyond 2^53 - 1 has lost digits before anybody could check it.
    int64: { type: 'number', validate: Number.isSafeInteger },
    'int64-text': int64Text,
    byte: base64,
    url: { type: 'string', validate: isUrl },
  };
}

/** No part of JSON Schema, but common; the usual pattern takes seconds over some texts. */
function isUrl(text: string): boolean {
  return /^(?:https?|ftp):\/\//i.test(text) && URL.canParse(text);
}

/** Base64 as RFC 4648, 4 has it, padding included. Reads the text once, whatever is in it. */
const base64 = {
  type: 'string',
  validate: (text: string) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
} as const satisfies Format;

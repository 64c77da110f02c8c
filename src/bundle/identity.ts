/**
 * A bundle's name is the SHA-256 of its bytes: lower-case hex in our code, padded Base64 (44
 * characters) in the REST API, as the first Funcatron had it.
 */
import { createHash } from 'node:crypto';

/** Hex SHA-256 of the bytes. */
export function shaOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Standard padded Base64 of a hex SHA-256. */
export function toBase64Sha(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/**
 * The hex form of a SHA-256 written as hex or as Base64: standard or URL-safe alphabet, padded or
 * not. Undefined for anything else, a non-canonical Base64 included, so that one bundle has one
 * name in each form.
 */
export function parseSha(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return trimmed.toLowerCase();
  const match = /^([A-Za-z0-9+/_-]{43})=?$/.exec(trimmed);
  if (!match) return undefined;
  const standard = match[1]!.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Buffer.from(standard, 'base64');
  if (bytes.toString('base64') !== `${standard}=`) return undefined;
  return bytes.toString('hex');
}

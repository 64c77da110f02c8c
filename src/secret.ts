/**
 * Props hold secrets: they go to frontends and runners, and never back out. Answers about props
 * quote no value of theirs at all; lines of Funcs, which may well say what a setting is, lose those
 * that are called secret or look it.
 */
import { FuncatronError, toFault } from './errors.ts';

/** What is shown in the place of a secret. */
export const masked = '***';
/** Shorter texts are too likely to be a part of something else. */
const lengthMin = 6;

const tellingWords = new Set(
  (
    'pass password passwd passphrase pwd pin secret secrets token tokens key keys apikey ' +
    'credential credentials private signature dsn auth authorization cookie'
  ).split(' '),
);
/** A URL with a password in it: `postgres://user:password@host/db`. */
const urlPattern = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i;

/** Every value of props that could be a secret: all texts and numbers but `type` names. */
export function allSecrets(props: Record<string, unknown>): string[] {
  return longestFirst(leavesOf(props).map(([, text]) => text));
}

/** Values of props whose names say that they are secrets, or whose form does. */
export function tellingSecrets(props: Record<string, unknown>): string[] {
  return longestFirst(
    leavesOf(props).flatMap(([path, text]) => {
      if (isTelling(path)) return [text];
      const password = urlPattern.exec(text)?.[1];
      return password === undefined ? [] : [text, password];
    }),
  );
}

/** Whether a header's name says that what it holds is a secret. */
export function isCredential(header: string): boolean {
  return isTelling([header]);
}

/** Text with every secret that it quotes blotted out. */
export function blot(text: string, secrets: readonly string[]): string {
  let blotted = text;
  for (const secret of secrets) blotted = blotted.replaceAll(secret, masked);
  return blotted;
}

/** What was thrown, if it quotes no secret; else as an error that does not, nor its cause. */
export function blotFault(thrown: unknown, secrets: readonly string[]): FuncatronError {
  const fault = toFault(thrown);
  const text = [fault.message, fault.funcStack, String(fault.cause), JSON.stringify(fault.errors)];
  if (!secrets.some((secret) => text.some((part) => part?.includes(secret)))) return fault;
  const { code, message, status, component, headers, errors, funcStack } = fault;
  return new FuncatronError(code, blot(message, secrets), {
    ...{ status, component },
    ...(headers && { headers }),
    ...(errors && { errors: blotValue(errors, secrets) }),
    ...(funcStack && { funcStack: blot(funcStack, secrets) }),
  });
}

/** A copy of data with the secrets blotted out of its texts and numbers. */
export function blotValue<T>(value: T, secrets: readonly string[]): T {
  return blotAny(value, secrets) as T;
}

function blotAny(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return blot(value, secrets);
  if (typeof value === 'number') return secrets.includes(String(value)) ? masked : value;
  if (Array.isArray(value)) return value.map((item) => blotAny(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).map(([key, item]) => [key, blotAny(item, secrets)]);
  return Object.fromEntries(pairs);
}

/** Texts and numbers that are long enough, each with the names that lead to it. */
function leavesOf(value: unknown, path: readonly string[] = []): [string[], string][] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]));
  const isLeaf = (typeof value === 'string' || typeof value === 'number') && path.at(-1) !== 'type';
  const text = String(value);
  return isLeaf && text.length >= lengthMin ? [[[...path], text]] : [];
}

/** `dbPassword`, `DB_PASSWORD` and `db.password` all say the same. */
function isTelling(path: readonly string[]): boolean {
  if (path[0] === 'security' && path[2] === 'users') return true;
  return path.some((name) => {
    const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
    return words.split(/[^a-z0-9]+/).some((word) => tellingWords.has(word));
  });
}

function longestFirst(secrets: string[]): string[] {
  return [...new Set(secrets)].toSorted((a, b) => b.length - a.length);
}

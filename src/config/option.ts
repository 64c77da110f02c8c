/**
 * An option is declared once: its flag, its environment variable, its default and how it is read.
 * A flag wins over the environment, the environment over the default.
 */
import { FuncatronError } from '../errors.ts';
import { parseBytes, parseDuration } from '../unit.ts';

export interface Option<T> {
  /** As commander takes it: `--body-max <bytes>`. */
  flag: string;
  env: string;
  describe: string;
  default: T;
  /** Reads the text of a flag or variable; throws a plain Error saying what would be right. */
  read: (text: string) => T;
}

/** Text as it is. */
export function text(flag: string, describe: string, fallback: string): Option<string> {
  return option(flag, describe, fallback, (value) => value);
}

export function port(flag: string, describe: string, fallback: number): Option<number> {
  return option(flag, describe, fallback, (value) => {
    const number = Number(value);
    if (/^\d{1,5}$/.test(value) && number <= 65_535) return number;
    throw new Error('must be a port number, 0 to 65535 (0 takes a free one)');
  });
}

export function count(flag: string, describe: string, fallback: number, least = 0): Option<number> {
  return option(flag, describe, fallback, (value) => {
    const number = Number(value);
    if (/^\d{1,9}$/.test(value) && number >= least) return number;
    throw new Error(`must be a whole number, at least ${least}`);
  });
}

/** In bytes. */
export function bytes(flag: string, describe: string, fallback: number): Option<number> {
  return option(flag, describe, fallback, (value) => {
    const number = parseBytes(value);
    if (number !== undefined) return number;
    throw new Error('must be a size such as 10Mi, 512KB or 1048576');
  });
}

/** In milliseconds. */
export function duration(flag: string, describe: string, fallback: number): Option<number> {
  return option(flag, describe, fallback, (value) => {
    const number = parseDuration(value);
    if (number !== undefined) return number;
    throw new Error('must be a time such as 30s, 500ms or 2m');
  });
}

export function flag(name: string, describe: string): Option<boolean> {
  return option(name, describe, false, (value) => {
    if (['', '1', 'true', 'yes', 'on'].includes(value)) return true;
    if (['0', 'false', 'no', 'off'].includes(value)) return false;
    throw new Error('must be true or false');
  });
}

export function choice<T extends string>(
  name: string,
  describe: string,
  fallback: T,
  choices: readonly T[],
): Option<T> {
  return option(name, `${describe} (${choices.join(', ')})`, fallback, (value) => {
    const found = choices.find((one) => one === value);
    if (found) return found;
    throw new Error(`must be one of ${choices.join(', ')}`);
  });
}

function option<T>(
  flagText: string,
  describe: string,
  fallback: T,
  read: (text: string) => T,
): Option<T> {
  const name = /^--([a-z-]+)/.exec(flagText)![1]!;
  const env = `FUNCATRON_${name.replaceAll('-', '_').toUpperCase()}`;
  return { flag: flagText, env, describe, default: fallback, read };
}

export type OptionTable = Record<string, Option<unknown>>;
export type Values<T extends OptionTable> = { [K in keyof T]: T[K]['default'] };

/**
 * Values of a table's options from flags and the environment.
 * Throws `option_invalid` naming the flag or variable, its value and what would be right.
 */
export function readOptions<T extends OptionTable>(
  table: T,
  flags: Record<string, unknown>,
  env: Record<string, string | undefined>,
): Values<T> {
  const values: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(table)) {
    const fromFlag = flags[key];
    const given = fromFlag === undefined ? env[one.env] : String(fromFlag);
    const where = fromFlag === undefined ? one.env : one.flag.split(' ')[0]!;
    values[key] = given === undefined ? one.default : readOne(one, where, given);
  }
  return values as Values<T>;
}

function readOne(one: Option<unknown>, where: string, given: string): unknown {
  try {
    return one.read(given);
  } catch (cause) {
    const detail = `${where} "${given}": ${(cause as Error).message}`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
}

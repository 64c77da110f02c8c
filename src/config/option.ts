/**
 * An option is declared once: its flag, its environment variable, its default and how it is read.
 * A flag wins over the environment, the environment over the default.
 */
import { FuncatronError } from '../errors.ts';
import { parseBytes, parseDuration, showBytes, showDuration } from '../unit.ts';

export interface Option<T> {
  /** As commander takes it: `--body-max <size>`, `-f, --follow`. */
  flag: string;
  /** The variable that gives it, too; undefined: only the flag does. */
  env: string | undefined;
  describe: string;
  default: T;
  /** The default as a person writes it; empty where there is nothing to write. */
  shown: string;
  /** Under which heading help shows it. */
  group: string;
  /** Whether the flag may be repeated; `read` takes each text, the value is a list. */
  many: boolean;
  /** Reads the text of a flag or variable; throws a plain Error saying what would be right. */
  read: (text: string) => unknown;
}

/** Text as it is. */
export function text(flag: string, describe: string, fallback: string): Option<string> {
  return option(flag, describe, fallback, (value) => value);
}

/** Text that need not be given, and no variable gives: it belongs to one command line. */
export function optional(flag: string, describe: string): Option<string | undefined> {
  const none = option<string | undefined>(flag, describe, undefined, (value) => value);
  return { ...none, env: undefined };
}

/** Texts of a flag that may be repeated. */
export function list(flag: string, describe: string): Option<string[]> {
  const none = option<string[]>(flag, `${describe}; repeat for more`, [], (value) => value);
  return { ...none, env: undefined, many: true };
}

/** The same option, given by its flag alone. */
export function flagOnly<T>(given: Option<T>): Option<T> {
  return { ...given, env: undefined };
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
  const read = (value: string): number => {
    const number = parseBytes(value);
    if (number !== undefined) return number;
    throw new Error('must be a size such as 10Mi, 512KB or 1048576');
  };
  return { ...option(flag, describe, fallback, read), shown: showBytes(fallback) };
}

/** In milliseconds. */
export function duration(flag: string, describe: string, fallback: number): Option<number> {
  const read = (value: string): number => {
    const number = parseDuration(value);
    if (number !== undefined) return number;
    throw new Error('must be a time such as 30s, 500ms or 2m');
  };
  return { ...option(flag, describe, fallback, read), shown: showDuration(fallback) };
}

export function flag(name: string, describe: string): Option<boolean> {
  return option(name, describe, false, (value) => {
    if (['', '1', 'true', 'yes', 'on'].includes(value)) return true;
    if (['0', 'false', 'no', 'off'].includes(value)) return false;
    throw new Error('must be true or false');
  });
}

export function choice<const T extends string>(
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
  read: (text: string) => unknown,
): Option<T> {
  const name = longName(flagText);
  const env = `FUNCATRON_${name.slice(2).replaceAll('-', '_').toUpperCase()}`;
  const none = fallback === undefined || fallback === false || Array.isArray(fallback);
  const shown = none ? '' : String(fallback);
  const more = { shown, group: 'Options', many: false, read };
  return { flag: flagText, env, describe, default: fallback, ...more };
}

/** `--follow` of `-f, --follow` and of `--follow <what>`. */
export function longName(flagText: string): string {
  return /--[a-z-]+/.exec(flagText)![0];
}

/** What commander makes of a flag. */
type FlagValue = string | boolean | string[] | undefined;
export type Flags = Record<string, FlagValue>;

export type OptionTable = Record<string, Option<unknown>>;
export type Values<T extends OptionTable> = {
  [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/** The table with every option under a heading of help. */
export function grouped<T extends OptionTable>(group: string, table: T): T {
  const pairs = Object.entries(table).map(([key, one]) => [key, { ...one, group }]);
  return Object.fromEntries(pairs) as T;
}

/**
 * Values of a table's options from flags and the environment.
 * Throws `option_invalid` naming the flag or variable, its value and what would be right.
 */
export function readOptions<T extends OptionTable>(
  table: T,
  flags: Flags,
  env: Record<string, string | undefined>,
): Values<T> {
  const pairs = Object.entries(table).map(([key, one]) => [key, readOne(one, flags[key], env)]);
  return Object.fromEntries(pairs) as Values<T>;
}

function readOne(
  one: Option<unknown>,
  fromFlag: FlagValue,
  env: Record<string, string | undefined>,
): unknown {
  const name = longName(one.flag);
  if (Array.isArray(fromFlag)) return fromFlag.map((given) => readText(one, name, String(given)));
  if (fromFlag !== undefined) return readText(one, name, String(fromFlag));
  const given = one.env === undefined ? undefined : env[one.env];
  return given === undefined ? one.default : readText(one, one.env!, given);
}

function readText(one: Option<unknown>, where: string, given: string): unknown {
  try {
    return one.read(given);
  } catch (cause) {
    const detail = `${where} "${given}": ${(cause as Error).message}`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
}

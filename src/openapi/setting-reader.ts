/** Readers of the settings that are more than a word: each throws `Unfit` and says what would do. */
import type { EventPlace, RetryPolicy, Schedule } from '../message.ts';
import { suggest } from './nearest.ts';
import { isObject } from './pointer.ts';
import type { Cors, SettingKey } from './setting.ts';
import { text } from './setting-shape.ts';
import { readDurationMs, show, Unfit } from './setting-value.ts';

const secretsMax = 100;

export const variableName = '^[A-Za-z_][A-Za-z0-9_]*$';

export function readText(pattern: string, shape: string): (value: unknown) => string {
  const expression = new RegExp(pattern, 'u');
  return (value) => {
    if (typeof value === 'string' && expression.test(value)) return value;
    throw new Unfit(`${show(value)} does not fit`, `write ${shape}`);
  };
}

export function readChoice<T extends string>(choices: readonly T[]): (value: unknown) => T {
  return (value) => {
    if (choices.includes(value as T)) return value as T;
    throw new Unfit(
      `${show(value)} is not one of ${choices.join(', ')}`,
      typeof value === 'string' ? suggest(value, choices) : `write ${choices[0]}`,
    );
  };
}

export function readCount(min: number, max: number): (value: unknown) => number {
  return (value) => {
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max)
      return Number(value);
    throw new Unfit(
      `${show(value)} is no whole number from ${min} to ${max}`,
      `write ${min} or more`,
    );
  };
}

export function readBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Unfit(`${show(value)} is not true or false`, 'write true or false');
}

export function readObject(value: unknown): Record<string, unknown> {
  if (isObject(value)) return value;
  throw new Unfit(`${show(value)} is no object`, 'write an object');
}

export function readList(value: unknown): string[] {
  const list = typeof value === 'string' ? [value] : value;
  const fits = Array.isArray(list) && list.length > 0;
  if (fits && list.every((item) => typeof item === 'string' && item !== '')) return list;
  throw new Unfit(`${show(value)} is no text and no list of texts`, 'write one text or a list');
}

const secretName = '^(?![.]{1,2}$)[-._A-Za-z0-9]{1,253}$';

/** The setting `secrets`. */
export const secretsKey: SettingKey = {
  on: 'document',
  schema: {
    description:
      'Secrets that the workers see as files, in the folder that FUNCATRON_SECRETS names: their names.',
    type: 'array',
    items: text(secretName),
    maxItems: secretsMax,
  },
  read(value) {
    const expression = new RegExp(secretName, 'u');
    const isList = Array.isArray(value) && value.length <= secretsMax;
    if (isList && value.every((name) => typeof name === 'string' && expression.test(name)))
      return [...new Set(value as string[])];
    throw new Unfit(`${show(value)} is no list of secrets`, 'write a list of names, 100 at most');
  },
};

/** Reads the known members of an object; an unknown one is an error with a suggestion. */
export function readMembers<T>(
  value: unknown,
  readers: { [K in keyof T]: (value: unknown) => T[K] },
): Partial<T> {
  const names = Object.keys(readers);
  if (!isObject(value))
    throw new Unfit(`${show(value)} is no object`, `write an object of ${names.join(', ')}`);
  const result: Partial<T> = {};
  for (const [key, member] of Object.entries(value)) {
    if (!names.includes(key))
      throw new Unfit(`${key} is not known`, suggest(key, names), `/${key}`);
    try {
      result[key as keyof T] = readers[key as keyof T](member);
    } catch (thrown) {
      if (thrown instanceof Unfit) throw new Unfit(thrown.message, thrown.mend, `/${key}`);
      throw thrown;
    }
  }
  return result;
}

export function readInstances(value: unknown): { min: number; max: number; idleMs: number } {
  const { min, max, idle } = readMembers<{ min: number; max: number; idle: number }>(value, {
    min: readCount(0, 1000),
    max: readCount(1, 1000),
    idle: (member) => readDurationMs(member, 0),
  });
  const least = min ?? 0;
  const most = max ?? Math.max(4, least);
  if (least > most)
    throw new Unfit(`min ${least} is over max ${most}`, `make max ${least} or more`, '/min');
  return { min: least, max: most, idleMs: idle ?? 60_000 };
}

/** Only what is said; the installation decides the rest. */
/** Options that would have java run another program, or none. */
const programOptions = new Set(
  (
    '-jar -cp -classpath --class-path -p --module-path -m --module -version --version -help --help ' +
    '-h -? -X --dry-run --list-modules --validate-modules'
  ).split(' '),
);

/** The JVM of a bundle for the JVM: whether it wants its own, and what that is started with. */
export function readJvm(value: unknown): { own: boolean; options: string[] } {
  const { own = false, options } = readMembers<{ own: boolean; options: string[] }>(value, {
    own: readBoolean,
    options: readJvmOptions,
  });
  if (options && !own)
    throw new Unfit('options are those of a JVM of its own', 'add own: true', '/options');
  return { own, options: options ?? [] };
}

function readJvmOptions(value: unknown): string[] {
  const mend = 'write a list of options of java, such as ["-Xss4m", "-Dname=value"]';
  if (!Array.isArray(value)) throw new Unfit(`${show(value)} is no list`, mend);
  for (const option of value) {
    if (typeof option !== 'string' || !/^-[^\0]+$/.test(option))
      throw new Unfit(`${show(option)} is no option`, mend);
    if (programOptions.has(option.split('=')[0]!))
      throw new Unfit(`${option} would run another program`, 'leave it out');
  }
  return value as string[];
}

export function readRetry(value: unknown): Partial<RetryPolicy> {
  const { tries, wait, waitMax } = readMembers<Record<'tries' | 'wait' | 'waitMax', number>>(
    value,
    {
      tries: readCount(1, 1000),
      wait: (member) => readDurationMs(member, 0),
      waitMax: (member) => readDurationMs(member, 0),
    },
  );
  if (wait !== undefined && waitMax !== undefined && wait > waitMax)
    throw new Unfit('wait is over waitMax', 'make waitMax as long as wait or longer', '/wait');
  return {
    ...(tries !== undefined && { triesMax: tries }),
    ...(wait !== undefined && { waitMs: wait }),
    ...(waitMax !== undefined && { waitMsMax: waitMax }),
  };
}

export function readEnv(value: unknown): Record<string, string> {
  if (!isObject(value)) throw new Unfit(`${show(value)} is no object`, 'write NAME: value pairs');
  const env: Record<string, string> = {};
  for (const [name, member] of Object.entries(value)) {
    if (!new RegExp(variableName).test(name) || name.startsWith('FUNCATRON_'))
      throw new Unfit(
        `${name} cannot be the name of a variable`,
        'use letters, digits and underscore, and no FUNCATRON_ at the start',
        `/${name}`,
      );
    const plain = ['string', 'boolean'].includes(typeof member) || Number.isFinite(member);
    if (!plain || String(member).includes('\0'))
      throw new Unfit(`${show(member)} is no value of a variable`, 'write a text', `/${name}`);
    env[name] = String(member);
  }
  return env;
}

export function readCors(value: unknown): Cors | false {
  if (value === false) return false;
  if (value === true) return { origins: ['*'] };
  const { maxAge, ...rest } = readMembers<Omit<Cors, 'maxAgeMs'> & { maxAge: number }>(value, {
    origins: readList,
    headers: readList,
    expose: readList,
    credentials: readBoolean,
    maxAge: (member) => readDurationMs(member, 0),
  });
  if (!rest.origins)
    throw new Unfit('origins is missing', 'add origins: the origins that may call, or "*"');
  // Fetch standard, 3.3.5: a browser refuses credentials with the wildcard.
  if (rest.credentials && rest.origins.includes('*'))
    throw new Unfit('credentials need named origins', 'list the origins instead of *', '/origins');
  return { ...rest, origins: rest.origins, ...(maxAge !== undefined && { maxAgeMs: maxAge }) };
}

/** One place or a list of them, each a queue, a topic or a subject. */
export function readEventPlaces(value: unknown): EventPlace[] {
  if (!Array.isArray(value)) return [readEventPlace(value, '')];
  if (value.length === 0)
    throw new Unfit('the list is empty', 'add a place, such as queue: orders');
  return value.map((member, index) => readEventPlace(member, `/${index}`));
}

function readEventPlace(value: unknown, at: string): EventPlace {
  const mend = 'write one of queue, topic and subject with its name, such as queue: orders';
  if (typeof value === 'string')
    throw new Unfit(`${show(value)} does not say what it names`, mend, at);
  try {
    const name = readText('^[^]{1,255}$', 'a name of 1 to 255 characters');
    const place = readMembers<Record<'queue' | 'topic' | 'subject', string>>(value, {
      ...{ queue: name, topic: name, subject: name },
    });
    if (Object.keys(place).length === 1) return place;
  } catch (thrown) {
    if (thrown instanceof Unfit) throw new Unfit(thrown.message, thrown.mend, at + thrown.at);
    throw thrown;
  }
  throw new Unfit(`${show(value)} does not name one place`, mend, at);
}

export function readSchedule(value: unknown): Schedule {
  const { cron, timezone } = readMembers<Required<Schedule>>(
    typeof value === 'string' ? { cron: value } : value,
    { cron: readCron, timezone: readTimezone },
  );
  if (cron === undefined) throw new Unfit('cron is missing', 'add cron: "0 3 * * *"');
  return { cron, ...(timezone !== undefined && { timezone }) };
}

function readCron(value: unknown): string {
  const fields = typeof value === 'string' ? value.trim().split(/\s+/) : [];
  const known = fields.every((field) => /^[\dA-Za-z*,/?#-]+$/.test(field));
  if (known && (fields.length === 5 || fields.length === 6)) return fields.join(' ');
  const named = /^@(yearly|annually|monthly|weekly|daily|hourly)$/;
  if (typeof value === 'string' && named.test(value)) return value;
  throw new Unfit(`${show(value)} is no cron expression`, 'write five fields, such as "0 3 * * *"');
}

function readTimezone(value: unknown): string {
  try {
    if (typeof value !== 'string') throw new TypeError('no text');
    new Intl.DateTimeFormat('en', { timeZone: value });
    return value;
  } catch {
    throw new Unfit(`${show(value)} is no time zone`, 'write one such as "Europe/Zurich"');
  }
}

/** How single settings are written: durations, sizes, commands. No library, no shell. */

/** A setting that cannot be used: why, and what would do. `at` is a pointer below the setting. */
export class Unfit extends Error {
  readonly mend: string;
  readonly at: string;

  constructor(message: string, mend: string, at = '') {
    super(message);
    this.mend = mend;
    this.at = at;
  }
}

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const durationPattern = /^(\d{1,9}(?:\.\d{1,9})?)\s?(ms|s|m|h)$/;
const dayMs = 86_400_000;

/** `"30s"`, `"500ms"`, or a number of seconds, in milliseconds; at most a day. */
export function readDurationMs(value: unknown, minMs: number): number {
  const mend = 'write a number of seconds, or a number with ms, s, m or h, such as "30s"';
  let ms: number;
  if (typeof value === 'number') ms = value * 1000;
  else {
    const match = typeof value === 'string' ? durationPattern.exec(value) : null;
    if (!match) throw new Unfit(`${show(value)} is no duration`, mend);
    ms = Number(match[1]) * durationUnits[match[2] as keyof typeof durationUnits];
  }
  if (!(ms >= minMs && ms <= dayMs))
    throw new Unfit(`${show(value)} is not between ${minMs} ms and 24 h`, mend);
  return Math.round(ms);
}

const sizePattern = /^(\d{1,15}(?:\.\d{1,9})?)\s?(?:(k|K|M|G)(i)?)?B?$/;
const sizeUnits: Record<string, number> = { k: 1, K: 1, M: 2, G: 3 };
const mebibyte = 2 ** 20;

/** `"256Mi"`, `"512MB"` or a number of bytes, in bytes; `Ki Mi Gi` are powers of 1024. */
export function readBytes(value: unknown): number {
  const mend = 'write a number of bytes, or a number with MB or Mi, such as "256Mi"';
  let bytes: number;
  if (Number.isInteger(value)) bytes = Number(value);
  else {
    const match = typeof value === 'string' ? sizePattern.exec(value) : null;
    if (!match) throw new Unfit(`${show(value)} is no size`, mend);
    bytes = Number(match[1]) * (match[3] ? 1024 : 1000) ** (sizeUnits[match[2] ?? ''] ?? 0);
  }
  if (!(bytes >= mebibyte && bytes <= 2 ** 40))
    throw new Unfit(`${show(value)} is not between 1 MiB and 1 TiB`, mend);
  return Math.floor(bytes);
}

/** A command as its list of words, or as one string with quoting as a shell has it. */
export function readCommand(value: unknown): string[] {
  const mend = 'write the program and its arguments, such as "wc -w" or ["wc", "-w"]';
  const words = typeof value === 'string' ? splitCommand(value) : value;
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string'))
    throw new Unfit(`${show(value)} is no command`, mend);
  if (words.length === 0 || words[0] === '') throw new Unfit('the command is empty', mend);
  if (words.some((word) => word.includes('\0')))
    throw new Unfit('the command holds a null character', mend);
  return words;
}

const unquoted = /[^\s'"\\|&;<>`$]+/y;
const single = /'([^']*)'/y;
const double = /"((?:[^"\\]|\\[^])*)"/y;

/** Words of a command line: blanks separate, quotes and backslashes keep. No shell is run. */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  const take = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(line);
  };
  for (let at = 0; at < line.length;) {
    const char = line[at]!;
    let match: RegExpExecArray | null;
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
    } else if ((match = take(unquoted, at) ?? take(single, at))) {
      word = (word ?? '') + (match[1] ?? match[0]);
      at += match[0].length;
    } else if ((match = take(double, at))) {
      word = (word ?? '') + match[1]!.replaceAll(/\\(["\\$`])/g, '$1');
      at += match[0].length;
    } else if (char === '\\' && at + 1 < line.length) {
      word = (word ?? '') + line[at + 1];
      at += 2;
    } else throw unreadable(line, char);
  }
  if (word !== undefined) words.push(word);
  return words;
}

function unreadable(line: string, char: string): Unfit {
  if (char === "'" || char === '"' || char === '\\')
    return new Unfit(`${show(line)} ends inside ${char}`, 'close the quotes');
  return new Unfit(
    `${char} in ${show(line)} has no meaning: no shell runs the command`,
    `put ${char} in single quotes, or name a shell: ["sh", "-c", ${JSON.stringify(line)}]`,
  );
}

/** A value as an error message shows it: JSON, cut when long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

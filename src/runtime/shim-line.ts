/**
 * The lines of the dev shim, both ways: Base64 of a JSON object in UTF-8, and a newline. What a
 * line says is the original's; `docs/dev-shim.md` has all of it.
 */
import { showBytes } from '../unit.ts';

/** Something the other side cannot have meant; `message` is told to it as it is. */
export class BadLine extends Error {
  /** Nothing that follows can be understood. */
  readonly isFinal: boolean;

  constructor(message: string, isFinal = false) {
    super(message);
    this.isFinal = isFinal;
  }
}

export type ShimMessage = Record<string, unknown> & { cmd: string };

const newline = 0x0a;
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Cuts what arrives into lines, none above a size. */
export class LineCutter {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that are whole now, without their ends. Throws a final `BadLine` at one too long. */
  *push(chunk: Buffer): Generator<Buffer> {
    let begin = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, begin)) {
      this.#keep(chunk.subarray(begin, end));
      begin = end + 1;
      const parts = this.#parts;
      this.#parts = [];
      this.#bytes = 0;
      yield parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    }
    if (begin < chunk.length) this.#keep(chunk.subarray(begin));
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#bytesMax) throw tooLong('a line', this.#bytesMax);
    this.#parts.push(part);
  }
}

export function tooLong(what: string, bytesMax: number): BadLine {
  const limit = `${showBytes(bytesMax)} (--shim-line-max)`;
  return new BadLine(`${what} is longer than ${limit}`, true);
}

/** What a line says; undefined for an empty one. Throws `BadLine`. */
export function readLine(line: Buffer): ShimMessage | undefined {
  const text = line.toString('latin1').trim();
  if (text === '') return undefined;
  if (!base64.test(text)) throw new BadLine('a line is no Base64; each line is Base64 of JSON');
  let said: unknown;
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64'));
    said = JSON.parse(json);
  } catch (thrown) {
    throw new BadLine(`a line is no Base64 of JSON: ${(thrown as Error).message}`);
  }
  if (!isObject(said)) throw new BadLine('the JSON of a line is no object');
  if (typeof said['cmd'] !== 'string') throw new BadLine('the JSON of a line has no text "cmd"');
  return said as ShimMessage;
}

export function writeLine(message: ShimMessage): string {
  return `${Buffer.from(JSON.stringify(message)).toString('base64')}\n`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

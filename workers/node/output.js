/**
 * What a Func says: ctx.log, console and process.stdout become LOG frames that name the call they
 * belong to, limited so that a flood costs its own lines only.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type } from './wire.js';

/** Loaded when it is needed: node:util as a module import would cost a tenth of the start. */
const format = (...args) => process.getBuiltinModule('node:util').format(...args);

const lineBytesMax = 64 * 1024;
const linesPerSecondMax = 1000;
const secondMs = 1000;

/** What the user's code throws, with causes, in lines that mean something to the user. */
export function stackOf(error) {
  if (typeof error?.stack !== 'string') return format(error);
  const lines = error.stack.split('\n').filter((line) => !isOurs(line));
  const cause = error.cause instanceof Error && error.cause !== error ? error.cause : undefined;
  return lines.map(shorten).join('\n') + (cause ? `\n[cause]: ${stackOf(cause)}` : '');
}

/** Files as the bundle names them: where it was unpacked says nothing to its author. */
const shorten = (line) =>
  line.replace(`file://${process.cwd()}/`, '').replace(`${process.cwd()}/`, '');

const isOurs = (line) =>
  /^\s+at /.test(line) && (line.includes(import.meta.dirname) || line.includes('node:internal'));

export class Output {
  /** The call whose code runs now. */
  calls = new AsyncLocalStorage();
  #writer;
  #partial = { stdout: '', stderr: '' };
  /** Whether something was said without a line end. */
  hasPartial = false;
  #windowStart = 0;
  #lines = 0;
  #dropped = 0;

  /** @param {import('./wire.js').FrameWriter} writer */
  constructor(writer) {
    this.#writer = writer;
  }

  /**
   * @param {'debug' | 'info' | 'warn' | 'error'} level
   * @param {unknown} message
   * @param {Record<string, unknown>} [fields]
   * @param {import('./call.js').Call} [call]
   */
  line(level, message, fields, call = this.calls.getStore()) {
    if (!this.#admit()) return;
    let text = typeof message === 'string' ? message : textOf(message);
    if (text.length > lineBytesMax)
      text = `${text.slice(0, lineBytesMax)}... (${text.length - lineBytesMax} more cut)`;
    const entry = { level, text };
    // An answered call is no longer known by its stream.
    if (call?.answered) entry.id = call.head.id;
    if (fields !== undefined) entry.fields = fields;
    this.#writer.send(type.log, call && !call.answered ? call.stream : 0, json(entry));
  }

  /** Writes what was said without a line end. */
  flush() {
    this.hasPartial = false;
    for (const [name, text] of Object.entries(this.#partial)) {
      if (text === '') continue;
      this.#partial[name] = '';
      this.line(name === 'stdout' ? 'info' : 'warn', text);
    }
  }

  /** Takes over console, process.stdout and process.stderr. */
  capture() {
    const levels = { debug: 'debug', log: 'info', info: 'info', warn: 'warn', error: 'error' };
    for (const [name, level] of Object.entries(levels))
      console[name] = (...args) => this.line(level, args.length === 1 ? args[0] : format(...args));
    this.#replace('stdout', 'info', 1);
    this.#replace('stderr', 'warn', 2);
  }

  #replace(name, level, fd) {
    let stream;
    const make = () => {
      const { Writable } = process.getBuiltinModule('node:stream');
      const write = (chunk, _encoding, done) => {
        this.#text(name, level, String(chunk));
        done();
      };
      return Object.assign(new Writable({ write, decodeStrings: false }), { fd });
    };
    const get = () => (stream ??= make());
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get });
  }

  #text(name, level, text) {
    const lines = (this.#partial[name] + text).split('\n');
    const rest = lines.pop();
    for (const line of lines) this.line(level, line);
    const over = rest.length > lineBytesMax;
    this.#partial[name] = over ? '' : rest;
    this.hasPartial = true;
    if (over) this.line(level, rest);
  }

  /** Whether this second has room for one more line. */
  #admit() {
    const now = Date.now();
    if (now - this.#windowStart >= secondMs) this.#nextSecond(now);
    if (this.#lines < linesPerSecondMax) {
      this.#lines++;
      return true;
    }
    if (this.#dropped++ === 0) {
      const wait = this.#windowStart + secondMs - now;
      setTimeout(() => this.#nextSecond(Date.now()), wait).unref();
    }
    return false;
  }

  #nextSecond(now) {
    this.#windowStart = now;
    this.#lines = 0;
    const dropped = this.#dropped;
    this.#dropped = 0;
    const text = `dropped ${dropped} lines: over ${linesPerSecondMax} lines a second`;
    if (dropped > 0) this.#writer.send(type.log, 0, json({ level: 'warn', text }));
  }
}

/** The `log` of a ctx or of a service. */
export class Log {
  #output;
  #call;

  /** @param {Output} output @param {import('./call.js').Call} [call] */
  constructor(output, call) {
    this.#output = output;
    this.#call = call;
  }

  debug = (message, fields) => this.#output.line('debug', message, fields, this.#call);
  info = (message, fields) => this.#output.line('info', message, fields, this.#call);
  warn = (message, fields) => this.#output.line('warn', message, fields, this.#call);
  error = (message, fields) => this.#output.line('error', message, fields, this.#call);
}

const textOf = (message) => (message instanceof Error ? stackOf(message) : format(message));

function json(entry) {
  try {
    return JSON.stringify(entry, plain);
  } catch {
    return JSON.stringify({ ...entry, fields: { text: format(entry.fields) } });
  }
}

/** JSON would make `{}` of an Error and throws at a bigint. */
function plain(_key, value) {
  if (value instanceof Error)
    return { name: value.name, message: value.message, stack: stackOf(value) };
  return typeof value === 'bigint' ? String(value) : value;
}

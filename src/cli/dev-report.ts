/** What dev says in the terminal, and in the header of answers while a build is broken. */
import type { BuiltBundle } from '../bundle/build.ts';
import type { FuncatronError } from '../errors.ts';
import type { Issue, Problem } from '../message.ts';
import type { Contract } from '../openapi/contract.ts';
import { shortSha } from './bundle-info.ts';
import { curlLine } from './curl-line.ts';
import { coloured, printError, saysAgain } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** Faults that a header names; the terminal and the body of a problem have them all. */
const namedMax = 3;

/** What dev asks for, where it differs between a folder and a dev shim. */
interface Hints {
  /** After the first lines. */
  begin: string;
  /** After a fault. */
  again: string;
}

export class DevReport {
  readonly #hints: Hints;
  readonly #terminal: Terminal;
  #url = '';
  /** Lines of the operations as they were said last. */
  #said: readonly string[] | undefined;

  constructor(hints: Hints, terminal: Terminal) {
    this.#hints = hints;
    this.#terminal = terminal;
  }

  listening(url: string): void {
    this.#url = url;
  }

  /** The first time everything one needs to know; later what has changed. */
  ready(contract: Contract | undefined, { sha }: BuiltBundle, ms: number): void {
    if (contract && !this.#said) this.#welcome(contract);
    else if (contract) this.#changes(contract);
    const line = `serving ${shortSha(sha)}, built and enabled in ${Math.round(ms)} ms`;
    this.#terminal.say(coloured(this.#terminal, 'green', line));
  }

  /** `serves`: whether an earlier version does. */
  failed(fault: FuncatronError, serves = this.#said !== undefined): void {
    printError(this.#terminal, fault, false);
    const still = serves
      ? 'the last good version goes on serving'
      : `nothing serves at ${this.#url} until this is mended`;
    this.#terminal.say(`${still}; ${this.#hints.again}`);
  }

  /** The fault as answers show it: with the places that are wrong. */
  notice(fault: FuncatronError): Problem {
    const problem = fault.toProblem();
    const { detail, errors = [] } = problem;
    const others = errors.filter((issue) => !saysAgain(detail, issue));
    const named = others.slice(0, namedMax).map(inOneLine);
    return { ...problem, detail: [detail, ...named].join('; ') };
  }

  #welcome(contract: Contract): void {
    const { out } = this.#terminal;
    const { name, version, basePath } = contract;
    const lines = describe(contract);
    this.#said = lines;
    out(`\n${name} ${version} at ${this.#url}${basePath === '/' ? '' : basePath}\n`);
    for (const line of lines) out(`  ${line}`);
    out(`\nTry   ${curlLine(contract, { origin: this.#url, basePath })}`);
    out(`Docs  ${this.#url}/ui/`);
    out(`\n${this.#hints.begin} Ctrl-C ends.`);
  }

  #changes(contract: Contract): void {
    const [before, now] = [this.#said!, describe(contract)];
    this.#said = now;
    for (const line of before) if (!now.includes(line)) this.#terminal.say(`gone  ${line}`);
    for (const line of now) if (!before.includes(line)) this.#terminal.say(`new   ${line}`);
  }
}

function describe({ basePath, operations }: Contract): string[] {
  const base = basePath === '/' ? '' : basePath;
  return operations.map(({ method, template, operationId }) => {
    return `${method.padEnd(7)}${base}${template}  ${operationId}`;
  });
}

function inOneLine({ file, line, at, message }: Issue): string {
  const place = file ? `${file}${line ? `:${line}` : ''}` : at;
  return place ? `${place}: ${message}` : message;
}

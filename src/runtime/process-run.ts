/**
 * What a program's output and end are to the caller of the `process` runtime: exit status 0 is an
 * answer, anything else an error.
 */
import { FuncatronError } from '../errors.ts';
import type { Headers, Reply, ReplyHead } from '../message.ts';
import type { FoundCommand } from '../watchdog/command.ts';
import type { LastWords } from '../watchdog/last-words.ts';
import { describeExit } from '../watchdog/program.ts';
import type { ProgramExit } from '../watchdog/program.ts';
import { plainType } from './plain-type.ts';
import type { RunAnswers } from './program-run.ts';
import type { FuncSpec, WorkerCall } from './runtime.ts';

export interface ProcessAnswerOptions {
  func: FuncSpec;
  command: FoundCommand;
  call: WorkerCall;
  replyBytesMax: number;
  stacks: boolean;
}

export class ProcessAnswers implements RunAnswers {
  readonly wholeBytesMax = 256 * 1024;
  readonly #options: ProcessAnswerOptions;

  constructor(options: ProcessAnswerOptions) {
    this.#options = options;
  }

  ended(exit: ProgramExit, output: Buffer, lastWords: LastWords): Reply | FuncatronError {
    return this.broken(exit, lastWords) ?? { head: this.#head(output, false), body: output };
  }

  begun(known: Buffer): ReplyHead {
    return this.#head(known, true);
  }

  broken(exit: ProgramExit, lastWords: LastWords): FuncatronError | undefined {
    if (exit.code === 0) return undefined;
    if (exit.errno) return this.unstarted(exit.errno);
    const { stacks } = this.#options;
    const words = lastWords.toString();
    const said = stacks ? `: ${words.slice(words.lastIndexOf('\n') + 1)}` : '';
    const detail = `${this.#name()} ended with ${describeExit(exit)}${words ? said : ''}`;
    const shown = stacks && words ? { funcStack: words } : {};
    return new FuncatronError(exit.signal ? 'func_exited' : 'func_failed', detail, shown);
  }

  unstarted(errno: string): FuncatronError {
    const { file } = this.#options.command;
    const what = `${this.#name()} could not be started: ${errno} for ${file}`;
    if (errno === 'ENOENT')
      return new FuncatronError('func_missing', `${what}; it is not there any more`);
    if (errno === 'E2BIG')
      return new FuncatronError(
        'headers_too_large',
        `${what}: its variables (headers, parameters, props) are more than the system takes`,
      );
    return new FuncatronError('worker_start_failed', what);
  }

  tooLarge(): FuncatronError {
    const { replyBytesMax } = this.#options;
    const detail = `${this.#name()} wrote more than ${replyBytesMax} bytes; the limit is --reply-max`;
    return new FuncatronError('func_bad_result', detail);
  }

  #head(known: Buffer, more: boolean): ReplyHead {
    const { func, call } = this.#options;
    const type = func.contentType ?? (known.length > 0 ? plainType(known, more) : undefined);
    const headers: Headers = type ? { 'content-type': type } : {};
    return { v: 1, action: 'answer', id: call.head.id, status: 200, headers };
  }

  #name(): string {
    const { func, command } = this.#options;
    return `the program of ${func.operationId} ("${command.argv[0]}")`;
  }
}

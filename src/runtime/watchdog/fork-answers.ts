/** What the output and the end of a forked program are to the caller, mode by mode. */
import { FuncatronError } from '../../errors.ts';
import type { Headers, Reply, ReplyHead } from '../../message.ts';
import { goExit, goStartFailure } from '../../watchdog/go.ts';
import type { ProgramExit } from '../../watchdog/program.ts';
import { sniffType } from '../../watchdog/sniff.ts';
import type { RunAnswers } from '../program-run.ts';
import type { WorkerCall } from '../runtime.ts';
import { callersType, replyBytesMaxDefault, setType, showSeconds, textReply } from './mode.ts';
import type { ModeContext } from './mode.ts';

/** Output above this is passed on as it comes: nobody's answer fills the memory. */
const heldBytesMax = 1024 * 1024;

export interface ForkCall {
  call: WorkerCall;
  /** When its program was started, by `performance.now()`. */
  startedMs: number;
  /** Told of an end that is no success, as Go says it. */
  onFailure(text: string): void;
}

/** The answers of the mode; `onTimeout` is what the caller gets then. */
export type ForkAnswers = RunAnswers & { onTimeout(): Reply };

export function forkAnswers(context: ModeContext, fork: ForkCall): ForkAnswers {
  switch (context.settings.mode) {
    case 'serializing':
      return serializing(context, fork);
    case 'streaming':
      return streaming(context, fork);
    default:
      return classic(context, fork);
  }
}

function classic(context: ModeContext, { call, startedMs, onFailure }: ForkCall): ForkAnswers {
  const typeOf = (output: Buffer): string =>
    setType(context, call) ?? callersType(call) ?? sniffType(output);
  return {
    ...common(context, call, onFailure),
    ended({ code, signal }, output) {
      if (code === 0) {
        const took = showSeconds(performance.now() - startedMs);
        const headers = { 'content-type': typeOf(output), 'x-duration-seconds': took };
        return { head: headOf(call, headers), body: output };
      }
      const how = goExit({ code, signal });
      onFailure(how);
      return textReply(call, 500, Buffer.concat([Buffer.from(`${how}\n`), output]));
    },
    begun: (known) => headOf(call, { 'content-type': typeOf(known) }),
    unstarted: (errno) => unstarted(context, call, onFailure, errno, '\n'),
    onTimeout: () => textReply(call, 408, 'Killed process.\n'),
  };
}

function serializing(context: ModeContext, { call, onFailure }: ForkCall): ForkAnswers {
  const headers = plainHeaders(context, call);
  return {
    ...common(context, call, onFailure),
    ended({ code, signal }, output) {
      if (code === 0) return { head: headOf(call, headers), body: output };
      const how = goExit({ code, signal });
      onFailure(how);
      return textReply(call, 500, how);
    },
    begun: () => headOf(call, headers),
    unstarted: (errno) => unstarted(context, call, onFailure, errno, ''),
    onTimeout: () => textReply(call, 500, 'signal: killed'),
  };
}

/** Whatever happens, the status is out: 200. */
function streaming(context: ModeContext, { call, onFailure }: ForkCall): ForkAnswers {
  const headers = plainHeaders(context, call);
  const whole = (body: Buffer): Reply => ({ head: headOf(call, headers), body });
  const note = (exit: ProgramExit): void => {
    if (exit.code !== 0) onFailure(goExit(exit));
  };
  return {
    ...common(context, call, onFailure),
    wholeBytesMax: 0,
    ended(exit, output) {
      note(exit);
      return whole(output);
    },
    begun: () => headOf(call, headers),
    broken(exit) {
      note(exit);
      return undefined;
    },
    unstarted(errno) {
      onFailure(goStartFailure(context.command[0] ?? '', errno));
      return whole(Buffer.alloc(0));
    },
    onTimeout: () => whole(Buffer.alloc(0)),
  };
}

function common(
  { options, command }: ModeContext,
  call: WorkerCall,
  onFailure: (text: string) => void,
): Pick<ForkAnswers, 'wholeBytesMax' | 'broken' | 'tooLarge'> {
  const max = options.replyBytesMax ?? replyBytesMaxDefault;
  return {
    wholeBytesMax: heldBytesMax,
    broken(exit) {
      if (exit.code === 0) return undefined;
      onFailure(goExit(exit));
      const detail = `"${command[0]}" ended with ${goExit(exit)} in the midst of its answer`;
      return new FuncatronError(exit.signal ? 'func_exited' : 'func_failed', detail);
    },
    tooLarge() {
      const detail = `"${command[0]}" wrote more than ${max} bytes for ${call.operationId}; the limit is --reply-max`;
      return new FuncatronError('func_bad_result', detail);
    },
  };
}

function unstarted(
  { command }: ModeContext,
  call: WorkerCall,
  onFailure: (text: string) => void,
  errno: string,
  end: string,
): Reply {
  const why = goStartFailure(command[0] ?? '', errno);
  onFailure(why);
  return textReply(call, 500, why + end);
}

function headOf(call: WorkerCall, headers: Headers): ReplyHead {
  return { v: 1, action: 'answer', id: call.head.id, status: 200, headers };
}

function plainHeaders(context: ModeContext, call: WorkerCall): Headers {
  return { 'content-type': setType(context, call) ?? 'application/octet-stream' };
}

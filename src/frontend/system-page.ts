/** What became of asynchronous calls: a path of the door's own that goes before those of bundles. */
import { callIdMs } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import { callsPath } from './accept.ts';
import { answerReply } from './answer.ts';
import { askTron } from './ask-tron.ts';
import type { Exchange } from './exchange.ts';
import { answerOther } from './gateway-function.ts';

/** Whether a path is one of `answerCallPage`. */
export function isCallPage(path: string): boolean {
  return path.startsWith(callsPath);
}

/** Status, result and end of an asynchronous call: who knows its id may ask. */
export async function answerCallPage(x: Exchange): Promise<false> {
  const [id = '', rest, ...more] = x.path.slice(callsPath.length).split('/');
  const isResult = rest === 'result' && more.length === 0;
  x.cors = x.door.options.cors;
  if (answerOther(x, isResult ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'DELETE'])) return false;
  if (callIdMs(id) === undefined || (rest !== undefined && !isResult))
    throw new FuncatronError('call_unknown', `there is no call ${x.path.slice(callsPath.length)}`);
  const action = isResult ? 'result' : x.method === 'DELETE' ? 'cancel' : 'status';
  answerReply(x, await askTron(x.door, `/${action}/${id}`));
  return false;
}

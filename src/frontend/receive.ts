/** How a body is received: whole where the contract checks it, else as it comes. */
import { FuncatronError } from '../errors.ts';
import { empty } from '../message.ts';
import { isAsync } from './accept.ts';
import type { Exchange } from './exchange.ts';
import { checkDeclared, chunked, readBody } from './request-body.ts';
import type { BodyLimit } from './request-body.ts';
import { kindOfBody } from './request-check.ts';
import { RequestStream } from './request-stream.ts';
import type { Upgrade } from './upgrade.ts';

/** Reads the body, or has it come; a client that waits for our word gets it only now. */
export function receiveBody(x: Exchange): undefined | Promise<unknown> {
  if (x.upgrade) receiveUpgrade(x, x.upgrade);
  const { declared } = x;
  if (declared === 0) return;
  const { bodyMax, directOver } = x.door.options;
  if (declared < 0 || declared > directOver || x.operation.settings.direct) return receiveLarge(x);
  checkDeclared(declared, { bytes: bodyMax, option: '--body-max' });
  letSend(x);
  return readBody(x);
}

/**
 * Receives a body that is large, or whose operation takes it as it comes. Only bytes that no
 * contract checks are passed on: others are read whole, and so are those of asynchronous calls.
 */
async function receiveLarge(x: Exchange): Promise<void> {
  const { direct } = x.operation.settings;
  const { directMax, directOver } = x.door.options;
  const isStream = (kindOfBody(x) === 'binary' || direct) && !isAsync(x);
  const limit: BodyLimit =
    isStream && direct
      ? { bytes: directMax || Infinity, option: '--direct-max' }
      : { bytes: x.door.options.bodyMax, option: '--body-max' };
  checkDeclared(x.declared, limit);
  const onStart = (): void => letSend(x);
  if (isStream && (direct || x.declared !== chunked)) {
    x.stream = new RequestStream(x.request, { limit, isUnhurried: direct, onStart });
    return;
  }
  letSend(x);
  if ((await readBody(x, isStream ? directOver : Infinity)) === undefined) return;
  x.stream = new RequestStream(x.request, { limit, isUnhurried: false, first: x.body });
  x.body = empty;
}

/** A client that waits for our word before it sends gets it. */
export function letSend(x: Exchange): void {
  if (!x.awaitsContinue) return;
  x.awaitsContinue = false;
  x.response.writeContinue();
}

/** Makes the client's bytes the body. Throws `bad_request` or `upgrade_unsupported`. */
function receiveUpgrade(x: Exchange, { socket, first }: Upgrade): void {
  const { operation } = x;
  if (x.method !== 'GET' || x.declared !== 0)
    throw new FuncatronError('bad_request', 'a WebSocket begins with a GET without a body');
  const takesAll = operation.settings.direct || operation.isFallback === true;
  if (!takesAll || isAsync(x)) {
    const detail = `${operation.key} takes no WebSocket: its contract does not say x-funcatron.direct: true`;
    throw new FuncatronError('upgrade_unsupported', detail);
  }
  const limit = { bytes: Infinity, option: '' };
  x.stream = new RequestStream(socket, { limit, isUnhurried: true, first });
}

/**
 * The root, where no bundle is: who asks to see it gets the page of functions; who posts calls the
 * function that a header names, or an Alexa intent.
 */
import { FuncatronError } from '../errors.ts';
import { empty } from '../message.ts';
import { judgeAlexa, readAlexa } from './alexa.ts';
import { answerOwn } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { functionPath, takeFunction } from './gateway-function.ts';
import { letSend } from './receive.ts';
import { checkDeclared, readBody } from './request-body.ts';
import { answerUnrouted } from './unrouted.ts';

/** As `takeFunction`. Rejects with `bad_request` for a post that names none. */
export async function takeRoot(x: Exchange): Promise<undefined | false> {
  if (x.method === 'GET') {
    answerOwn(x, 307, ['location', '/ui/'], empty);
    return false;
  }
  if (x.method !== 'POST') return answerUnrouted(x);
  const name = x.headers['x-function'] ?? (await intentOf(x));
  x.path = functionPath + encodeURIComponent(String(name));
  return takeFunction(x);
}

async function intentOf(x: Exchange): Promise<string> {
  const { bodyMax, services } = x.door.options;
  checkDeclared(x.declared, { bytes: bodyMax, option: '--body-max' });
  if (x.declared !== 0) {
    letSend(x);
    await readBody(x);
    // It is read: nobody waits for it again.
    x.declared = 0;
  }
  const request = readAlexa(x.body);
  if (!request) {
    const detail = 'Provide an x-function header or a valid Alexa SDK request.';
    throw new FuncatronError('bad_request', detail);
  }
  judgeAlexa(services, request);
  return request.intent;
}

/** One operation of the REST API. */
import type { IncomingMessage } from 'node:http';
import type { FuncatronError } from '../errors.ts';
import type { Params } from '../message.ts';
import type { Answer } from './answer.ts';

export interface ApiCall {
  params: Params;
  /** Parsed and checked by the contract; undefined when the operation takes none or streams it. */
  body: unknown;
  request: IncomingMessage;
}

export interface Endpoint {
  /** Takes the request's body as it comes: the contract does not check it. */
  streams?: boolean;
  run(call: ApiCall): Answer | Promise<Answer>;
  /** The answer for an error, where it has a form of its own; undefined: the usual one. */
  refuse?(fault: FuncatronError): Answer | undefined;
}

export type Endpoints = Record<string, Endpoint>;

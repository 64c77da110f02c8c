/** One connection to the bundle's HTTP program that leaves HTTP: raw bytes both ways after 101. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { FuncatronError } from '../errors.ts';
import { Inflow } from '../inflow.ts';
import { request as openRequest } from '../node-http.ts';
import type { Reply } from '../message.ts';
import { replyHeaders } from './http-header.ts';
import type { Forward } from './http-header.ts';
import type { WorkerCall } from './runtime.ts';

export interface UpgradeOptions {
  host: string;
  port: number;
  call: WorkerCall;
  forward: Forward;
  /** What an error on the connection means; resolves to undefined where that says nothing. */
  explain: (error: Error) => Promise<FuncatronError | undefined>;
}

export class UpgradeExchange {
  readonly reply: Promise<Reply>;
  /** Resolves when the program has no more to do with the call; never rejects. */
  readonly ended: Promise<void>;
  readonly #options: UpgradeOptions;
  readonly #request: ClientRequest;
  #body: Inflow | undefined;
  #answer: (reply: Reply) => void = () => undefined;
  #refuse: (error: FuncatronError) => void = () => undefined;

  constructor(options: UpgradeOptions) {
    this.#options = options;
    this.reply = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#refuse = reject;
    });
    const { head } = options.call;
    const { path, headers } = options.forward;
    this.#request = openRequest({
      host: options.host,
      port: options.port,
      method: 'GET',
      path,
      headers: { ...byName(headers), connection: 'Upgrade', upgrade: head.upgrade },
      agent: false,
    });
    this.ended = this.#run();
  }

  /** Fails the call and drops its connection, by which the program learns of it. */
  abort(error: FuncatronError): void {
    this.#refuse(error);
    this.#body?.break(error);
    this.#request.destroy();
  }

  async #run(): Promise<void> {
    const request = this.#request;
    const closed = new Promise<void>((resolve) => request.once('close', resolve));
    request.once('error', (error) => void this.#fail(error));
    request.once('upgrade', (response, socket, first) => this.#carry(response, socket, first));
    request.once('response', (response) => this.#begin(response, response));
    request.end();
    await closed;
    // One that ended well has been answered; this is for the rest.
    if (!this.#body) await this.#fail(new Error('it closed the connection without an answer'));
  }

  /** The program goes on in HTTP: it refused, for instance. That is the answer. */
  #begin({ statusCode: status, headers }: IncomingMessage, source: Readable): Inflow {
    const body = (this.#body = new Inflow({
      onRoom: () => void source.resume(),
      onLeave: () => void this.#request.destroy(),
    }));
    source.on('data', (chunk: Buffer) => void (body.push(chunk) || source.pause()));
    source.on('end', () => body.end());
    source.on('error', (error) => void this.#fail(error));
    source.on('close', () => void this.#fail(new Error('it closed the connection')));
    const { id } = this.#options.call.head;
    const head = { v: 1, action: 'answer', id, status: status!, headers: replyHeaders(headers) };
    this.#answer({ head: head as Reply['head'], body });
    return body;
  }

  #carry(response: IncomingMessage, socket: Duplex, first: Buffer): void {
    const body = this.#begin(response, socket);
    if (first.length > 0) body.push(first);
    void this.#feed(socket);
  }

  /** The client's bytes, as fast as the program takes them. */
  async #feed(socket: Duplex): Promise<void> {
    try {
      for await (const chunk of this.#options.call.body as AsyncIterable<Uint8Array>) {
        if (socket.destroyed) return;
        if (!socket.write(chunk)) await drained(socket);
      }
      socket.end();
    } catch {
      // The client is gone, and the program learns of it by its connection.
      socket.destroy();
    }
  }

  async #fail(error: Error): Promise<void> {
    if (this.#body && !this.#body.isOpen) return;
    const detail = `the program broke the connection: ${error.message}`;
    const fault =
      (await this.#options.explain(error)) ??
      new FuncatronError('func_failed', detail, { cause: error });
    this.#refuse(fault);
    this.#body?.break(fault);
  }
}

function byName(flat: (string | string[])[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let at = 0; at < flat.length; at += 2) headers[String(flat[at])] = flat[at + 1]!;
  return headers;
}

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

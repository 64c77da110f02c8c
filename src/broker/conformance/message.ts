/** Calls, replies and small waits for the conformance cases. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../../errors.ts';
import { FuncatronError } from '../../errors.ts';
import type { Body, Call, CallHead, ControlMessage, Reply } from '../../message.ts';
import { Cancellation } from '../../message.ts';
import type { CallHandler } from '../broker.ts';

export function callOf(text: string | Uint8Array, head: Partial<CallHead> = {}): Call {
  return {
    head: {
      v: 1,
      action: 'call',
      id: randomUUID(),
      method: 'POST',
      scheme: 'http',
      host: 'example.com',
      path: '/echo',
      query: '',
      headers: { 'content-type': 'text/plain', 'x-twice': ['a', 'b'] },
      remote: '127.0.0.1',
      deadline: Date.now() + 10_000,
      ...head,
    },
    body: typeof text === 'string' ? Buffer.from(text) : text,
    cancellation: new Cancellation(),
  };
}

export function replyTo(call: Call, body: Body, status = 200): Reply {
  return { head: { v: 1, action: 'answer', id: call.head.id, status, headers: {} }, body };
}

export function controlOf(action: string): ControlMessage {
  return { v: 1, action, msgId: randomUUID(), from: 'conformance', at: Date.now() };
}

export async function textOf({ body }: { body: Body }): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A handler that answers with the body it got. */
export const echo: CallHandler = async (call) => replyTo(call, call.body);

/** A handler whose calls wait until the test lets them go. */
export class Gate {
  readonly texts: string[] = [];
  readonly #held: (() => void)[] = [];

  readonly handle: CallHandler = async (call) => {
    this.texts.push(await textOf(call));
    await new Promise<void>((resolve) => this.#held.push(resolve));
    return replyTo(call, call.body);
  };

  get held(): number {
    return this.#held.length;
  }

  /** Lets go the calls held, oldest first. */
  release(count = this.#held.length): void {
    for (const resolve of this.#held.splice(0, count)) resolve();
  }
}

/** Waits until something holds; a failure names what did not come. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  waitMs = 20_000,
): Promise<void> {
  const end = Date.now() + waitMs;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `never happened: ${what}`);
    await sleep(2);
  }
}

export async function rejectsWith(promise: Promise<unknown>, code: ErrorCode) {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof FuncatronError, `expected ${code}, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return error;
}

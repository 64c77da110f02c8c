/** The errors of the embedded broker's queues. */
import { FuncatronError } from '../errors.ts';
import type { Call } from '../message.ts';

interface Place {
  readonly name: string;
  readonly consumers: number;
}

export function full({ name }: Place, what: string): FuncatronError {
  const detail = `queue ${name}: ${what}; try again, or raise the limit or the concurrency`;
  return new FuncatronError('queue_full', detail, { headers: { 'retry-after': '1' } });
}

export function expired({ name, consumers }: Place, { head }: Call): FuncatronError {
  const served = consumers > 0 ? '' : '; nobody serves the queue now';
  const detail = `call ${head.id} was not taken from queue ${name} in time${served}`;
  return new FuncatronError('deadline_in_queue', detail);
}

export function unanswered({ name }: Place, { head }: Call): FuncatronError {
  const detail = `call ${head.id} was taken from queue ${name} and not answered in time`;
  return new FuncatronError('deadline_in_runner', detail);
}

export function cancelled({ head }: Call): FuncatronError {
  return new FuncatronError('cancelled', `the caller of ${head.id} went away`);
}

/**
 * Schedules, events and chains call an operation with no more than a body: one that needs
 * parameters can never be called so, which is better known before it happens.
 */
import { Cron } from 'croner';
import { FuncatronError } from '../errors.ts';
import { empty } from '../message.ts';
import type { Issue } from '../message.ts';
import type { Contract, Operation } from './contract.ts';
import { pointerOf } from './pointer.ts';
import { operationById } from './trigger.ts';

/** What is wrong with the triggers and chains of a contract whose operations all compile. */
export function checkTriggers(contract: Contract): Issue[] {
  return contract.operations.flatMap((operation) => {
    const { schedule, on, then } = operation.settings;
    const found: (Issue | undefined)[] = [];
    if (schedule) found.push(checkCron(operation), checkSchedule(operation));
    if (on) found.push(checkParameters(operation, operation, 'on'));
    if (then !== undefined) found.push(checkThen(contract, operation, then));
    return found.filter((issue) => issue !== undefined);
  });
}

function checkCron(operation: Operation): Issue | undefined {
  const { cron, timezone } = operation.settings.schedule!;
  try {
    const job = new Cron(cron, { paused: true, timezone: timezone ?? 'UTC' });
    if (job.nextRun()) return undefined;
    return issue(operation, 'schedule', `"${cron}" never comes`, 'name a day that exists');
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const mend = 'write five fields, such as "0 3 * * *": minute, hour, day, month, weekday';
    return issue(operation, 'schedule', `"${cron}" is no cron expression: ${why}`, mend);
  }
}

/** A schedule has nothing to say but its time: not even a body. */
function checkSchedule(operation: Operation): Issue | undefined {
  const wrong = checkParameters(operation, operation, 'schedule');
  if (wrong) return wrong;
  try {
    operation.body({}, empty);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof FuncatronError)) throw thrown;
    const message = `${operation.operationId} requires a body, and a schedule has none`;
    return issue(operation, 'schedule', message, 'make the body optional');
  }
}

function checkThen(contract: Contract, operation: Operation, then: string): Issue | undefined {
  // Another bundle's is looked for when the call is made: it may be enabled later.
  if (then.includes('#') && !then.startsWith(`${contract.name}#`)) return undefined;
  const name = then.slice(then.indexOf('#') + 1);
  const next = operationById(contract, name);
  const ids = contract.operations.map(({ operationId }) => operationId);
  if (next && ids.indexOf(name) !== ids.lastIndexOf(name))
    return issue(operation, 'then', `several operations are called ${name}`, 'rename one of them');
  if (next) return checkParameters(operation, next, 'then');
  const known = ids.join(', ');
  return issue(operation, 'then', `no operation is called ${name}`, `use one of ${known}`);
}

function checkParameters(at: Operation, called: Operation, key: string): Issue | undefined {
  try {
    called.params({}, '', {});
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof FuncatronError)) throw thrown;
    const names = (thrown.errors ?? []).map(({ at: name }) => name).join(', ');
    const message = `${called.operationId} requires parameters (${names}), which ${key} cannot give`;
    return issue(at, key, message, 'make them optional, or give them defaults');
  }
}

function issue({ template, method }: Operation, key: string, message: string, mend: string): Issue {
  const at = pointerOf(['paths', template, method.toLowerCase(), 'x-funcatron', key]);
  return { in: 'document', at, message, mend };
}

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { FuncatronError } from './errors.ts';
import { createLog, prettyLine } from './log.ts';
import type { Log, LogOptions } from './log.ts';

function record(options: LogOptions = {}): { log: Log; text: () => string } {
  const output = new PassThrough();
  const log = createLog({ ...options, output });
  return { log, text: () => stripVTControlCharacters(String(output.read() ?? '')) };
}

const ids = { requestId: 'r1', bundle: 'shop', sha: 'ab'.repeat(32) };

test('in a pipe every line is JSON, with level, time and what it carries', () => {
  const { log, text } = record();
  log.child({ component: 'func' }).info({ ...ids, count: 3 }, 'hello');
  const line = JSON.parse(text());
  assert.deepEqual(
    { ...line, time: undefined },
    {
      ...{ level: 'info', time: undefined, component: 'func', ...ids, count: 3, msg: 'hello' },
    },
  );
  assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 3_600_000);
});

test('below its level a log is silent', () => {
  const { log, text } = record({ level: 'warn' });
  log.info('no');
  log.child({ component: 'tron' }, { level: 'error' }).warn('no');
  assert.equal(text(), '');
  log.warn('yes');
  assert.match(text(), /yes/);
});

test('on a terminal lines are for people', () => {
  const { log, text } = record({ pretty: true });
  log.warn({ ...ids, left: 3, list: [1] }, 'low stock');
  assert.match(
    text(),
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}shop@abababab \[r1\] low stock left=3 list=\[1\]\n$/,
  );
  log.child({ component: 'tron' }).info('here');
  assert.match(text(), / INFO {2}tron here\n$/);
});

test('an error that is known has its code and no stack of ours; any other has its stack', () => {
  const { log, text } = record();
  const cause = new Error('no space left');
  log.error({ err: new FuncatronError('store_failed', 'cannot write', { cause }) }, 'known');
  assert.deepEqual(JSON.parse(text()).err, {
    code: 'store_failed',
    message: 'cannot write',
    cause: 'no space left',
  });
  log.error({ err: new TypeError('x is undefined') }, 'unknown');
  assert.match(JSON.parse(text()).err.stack, /TypeError: x is undefined\n {4}at /);
  const internal = new FuncatronError('internal', 'x', { cause: new TypeError('deep') });
  log.error({ err: internal }, 'unforeseen');
  assert.match(JSON.parse(text()).err.stack, /deep/);
});

test('a stack follows its line', () => {
  const line = {
    level: 'error',
    time: '2026-01-01T12:00:00.000Z',
    msg: 'oh',
    err: { stack: 'at x' },
  };
  assert.match(stripVTControlCharacters(prettyLine(JSON.stringify(line))), / oh\nat x\n$/);
});

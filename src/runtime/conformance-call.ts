/** Conformance: what a Func is told of a call, and what becomes of what it returns or throws. */
import assert from 'node:assert/strict';
import { FuncatronError } from '../errors.ts';
import { Cancellation } from '../message.ts';
import { pattern, sumOf, wired } from './conformance-subject.ts';
import type { Answer, Case } from './conformance-subject.ts';

export const json = (answer: Answer): Record<string, unknown> =>
  JSON.parse(answer.bytes.toString());

const rejects = (promise: Promise<unknown>, code: string, text = ''): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof FuncatronError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(text), error.message);
    return true;
  });

/** Without a ctx, a program is told of its call and its bundle by variables: these alone. */
const told: Partial<Record<string, RegExp>> = {
  process: /^FUNCATRON_(REQUEST_ID|OPERATION|DEADLINE|AUTH|PROPS|PROGRAM|PARAM_[A-Z]+_\w+)$/,
  http: /^FUNCATRON_(PROPS|PROGRAM)$/,
};

export const callCases: Case[] = [
  {
    name: 'a Func is told of the call',
    async run({ call }) {
      const answer = await call('echo', {
        id: 'the-request-id',
        method: 'PUT',
        query: { n: 7 },
        headers: { 'x-fixture': 'value' },
      });
      assert.equal(answer.status, 200);
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      const facts = json(answer);
      assert.equal(facts['method'], 'PUT');
      assert.equal(facts['path'], '/base/echo');
      assert.equal(facts['requestId'], 'the-request-id');
      assert.equal((facts['headers'] as Record<string, string>)['x-fixture'], 'value');
      if ('query' in facts) assert.equal(facts['query'], 'n=7');
    },
  },
  {
    name: 'the ctx has params, props, bundle and auth',
    only: wired,
    async run({ call, assignment }) {
      const params = {
        path: { id: 5 },
        query: { n: [1, 2] },
        header: { 'x-flag': true },
        cookie: { session: 's' },
      };
      const facts = json(await call('echo', { params }));
      assert.deepEqual(facts['params'], params);
      assert.deepEqual(facts['props'], assignment.props);
      const { name, sha, version } = assignment;
      assert.deepEqual(facts['bundle'], { name, sha, version });
      assert.deepEqual(facts['auth'], { scheme: 'key', subject: 'alice' });
    },
  },
  {
    name: 'the environment is what the assignment says, not the platform’s own',
    fresh: true,
    async run({ call, kind }) {
      const { env } = json(await call('echo')) as { env: string[] };
      assert.ok(env.includes('FIXTURE_ENV'), String(env));
      assert.ok(env.includes('PATH'), String(env));
      const leaked = env.filter(
        (name) => /^(FUNCATRON_|NODE_|npm_)/i.test(name) && !(told[kind] ?? /^$/).test(name),
      );
      assert.deepEqual(leaked, []);
    },
  },
  {
    name: 'text, bytes, nothing, and a status of its own',
    async run({ call, kind }) {
      const text = await call('text');
      assert.equal(text.status, 200);
      assert.equal(text.bytes.toString(), 'grüße, 世界 🎈');
      assert.match(String(text.headers['content-type']), /^text\/plain/);
      const binary = await call('binary');
      assert.deepEqual(binary.bytes, Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)));
      assert.equal(binary.headers['content-type'], 'application/octet-stream');
      const nothing = await call('empty');
      assert.equal(nothing.bytes.length, 0);
      if (kind !== 'process') assert.equal(nothing.status, 204);
      const status = await call('status');
      assert.equal(status.bytes.toString(), 'short and stout');
      if (kind === 'process') return assert.equal(status.status, 200);
      assert.equal(status.status, 418);
      assert.equal(status.headers['x-fixture'], 'teapot');
    },
  },
  {
    name: 'a large answer and a large request',
    async run({ call }) {
      const size = 8 * 1024 * 1024;
      const large = await call('bigBody', { query: { size } });
      assert.equal(large.bytes.length, size);
      assert.equal(Buffer.compare(large.bytes, pattern(size)), 0);
      const body = pattern(size);
      const sum = sumOf(body);
      const headers = { 'content-type': 'application/octet-stream' };
      const got = json(await call('bigBody', { kind: 'binary', body, headers }));
      assert.deepEqual(got, { received: size, sum });
    },
  },
  {
    name: 'a Func that fails fails its call and no other',
    async run({ call, kind, answers }) {
      const other = call('slow', { query: { ms: 30 } });
      if (answers.includes('failure')) assert.equal((await call('fail')).status, 500);
      else await rejects(call('fail'), 'func_failed', kind === 'http' ? '' : 'failed on purpose');
      assert.deepEqual(json(await other), { slept: 30 });
      assert.equal((await call('text')).status, 200);
    },
  },
  {
    name: 'a Func may refuse with a status',
    only: wired,
    async run({ call }) {
      await assert.rejects(call('refuse'), (error) => {
        assert.ok(error instanceof FuncatronError);
        assert.deepEqual([error.code, error.status, error.message], ['func_failed', 409, 'taken']);
        return true;
      });
    },
  },
  {
    name: 'a Func that returns what is no response',
    only: wired,
    run: ({ call }) => rejects(call('nonsense'), 'func_bad_result'),
  },
  {
    name: 'a Func that is missing is named when assigned and when called',
    only: [...wired, 'process'],
    async run({ call, assigned }) {
      assert.deepEqual(
        assigned.missing.map((entry) => entry.operationId),
        ['missing'],
      );
      assert.ok(assigned.missing[0]!.mend.length > 10);
      await rejects(call('missing'), 'func_missing', 'missing');
    },
  },
  {
    name: 'many calls in flight get their own answers',
    async run({ call, kind }) {
      const ids = Array.from({ length: kind === 'process' ? 20 : 500 }, (_, n) => `many-${n}`);
      const answers = await Promise.all(ids.map((id) => call('echo', { id })));
      const got = answers.map((answer) => json(answer)['requestId']);
      assert.deepEqual(got, ids);
    },
  },
  {
    name: 'a cancelled call is given up at once',
    async run({ open, call, logged, worker, kind }) {
      const cancellation = new Cancellation();
      const slow = open('slow', { id: 'gone', query: { ms: 20_000 }, cancellation });
      const answered = rejects(slow, 'cancelled');
      await call('text');
      cancellation.cancel();
      await answered;
      if (wired.includes(kind))
        await logged((line) => line.text === 'slow aborted' && line.requestId === 'gone');
      assert.equal((await call('text')).status, 200);
      while (worker.open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  },
  {
    name: 'a call cancelled before it was made is not made',
    async run({ open }) {
      const cancellation = new Cancellation();
      cancellation.cancel();
      await rejects(open('slow', { query: { ms: 20_000 }, cancellation }), 'cancelled');
    },
  },
  {
    name: 'what a Func logs carries its request id',
    async run({ call, logged, kind }) {
      await call('logs', { id: 'writes-logs' });
      const line = await logged((entry) => entry.text === 'fixture line');
      if (kind !== 'http') assert.equal(line.requestId, 'writes-logs');
      if (!wired.includes(kind)) return;
      const warning = await logged((entry) => entry.text.includes('fixture warning'));
      assert.equal(warning.level, 'warn');
      assert.equal(warning.requestId, 'writes-logs');
      // Loggers of Java have no fields: values follow the text, as the original has it.
      if (kind === 'jvm') assert.match(warning.text, /REQ:writes-logs\] - fixture warning 42$/);
      else assert.deepEqual(warning.fields, { answer: 42 });
    },
  },
];

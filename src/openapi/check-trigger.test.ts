import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDocument } from './check.ts';
import { loadContract } from './load.ts';
import { triggersOf } from './trigger.ts';

function documentOf(settings: object, operation: object = {}, others: object = {}): string {
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    'x-funcatron': { handler: 'a.mjs' },
    paths: {
      '/a': {
        post: {
          operationId: 'a',
          responses: { 200: { description: 'ok' } },
          ...operation,
          'x-funcatron': settings,
        },
      },
      '/b/{id}': {
        get: {
          operationId: 'b',
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
          responses: { 200: { description: 'ok' } },
        },
      },
      ...others,
    },
  });
}

async function issuesOf(settings: object, operation?: object): Promise<string[]> {
  const source = { text: documentOf(settings, operation), file: 'funcatron.yaml' };
  const issues = await checkDocument(source);
  return issues.map(({ at, message }) => `${at}: ${message}`);
}

const at = '/paths/~1a/post/x-funcatron';
const body = { required: true, content: { 'application/json': { schema: { type: 'object' } } } };
const needsQuery = {
  parameters: [{ name: 'n', in: 'query', required: true, schema: { type: 'integer' } }],
};

test('triggers that can work have no issues, and are told of', async () => {
  const settings = {
    schedule: { cron: '0 3 * * mon', timezone: 'Europe/Zurich' },
    on: [{ queue: 'orders' }, { topic: 'news.*' }],
    // oxlint-disable-next-line unicorn/no-thenable -- an object of data, which nobody awaits
    then: 'billing#charge',
  };
  assert.deepEqual(await issuesOf(settings), []);
  const source = { text: documentOf(settings), file: 'funcatron.yaml' };
  const contract = await loadContract(source, { id: 'x' });
  const { schedule, on } = settings;
  assert.deepEqual(triggersOf(contract), [{ operation: 'POST /a', on, schedule }]);
  const plain = await loadContract({ ...source, text: documentOf({}) }, { id: 'y' });
  assert.equal(triggersOf(plain), undefined);
});

// oxlint-disable-next-line unicorn/no-thenable -- objects of data, which nobody awaits
const chain = (next: string) => ({ then: next });

test('what can never be called is refused', async () => {
  for (const [settings, expected, operation] of [
    [{ schedule: '99 * * * *' }, `${at}/schedule: "99 * * * *" is no cron expression`],
    [{ schedule: '0 0 30 2 *' }, `${at}/schedule: "0 0 30 2 *" never comes`],
    [{ schedule: '@daily' }, 'a requires a body, and a schedule has none', { requestBody: body }],
    [{ schedule: '@daily' }, 'a requires parameters (n), which schedule cannot give', needsQuery],
    [{ on: { queue: 'q' } }, 'a requires parameters (n), which on cannot give', needsQuery],
    [chain('c'), `${at}/then: no operation is called c`],
    [chain('shop#c'), 'no operation is called c'],
    [chain('b'), 'b requires parameters (id), which then cannot give'],
    [chain('a b'), `${at}/then: then: "a b" does not fit`],
    [{ on: 'orders' }, `${at}/on: on: "orders" does not say what it names`],
    [{ on: { queue: 'a', topic: 'b' } }, 'does not name one place'],
    [{ on: [{ quue: 'a' }] }, `${at}/on/0/quue: on: quue is not known`],
    [{ on: [] }, 'the list is empty'],
  ] as [object, string, object?][]) {
    const issues = await issuesOf(settings, operation);
    assert.ok(
      issues.some((issue) => issue.includes(expected)),
      `${expected}\n${issues.join('\n')}`,
    );
  }
});

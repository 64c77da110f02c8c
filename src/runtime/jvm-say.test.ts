/** What a bundle of a shared JVM says, sees and waits for is its own: Funcs in `fixture/jvm`. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cancellation } from '../message.ts';
import { json } from './conformance-call.ts';
import { fixtureAssignment } from './conformance.ts';
import { openSubject } from './conformance-subject.ts';
import type { Subject } from './conformance-subject.ts';
import { skipJava } from './fixture/java-tool.ts';
import { buildFixtureJar } from './fixture/jvm/build.ts';
import { JvmRuntime } from './jvm.ts';

const when = { in: 'query', name: 'when', schema: { type: 'string', format: 'date' } };

describe('a bundle of a JVM', { skip: skipJava, timeout: 120_000 }, () => {
  let dir: string;
  let subject: Subject;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fct-'));
    const jar = await buildFixtureJar(dir);
    const assignment = fixtureAssignment(dir, { jar, concurrency: 1, props: {} });
    assignment.funcs = [
      { operationId: 'fixture.Out' },
      { operationId: 'fixture.Env', operation: { parameters: [when] } },
      { operationId: 'fixture.Waits' },
      { operationId: 'fixture.Nowhere' },
      { operationId: 'fixture.Json' },
    ];
    subject = await openSubject({
      kind: 'jvm',
      runtime: new JvmRuntime({ graceMs: 0 }),
      assignment,
    });
  });
  after(async () => {
    await subject.close();
    await rm(dir, { recursive: true });
  });

  test('its lines are of the call, or of the bundle where another thread says them', async () => {
    const id = 'says-it';
    await subject.call('fixture.Out', { id });
    const said = subject.logs.map(({ level, text, requestId }) => [level, text, requestId]);
    assert.deepEqual(
      said.filter(([level]) => level === 'info' || level === 'warn'),
      [
        ['info', 'one two', id],
        ['info', 'three', id],
        ['info', 'four', id],
        ['warn', 'five', id],
        ['warn', 'six', id],
        ['info', `[fixture.Out:GIT:?&REQ:${id}] - seven`, id],
        ['info', 'of the bundle', undefined],
        ['info', 'no end', id],
      ],
    );
    const thrown = subject.logs.find(({ level }) => level === 'error')!;
    assert.match(
      thrown.text,
      /^thread fixture thrower ended: java\.lang\.IllegalState.*caught it\n/,
    );
    assert.equal(thrown.requestId, undefined);
  });

  test('it sees its own variables, however it asks for them', async () => {
    const { all, one, byReference } = json(await subject.call('fixture.Env')) as {
      all: Record<string, string>;
      one: string;
      byReference: string;
    };
    assert.deepEqual([all['FIXTURE_ENV'], one, byReference], ['yes', 'yes', 'yes']);
    assert.equal(all['FUNCATRON_SOCKET'], undefined);
  });

  test('what it lacks is named with what to do about it', () => {
    assert.deepEqual(subject.assigned.missing, [
      {
        operationId: 'fixture.Nowhere',
        mend:
          'write the class fixture.Nowhere, which implements funcatron.intf.Func<T>, ' +
          'or correct the operationId',
      },
      {
        operationId: 'fixture.Json',
        mend: 'class fixture.Json is no Func: let it implement funcatron.intf.Func<T>',
      },
    ]);
  });

  test('a value that is not of its type is refused before the Func runs', async () => {
    const call = subject.call('fixture.Env', { query: { when: '2026-02-30' } });
    const message = 'query parameter when: 2026-02-30 is no date';
    await assert.rejects(call, { status: 400, message });
  });

  test('a call that was given up while it waited for a thread does not run', async () => {
    const { open, worker } = subject;
    const given = (id: string, cancellation: Cancellation): Promise<void> =>
      assert.rejects(open('fixture.Waits', { id, cancellation }), { code: 'cancelled' });
    const [first, second] = [new Cancellation(), new Cancellation()];
    const running = given('runs', first);
    await subject.logged(({ text, requestId }) => text === 'waits' && requestId === 'runs');
    const queued = given('does-not-run', second);
    second.cancel();
    first.cancel();
    await Promise.all([running, queued]);
    while (worker.open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(!subject.logs.some(({ requestId }) => requestId === 'does-not-run'));
  });
});

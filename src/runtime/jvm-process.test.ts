/** What a bundle changes of the process it believes to be its own: Funcs in `fixture/jvm`. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { json } from './conformance-call.ts';
import { fixtureAssignment } from './conformance.ts';
import { openSubject } from './conformance-subject.ts';
import type { Subject } from './conformance-subject.ts';
import { skipJava } from './fixture/java-tool.ts';
import { buildFixtureJar } from './fixture/jvm/build.ts';
import { JvmRuntime } from './jvm.ts';
import type { Assignment } from './runtime.ts';

describe('of the process of a JVM', { skip: skipJava, timeout: 120_000 }, () => {
  let dir: string;
  let jar: string;
  let one: Subject;
  let other: Subject;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fct-'));
    jar = await buildFixtureJar(dir);
  });
  after(() => rm(dir, { recursive: true }));

  const runtime = new JvmRuntime({ graceMs: 0 });
  function open(sha: string, over: Partial<Assignment> = {}): Promise<Subject> {
    const assignment = fixtureAssignment(dir, { sha: sha.padStart(64, '0'), jar, ...over });
    assignment.funcs = ['fixture.Streams', 'fixture.Properties'].map((operationId) => {
      return { operationId };
    });
    return openSubject({ kind: 'jvm', runtime, assignment });
  }
  beforeEach(async () => {
    [one, other] = await Promise.all([open('1'), open('2')]);
    assert.equal(one.worker.pid, other.worker.pid);
  });
  afterEach(() => Promise.all([one.close(), other.close()]));

  const streams = async (subject: Subject, what: string): Promise<unknown> =>
    json(await subject.call('fixture.Streams', { id: what, query: { do: what } }));
  const said = ({ logs }: Subject): string[][] =>
    logs
      .filter(({ level }) => level === 'info' || level === 'warn')
      .map(({ level, text, requestId }) => [level, text, String(requestId)]);

  test('the streams that a bundle sets are its own, and no stream of another', async () => {
    await streams(one, 'take');
    await Promise.all([streams(one, 'say'), streams(other, 'say')]);
    const { kept, in: read, isFirst } = (await streams(one, 'tell')) as Record<string, string>;
    assert.match(
      String(kept),
      /^said\nby reference\njava\.lang\.IllegalStateException: stack\n(\tat .*\n)+by a thread\n$/,
    );
    assert.deepEqual([read, isFirst], [42, false]);
    assert.deepEqual(said(one), [['info', 'to the first', 'say']]);

    const lines = said(other).filter(([, text]) => !text!.startsWith('\tat '));
    assert.deepEqual(lines, [
      ['info', 'said', 'say'],
      ['info', 'by reference', 'say'],
      ['warn', 'java.lang.IllegalStateException: stack', 'say'],
      ['warn', 'by a thread', 'undefined'],
      ['info', 'to the first', 'say'],
    ]);
    assert.deepEqual(await streams(other, 'tell'), { kept: '', in: -1, isFirst: true });
  });

  test('a stream around the one before may be taken away again', async () => {
    assert.equal(await streams(one, 'tee'), true);
    assert.deepEqual(said(one), [
      ['info', 'twice', 'tee'],
      ['info', 'once', 'tee'],
    ]);
    assert.equal(((await streams(one, 'tell')) as { kept: string }).kept, 'twice\n');
    await streams(one, 'take');
    assert.equal(await streams(one, 'tee'), true);
    assert.equal(said(one).length, 2, 'nothing comes to the log any more');
  });

  async function seen(subject: Subject, set = 'no'): Promise<Record<string, unknown>> {
    const answer = json(await subject.call('fixture.Properties', { query: { set } }));
    const { version, ...rest } = answer as Record<string, unknown>;
    if (set !== 'other') assert.match(String(version), /^\d/);
    return rest;
  }
  const nothing = {
    ...{ text: null, reference: 'none', yes: false, integer: null, integers: 1, longs: 2 },
    ...{ notANumber: 3, cleared: null, java: null },
  };
  const all = {
    ...{ text: 'a', reference: 'a', yes: true, integer: 16, integers: 16, longs: 16 },
    ...{ notANumber: 3, cleared: '0x10', java: null },
  };
  const cleared = { ...all, integer: null, integers: 1, longs: 2, cleared: null };

  test('system properties that a bundle sets are seen by all its classes, by no other', async () => {
    assert.deepEqual(await seen(one, 'yes'), all);
    assert.deepEqual(await seen(one), cleared);
    assert.deepEqual(await seen(other), nothing);
    assert.deepEqual(await seen(other, 'other'), { ...nothing, text: 'b', reference: 'b' });
    assert.deepEqual(await seen(one), cleared);
    assert.deepEqual(await seen(other, 'back'), nothing);
    await seen(one, 'yes');
    const [warning, ...more] = said(one);
    assert.match(
      warning![1]!,
      /^the system property user\.fixture is set for .*\{own: true\} give/,
    );
    assert.deepEqual(more, []);
  });

  test('in a JVM of its own, what a bundle sets is seen by Java, too', async (t) => {
    const alone = await open('3', { jvm: { own: true, options: ['-Dfixture.yes=true'] } });
    t.after(() => alone.close());
    assert.equal((await seen(alone))['yes'], true);
    assert.deepEqual(await seen(alone, 'yes'), { ...all, java: 'a' });
    assert.deepEqual(said(alone), []);
  });
});

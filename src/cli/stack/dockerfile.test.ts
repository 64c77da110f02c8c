import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fillLimits } from '../../bundle/limit.ts';
import { readDockerfile } from './dockerfile.ts';
import { substitute } from './stack-file.ts';

async function read(lines: string[], args: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'df-'));
  const files = { Dockerfile: lines.join('\n'), '.dockerignore': '*.md', ...context };
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    const { env, files: made, warnings } = await readDockerfile(dir, args, fillLimits(), 'fn');
    const runnable = made.filter(({ executable }) => executable).map(({ path }) => path);
    return { env, warnings, runnable, paths: made.map(({ path }) => path).toSorted() };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const context = { 'app/run.py': 'x', 'app/lib/a.py': 'x', 'app/README.md': 'x', 'one.sh': 'x' };

test('files, variables and the program are those of the last stage', async () => {
  const { env, paths, runnable, warnings } = await read(
    [
      '# a comment',
      'ARG TAG=3',
      'FROM python:${TAG} AS base',
      'ENV FROM_BASE=1 TWO="a b"',
      'WORKDIR /home/app',
      'COPY --chown=app app/ .',
      'FROM other AS build',
      'COPY one.sh /tools/one.sh',
      'FROM base',
      'ARG MODE',
      'COPY --from=build /tools/one.sh /usr/bin/one.sh',
      'run chmod +x /usr/bin/one.sh',
      'ENV mode=$MODE \\',
      '    OLD=${FROM_BASE}x',
      'ENV LEGACY some words',
      'ENTRYPOINT ["fwatchdog"]',
      'ENV fprocess="python3 /home/app/run.py"',
    ],
    { MODE: 'warm' },
  );
  assert.deepEqual(paths, ['lib/a.py', 'run.py', 'usr/bin/one.sh']);
  assert.deepEqual(runnable, ['usr/bin/one.sh']);
  assert.deepEqual(warnings, []);
  assert.deepEqual(env, {
    ...{ FROM_BASE: '1', TWO: 'a b', mode: 'warm', OLD: '1x', LEGACY: 'some words' },
    fprocess: 'python3 ./run.py',
  });
});

test('a program without a watchdog is a server, in either form of CMD', async () => {
  for (const cmd of ['CMD ["python3", "/app/run.py"]', 'CMD python3 /app/run.py']) {
    const { env } = await read(['FROM a', 'WORKDIR /app', 'COPY app /app', cmd]);
    assert.deepEqual(env, { fprocess: 'python3 ./run.py', mode: 'http' });
  }
});

test('what cannot be done is said with its line', async () => {
  const bad: [lines: string[], said: RegExp][] = [
    [['FROM a', 'COPY --from=golang:1 /bin/x /x', 'CMD x'], /Dockerfile:2: .*built or pulled/],
    [['FROM a', 'COPY gone .', 'CMD x'], /Dockerfile:2: there is no gone/],
    [['FROM a', 'ADD https://a/b .', 'CMD x'], /Dockerfile:2: .*not fetched/],
    [['FROM a'], /names no program/],
    [['ENV a=b'], /begins with no FROM/],
  ];
  for (const [lines, message] of bad)
    await assert.rejects(read(lines), { code: 'build_failed', message });
  const { warnings } = await read([
    'FROM a',
    'RUN make',
    'RUN chmod +x a && b',
    'ENV fprocess=cat',
  ]);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0]!, /Dockerfile:2: RUN is not run/);
});

test('variables of a stack have defaults', () => {
  const env = { A: 'a', EMPTY: '' };
  const pairs = {
    '${A} ${B:-b} ${EMPTY:-e} ${EMPTY-e} ${C}': 'a b e  ',
    '$A ${A:-x}/${B:-y/z}': '$A a/y/z',
  };
  for (const [text, filled] of Object.entries(pairs)) assert.equal(substitute(text, env), filled);
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createLog } from '../log.ts';
import type { WorkerExit } from '../runtime/runtime.ts';
import { WarmWorkers } from './warm.ts';

describe('warm workers', () => {
  let socketDir = '';
  const open: WarmWorkers[] = [];
  beforeEach(() => void (socketDir = mkdtempSync(join(tmpdir(), 'fn-'))));
  afterEach(async () => {
    for (const warm of open.splice(0)) await warm.close();
    rmSync(socketDir, { recursive: true, force: true });
  });

  function workers(count: number): WarmWorkers {
    const log = createLog({ level: 'silent' });
    const memory = join(socketDir, 'kinds');
    const warm = new WarmWorkers({ count, start: { socketDir }, memory, log });
    open.push(warm);
    return warm;
  }

  const nobody = { onLog: () => undefined, onExit: () => undefined };

  test('the worker that waits is the one that is given, and another takes its place', async () => {
    const warm = workers(1);
    await warm.fill('node');
    await until(() => warm.pids('node').length === 1);
    const [waiting] = warm.pids('node');
    const worker = await warm.take('node', nobody);
    assert.equal(worker.pid, waiting);
    await until(() => warm.pids('node').length === 1);
    assert.notEqual(warm.pids('node')[0], waiting);
    worker.kill();
  });

  test('one that died while it waited is not given', async () => {
    const warm = workers(1);
    await warm.fill('node');
    await until(() => warm.pids('node').length === 1);
    const [waiting] = warm.pids('node');
    process.kill(waiting!, 'SIGKILL');
    await until(() => warm.pids('node').length === 0);
    const worker = await warm.take('node', nobody);
    assert.notEqual(worker.pid, waiting);
    worker.kill();
  });

  test('with none kept, each is started when it is needed, and its exit is told', async () => {
    const warm = workers(0);
    const { promise, resolve } = Promise.withResolvers<WorkerExit>();
    const worker = await warm.take('node', { ...nobody, onExit: resolve });
    worker.kill();
    assert.equal((await promise).signal, 'SIGKILL');
    assert.deepEqual(warm.pids('node'), []);
  });

  test('the next runner on the same folder has them waiting at once', async () => {
    await workers(1).fill('node');
    await until(() => readOr(join(socketDir, 'kinds')) === 'node');
    const next = workers(1);
    await next.recall();
    await until(() => next.pids('node').length === 1);
  });
});

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

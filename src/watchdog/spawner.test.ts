import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDirect, spawnProgram } from './direct.ts';
import { cleanEnv } from './environment.ts';
import { allGone, leftovers, uniqueSleep } from './fixture/leftover.ts';
import { describeExit, stopProgram } from './program.ts';
import type { Program, Spawner } from './program.ts';
import { openSpawner } from './spawner.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixture/${name}`, import.meta.url));

const limits = { timeout: 30_000 };

async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The first line of output: what the fixture says when it is where the test wants it. */
async function told(program: Program): Promise<string> {
  const [chunk] = (await once(program.stdout, 'data')) as [Buffer];
  program.stdout.resume();
  return chunk.toString();
}

const kinds: [string, (env: Record<string, string>) => Promise<Spawner>][] = [
  ['a helper', openSpawner],
  ['no helper', async (env) => openDirect(env)],
];

for (const [name, open] of kinds) {
  describe(`programs started with ${name}`, limits, () => {
    let spawner: Spawner;
    before(async () => {
      spawner = await open(cleanEnv({ BASE: 'base' }));
    });
    after(() => spawner.close());

    const start = (file: string, args: string[] = [], stdin = false): Promise<Program> =>
      spawner.spawn({ file, argv: [file, ...args], cwd: tmpdir(), env: { OWN: 'grüße' }, stdin });

    test('input, output, variables, folder and name', async () => {
      const script = 'cat; echo "$BASE $OWN $0 $1"; pwd; echo oops >&2';
      const program = await spawner.spawn({
        file: '/bin/sh',
        argv: ['name', '-c', script, 'zero', 'a b\nc'],
        cwd: '/usr',
        env: { OWN: 'grüße' },
        stdin: true,
      });
      program.stdin!.end('in\n');
      const [out, errors] = await Promise.all([read(program.stdout), read(program.stderr)]);
      assert.equal(out.toString(), 'in\nbase grüße zero a b\nc\n/usr\n');
      assert.equal(errors.toString(), 'oops\n');
      assert.deepEqual(await program.exited, { code: 0, signal: null });
    });

    test('without input, standard input is at its end', async () => {
      const program = await start('/bin/cat');
      assert.equal(program.stdin, undefined);
      assert.equal((await read(program.stdout)).length, 0);
    });

    test('exits are told: status, signal, what is missing, what may not be run', async () => {
      const ends = async (program: Promise<Program>) => describeExit(await (await program).exited);
      assert.equal(await ends(start('/bin/sh', ['-c', 'exit 3'])), 'exit status 3');
      assert.equal(await ends(start(fixture('segfault.sh'))), 'signal SIGSEGV');
      assert.equal(await ends(start('/no/such/file')), 'error ENOENT at its start');
      const dir = await mkdtemp(join(tmpdir(), 'fct-'));
      try {
        const file = join(dir, 'program.sh');
        await copyFile(fixture('segfault.sh'), file);
        await chmod(file, 0o644);
        assert.equal(await ends(start(file)), 'error EACCES at its start');
      } finally {
        await rm(dir, { recursive: true });
      }
    });

    test('a program may close its input early', async () => {
      const program = await start(fixture('close-stdin.sh'), [], true);
      const broken = once(program.stdin!, 'error');
      program.stdin!.write(new Uint8Array(4_000_000));
      assert.equal((await read(program.stdout)).toString(), 'closed\n');
      const [error] = (await broken) as [NodeJS.ErrnoException];
      assert.ok(['EPIPE', 'ECONNRESET'].includes(String(error.code)), error.message);
      assert.equal((await program.exited).code, 0);
    });

    test('a program may write before it reads', async () => {
      const program = await start(fixture('write-first.pl'), [], true);
      program.stdin!.end(Buffer.alloc(2_000_000));
      const out = await read(program.stdout);
      assert.equal(out.length, 1_000_007);
      assert.equal(out.subarray(-7).toString(), '2000000');
    });

    test('a hundred megabytes come through, and nothing does', async () => {
      let bytes = 0;
      const flood = await start(fixture('flood.pl'));
      for await (const chunk of flood.stdout) bytes += (chunk as Buffer).length;
      assert.equal(bytes, 1600 * 65536);
      const silent = await start('/bin/true');
      assert.equal((await read(silent.stdout)).length, 0);
      assert.equal((await silent.exited).code, 0);
    });

    test('one that ignores SIGTERM is killed', async () => {
      const token = uniqueSleep();
      const program = await start(fixture('stubborn.sh'), [token]);
      assert.equal(await told(program), 'ready\n');
      assert.deepEqual(await stopProgram(program, 20), { code: null, signal: 'SIGKILL' });
      await allGone(token);
    });

    test('what is left in its group is swept', async () => {
      const token = uniqueSleep();
      const program = await start('/bin/sh', ['-c', `sleep ${token} & echo left`]);
      assert.equal(await told(program), 'left\n');
      await program.exited;
      assert.equal((await leftovers(token)).length, 1);
      program.sweep();
      await allGone(token);
    });

    test('standard error comes with the output, in order', async () => {
      const line = 'echo 1; echo 2 >&2; echo 3; echo "$0 $1" >&2; exit 4';
      const argv = ['sh', '-c', line, 'a b', "'c'"];
      const env = {};
      const program = await spawner.spawn({
        ...{ file: '/bin/sh', argv, cwd: '/', env, stdin: false, merges: true },
      });
      const [output, errors] = await Promise.all([read(program.stdout), read(program.stderr)]);
      assert.equal(output.toString(), "1\n2\n3\na b 'c'\n");
      assert.equal(errors.length, 0);
      assert.equal((await program.exited).code, 4);
      program.sweep();
    });

    test('many at once', async () => {
      const run = async (n: number): Promise<void> => {
        const program = await start('/bin/sh', ['-c', `cat; exit ${n}`], true);
        program.stdin!.end(String(n));
        assert.equal((await read(program.stdout)).toString(), String(n));
        assert.equal((await program.exited).code, n);
        program.sweep();
      };
      await Promise.all(Array.from({ length: 50 }, (_, n) => run(n)));
    });

    test('closing ends what runs', async () => {
      const token = uniqueSleep();
      const other = await open(cleanEnv());
      const spec = { file: '/bin/sleep', argv: ['sleep', token], cwd: '/', env: {}, stdin: false };
      const program = await other.spawn(spec);
      await other.close();
      assert.equal((await program.exited).signal, 'SIGKILL');
      await allGone(token);
    });
  });
}

describe('the helper', { ...limits, skip: process.platform !== 'linux' }, () => {
  const spec = (...argv: string[]) => ({ file: argv[0]!, argv, cwd: '/', env: {}, stdin: false });

  test('finds those that left the group, once the program is done', async () => {
    const spawner = await openSpawner(cleanEnv());
    const token = uniqueSleep();
    const other = uniqueSleep();
    const running = await spawner.spawn(spec(fixture('daemons.sh'), other, 'wait'));
    assert.equal(await told(running), 'left\n');
    const program = await spawner.spawn(spec(fixture('daemons.sh'), token));
    await told(program);
    await program.exited;
    program.sweep();
    // All but the one without variables, of which nobody knows whose it is while others run.
    while ((await leftovers(token)).length > 1);
    assert.ok((await leftovers(other)).length >= 5, String(await leftovers(other)));
    await stopProgram(running, 20);
    await Promise.all([allGone(token), allGone(other)]);
    await spawner.close();
  });

  test('has pipes for standard streams, which can be opened by name', async () => {
    const spawner = await openSpawner(cleanEnv());
    const program = await spawner.spawn(spec('/bin/sh', '-c', 'echo named > /dev/stderr'));
    assert.equal((await read(program.stderr)).toString(), 'named\n');
    await spawner.close();
  });

  test('refuses what would be taken for something else', async () => {
    const spawner = await openSpawner(cleanEnv());
    const sneaky = { ...spec('/bin/true'), env: { A: 'b\0LD_PRELOAD=evil.so' } };
    await assert.rejects(spawner.spawn(sneaky), { code: 'EINVAL' });
    await spawner.close();
  });

  test('is done without when it dies, and its programs die with it', async () => {
    const spawner = await openSpawner(cleanEnv());
    const token = uniqueSleep();
    const program = await spawner.spawn(spec('/bin/sleep', token));
    process.kill(spawner.pid!, 'SIGKILL');
    assert.equal((await program.exited).signal, 'SIGKILL');
    await allGone(token);
    const next = await spawner.spawn(spec('/bin/echo', 'still here'));
    assert.equal((await read(next.stdout)).toString(), 'still here\n');
    await spawner.close();
  });

  test('ends everything when its runner is killed', async () => {
    const token = uniqueSleep();
    const runner = spawn(process.execPath, [fixture('runner.ts'), token]);
    await once(runner.stdout, 'data');
    assert.ok((await leftovers(token)).length >= 2);
    runner.kill('SIGKILL');
    await once(runner, 'exit');
    await allGone(token);
  });
});

test('a program is started by its name, and one that is missing is told of', limits, async () => {
  const program = spawnProgram({ command: ['sh', '-c', 'echo hi'], env: cleanEnv() });
  assert.equal((await read(program.stdout)).toString(), 'hi\n');
  assert.equal(program.exit ?? (await program.exited), program.exit);
  const missing = spawnProgram({ command: ['no-such-program'], env: cleanEnv() });
  assert.equal(missing.pid, 0);
  assert.equal((await missing.exited).errno, 'ENOENT');
  const huge = spawnProgram({ command: ['true'], env: { BIG: 'x'.repeat(200_000) } });
  assert.equal((await huge.exited).errno, 'E2BIG');
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { openPlace } from './fixture/place.ts';
import type { Place } from './fixture/place.ts';
import { startProgram } from './fixture/program.ts';
import { jsProject } from './fixture/project.ts';
import { recordingTerminal } from './fixture/terminal.ts';
import { run } from './run.ts';

const code = `
exports.hello = (_, ctx) => {
  console.log('printed');
  ctx.log.warn('low stock', { left: 3 });
  return 'hello';
};
`;

let place: Place;
before(async () => {
  place = await openPlace();
  const shop = jsProject({}, code);
  await place.run(['deploy', shop.dir]);
  shop.close();
});
after(() => place.close());

const call = async (id: string): Promise<void> => {
  const answer = await fetch(`${place.url}/shop/hello`, { headers: { 'x-request-id': id } });
  assert.equal(answer.status, 200);
};

/** Lines of Funcs arrive in small batches. */
const untilLogged = async (id: string): Promise<string[]> => {
  for (;;) {
    const { output } = await place.run(['logs', '--request', id]);
    const lines = output.split('\n').filter((line) => line !== '');
    if (lines.length >= 2) return lines;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

test('JSON lines in a pipe: request, bundle and SHA on every one', async () => {
  await call('call-1');
  const lines = (await untilLogged('call-1')).map((line) => JSON.parse(line));
  assert.deepEqual(
    lines
      .map(({ text, level }) => [text, level])
      .toSorted((a, b) => a.join().localeCompare(b.join())),
    [
      ['low stock', 'warn'],
      ['printed', 'info'],
    ],
  );
  for (const line of lines) {
    assert.equal(line.requestId, 'call-1');
    assert.equal(line.bundle, 'shop');
    assert.match(line.sha, /^[0-9a-f]{64}$/);
    assert.ok(Math.abs(line.at - Date.now()) < 3_600_000);
  }
});

test('only what is asked for', async () => {
  await call('call-2');
  await untilLogged('call-2');
  const texts = async (...argv: string[]): Promise<string[]> => {
    const { output, said } = await place.run(['logs', '--json', ...argv]);
    assert.equal(said, '');
    const lines = output.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line).text as string);
  };
  assert.deepEqual(await texts('--level', 'warn', '--request', 'call-2'), ['low stock']);
  assert.equal((await texts('--tail', '1')).length, 1);
  assert.deepEqual(await texts('--bundle', 'another'), []);
});

test('readable lines on a terminal', async () => {
  await call('call-3');
  await untilLogged('call-3');
  const { output } = await place.run(['logs', '--request', 'call-3'], { isTty: true });
  assert.match(
    stripVTControlCharacters(output),
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}shop@[0-9a-f]{8} \[call-3\] low stock left=3$/m,
  );
});

test('--follow goes on as lines come, and ends cleanly on Ctrl-C', async () => {
  const program = startProgram(['logs', '-f', '--tail', '0', '--tron', place.tron]);
  await followed(() => program.output !== '');
  program.child.kill('SIGINT');
  const { code: exit, signal } = await program.ended;
  assert.deepEqual([exit, signal, program.said], [0, null, '']);
  for (const line of program.output.trim().split('\n')) JSON.parse(line);
});

test('--follow ends when nobody reads on', async () => {
  const unread = new AbortController();
  const terminal = recordingTerminal({ unread: unread.signal });
  const ended = run(['logs', '-f', '--tron', place.tron], terminal);
  await terminal.until(/low stock/);
  unread.abort();
  assert.equal(await ended, 0);
  assert.equal(terminal.said, '');
});

test('--follow says so when the Tron goes away, and exits with 1', async () => {
  const other = await openPlace();
  const terminal = recordingTerminal();
  const ended = run(['logs', '-f', '--tron', other.tron], terminal);
  const shop = jsProject({}, code);
  await other.run(['deploy', shop.dir]);
  shop.close();
  await fetch(`${other.url}/shop/hello`);
  await terminal.until(/low stock/);
  await other.close();
  assert.equal(await ended, 1);
  assert.match(terminal.said, /^error unreachable: the Tron at .* went away/);
});

/** Calls until somebody who has just begun to follow has seen it. */
async function followed(isSeen: () => boolean): Promise<void> {
  for (let id = 0; !isSeen(); id++) {
    await call(`followed-${id}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

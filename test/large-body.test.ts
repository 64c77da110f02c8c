/**
 * Bodies of any size at memory that stays flat: up and down, through every runtime, in one process
 * and past a broker. 256 MiB each, or what FUNCATRON_LARGE_BODY says, such as 2Gi.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { showBytes } from '../src/unit.ts';
import { deploy } from './fixture/bundle.ts';
import { down, kinds, largeBundle, largeBytes, mib, up, watched } from './fixture/large.ts';
import type { Kind } from './fixture/large.ts';
import { descendantsOf, until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import { startTestServer, whyNoServer } from './server/start.ts';

const size = largeBytes;

/** Both ways once, then both ways with a large body; `roles` are named in what is printed. */
async function through(
  kind: Kind,
  { tron, door, roles }: { tron: Server; door: Server; roles: Record<string, Server> },
  say: (text: string) => void,
): Promise<void> {
  await deploy(tron, largeBundle(kind));
  const url = `${door.door}/${kind}`;
  await until(async () => (await fetch(`${url}/down?size=0`)).status === 200);
  assert.equal(await up(`${url}/up`, mib), mib);
  assert.equal(await down(`${url}/down`, mib), mib);
  const named = Object.entries(roles).map(([name, { pid }]) => ({ name, pid }));
  const below = named.flatMap(({ pid }) => descendantsOf(pid));
  for (const [way, run] of Object.entries({ up, down })) {
    const pids = [...named.map(({ pid }) => pid), ...below];
    const { result, growth, seconds } = await watched(pids, () => run(`${url}/${way}`, size));
    assert.equal(result, size);
    const each = named.map(({ name }, at) => `${name} +${growth[at]}`);
    const worker = Math.max(0, ...growth.slice(named.length));
    const rate = (size / mib / seconds).toFixed(0);
    say(
      `${kind}, ${named.length > 1 ? 'past the broker' : 'in serve'}, ${way}: ${rate} MiB/s; peak ${each.join(', ')}, worker +${worker} MiB`,
    );
  }
}

describe(`${showBytes(size)} up and down, memory flat`, () => {
  const stage = new Stage();
  let server: Promise<Server> | undefined;
  after(() => stage.close());
  for (const kind of kinds)
    test(`through ${kind}`, async (t) => {
      const serve = await (server ??= stage.serve({ flags: ['--reply-max', '16Gi'] }));
      const place = { tron: serve, door: serve, roles: { serve } };
      await through(kind, place, (text) => t.diagnostic(text));
    });
});

describe(`${showBytes(size)} past a broker`, { skip: whyNoServer('nats') }, () => {
  test('through a frontend and a runner, memory flat', async (t) => {
    const stage = new Stage();
    const broker = await startTestServer('nats');
    t.after(async () => {
      await stage.close();
      await broker.stop();
    });
    const flags = ['--broker', broker.url];
    const tron = await stage.role('tron', flags);
    const [frontend, runner] = await Promise.all([
      stage.role('frontend', flags),
      stage.role('runner', [...flags, '--direct-host', '127.0.0.1'], 'r'),
    ]);
    const place = { tron, door: frontend, roles: { frontend, runner } };
    for (const kind of ['node', 'python'] as const)
      await through(kind, place, (text) => t.diagnostic(text));
  });
});

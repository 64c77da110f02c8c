import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createLog } from '../../log.ts';
import { callOf, rejectsWith, textOf, until } from '../conformance/message.ts';
import { Journal } from './journal.ts';
import type { JournalOptions, Kept } from './journal.ts';
import { MemoryBroker } from './memory.ts';
import type { CallState } from './stored.ts';

const run = promisify(execFile);
let root: string;
let dir: string;
let count = 0;
let lines: string[];

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'journal-'));
});
after(() => rm(root, { recursive: true, force: true }));
beforeEach(() => {
  dir = join(root, String(count++));
  lines = [];
});

function open(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const output = { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream;
  const log = createLog({ output, pretty: false });
  return Journal.open({ dir, bytesMax: 2 ** 30, segmentBytesMax: 2 ** 20, log, ...options });
}

function append(journal: Journal, text: string): Promise<Kept> {
  const { head, body } = callOf(text);
  const state: CallState = {
    queue: 'q',
    callId: head.id,
    at: Date.now(),
    notBefore: 0,
    async: { acceptedAt: 1, tries: 0 },
  };
  return journal.append(state, head, 1000, body as Uint8Array);
}

async function texts(journal: Journal): Promise<string[]> {
  const calls = [...journal.calls.values()];
  return Promise.all(calls.map(async (kept) => textOf(await journal.read(kept))));
}

async function files(): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.journal'));
  return names.sort().map((name) => join(dir, name));
}

/** The journal may remove a file while this looks. */
async function bytesOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function folderBytes(): Promise<number> {
  const sizes = await Promise.all((await files()).map(bytesOf));
  return sizes.reduce((sum, size) => sum + size, 0);
}

test('what was appended is there after a restart, with what became of it', async () => {
  let journal = await open();
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((text) => append(journal, text)));
  journal.done(a!);
  journal.update(b!, { notBefore: 77, async: { acceptedAt: 1, tries: 2 } });
  journal.update(c!, { queue: 'tron.dead' });
  await journal.close();
  journal = await open();
  assert.deepEqual(await texts(journal), ['b', 'c']);
  const states = [...journal.calls.values()].map(({ state }) => state);
  assert.deepEqual(states[0], {
    ...b!.state,
    notBefore: 77,
    async: { acceptedAt: 1, tries: 2 },
  });
  assert.equal(states[1]!.queue, 'tron.dead');
  await journal.close();
  assert.deepEqual(lines, []);
});

test('a second process may not use the folder', async () => {
  const journal = await open();
  const error = await rejectsWith(open(), 'option_invalid');
  assert.match(error.message, /in use/);
  await journal.close();
  await (await open()).close();
});

test('an append that never finished is cut off, and those before it are kept', async () => {
  let journal = await open();
  await append(journal, 'whole');
  await append(journal, 'second');
  await journal.close();
  const [file] = await files();
  const bytes = await readFile(file!);
  for (const cut of [1, 5, 20, 60]) {
    await writeFile(file!, bytes.subarray(0, bytes.length - cut));
    journal = await open();
    assert.deepEqual(await texts(journal), ['whole'], `${cut} bytes short`);
    await journal.close();
  }
  assert.ok(lines.every((line) => line.includes('unfinished append')));
  lines = [];
  await appendFile(file!, Buffer.alloc(100));
  journal = await open();
  assert.deepEqual(await texts(journal), ['whole']);
  await journal.close();
  assert.equal(lines.length, 1);
});

test('a corrupt stretch is reported and set aside, and what follows is kept', async () => {
  let journal = await open();
  const kept = [];
  for (const text of ['first', 'second', 'third']) kept.push(await append(journal, text));
  await journal.close();
  const [file] = await files();
  const bytes = await readFile(file!);
  bytes[kept[1]!.offset + 200]! ^= 1;
  await writeFile(file!, bytes);
  journal = await open();
  assert.deepEqual(await texts(journal), ['first', 'third']);
  await journal.close();
  assert.match(lines.join(''), /journal is corrupt here/);
  const [copy] = await readdir(join(dir, 'corrupt'));
  const { offset, bytes: size } = kept[1]!;
  const aside = await readFile(join(dir, 'corrupt', copy!));
  assert.ok(aside.equals(bytes.subarray(offset, offset + size)));
  lines = [];
  journal = await open();
  assert.deepEqual(await texts(journal), ['first', 'third']);
  await journal.close();
  assert.deepEqual(lines, [], 'reported once');
});

test('a body that holds a whole record is no record', async () => {
  let journal = await open();
  await append(journal, 'inner');
  await journal.close();
  const inner = await readFile((await files())[0]!);
  journal = await open();
  const { head } = callOf('');
  const state = { queue: 'q', callId: '', at: 0, notBefore: 0, async: { acceptedAt: 0, tries: 0 } };
  const outer = await journal.append(state, head, 1000, inner);
  await append(journal, 'last');
  await journal.close();
  const file = (await files()).at(-1)!;
  const bytes = await readFile(file);
  bytes[outer.offset + 30]! ^= 1;
  await writeFile(file, bytes);
  journal = await open();
  assert.deepEqual(await texts(journal), ['inner', 'last']);
  await journal.close();
});

test('files go when what is in them is done, however long one call stays', async () => {
  const segmentBytesMax = 20_000;
  let journal = await open({ segmentBytesMax });
  await append(journal, 'stays');
  for (let round = 0; round < 40; round++) {
    const some = await Promise.all(
      Array.from({ length: 10 }, () => append(journal, 'x'.repeat(500))),
    );
    for (const kept of some) journal.done(kept);
  }
  await append(journal, 'last');
  assert.deepEqual((await texts(journal)).toSorted(), ['last', 'stays']);
  assert.ok((await folderBytes()) < 3 * segmentBytesMax, `${await folderBytes()} bytes`);
  await journal.close();
  journal = await open({ segmentBytesMax });
  assert.deepEqual((await texts(journal)).toSorted(), ['last', 'stays']);
  await journal.close();
});

test('many restarts do not leave many files', async () => {
  for (let start = 0; start < 25; start++) {
    const journal = await open();
    await append(journal, `start ${start}`);
    await journal.close();
  }
  const journal = await open();
  assert.equal((await texts(journal)).length, 25);
  await journal.close();
  assert.ok((await files()).length < 12, `${(await files()).length} files`);
});

test('a full journal refuses, names its option, and takes more when some are done', async () => {
  const journal = await open({ bytesMax: 3000 });
  const first = await append(journal, 'x'.repeat(2000));
  const error = await rejectsWith(append(journal, 'x'.repeat(2000)), 'journal_failed');
  assert.match(error.message, /--journal-max/);
  const { head } = callOf('');
  const state = { ...first.state, queue: 'tron.calls' };
  await journal.append(state, head, 1000, Buffer.alloc(100));
  const event = journal.append(state, head, 1000, Buffer.alloc(1000));
  await rejectsWith(event, 'journal_failed');
  journal.done(first);
  await append(journal, 'x'.repeat(1500));
  await journal.close();
});

test('a folder that cannot be made is an error, not a crash', async () => {
  await writeFile(dir, 'a file');
  const error = await rejectsWith(open(), 'journal_failed');
  assert.match(error.message, new RegExp(dir));
});

describe('a full disk', { skip: process.getuid?.() === 0 ? false : 'needs root to mount' }, () => {
  test('refuses what does not fit, and keeps nothing of it', async (t) => {
    await mkdir(dir);
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', dir]);
    } catch {
      return t.skip('this machine does not let root mount a tmpfs');
    }
    try {
      let journal = await open();
      const accepted: Kept[] = [];
      const all = Array.from({ length: 30 }, (_, index) =>
        append(journal, `${index} ${'x'.repeat(20_000)}`).then(
          (kept) => accepted.push(kept),
          (error) => assert.equal(error.code, 'journal_failed'),
        ),
      );
      await Promise.all(all);
      await append(journal, 'small').catch(() => undefined);
      for (const text of ['y', 'z']) await append(journal, text.repeat(20_000)).catch(() => 0);
      const before = await texts(journal);
      await journal.close();
      journal = await open();
      assert.deepEqual(await texts(journal), before);
      for (const kept of journal.calls.values()) journal.done(kept);
      await until('there is room again', () =>
        append(journal, 'room').then(
          () => true,
          () => false,
        ),
      );
      await journal.close();
      assert.ok(accepted.length < 30);
    } finally {
      await run('umount', [dir]);
    }
  });
});

test('kill -9 loses nothing that was accepted', async () => {
  const accepted: number[] = [];
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [
      join(import.meta.dirname, 'fixture/publish-loop.ts'),
      dir,
    ]);
    const closed = new Promise((resolve) => child.once('close', resolve));
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    await until('some were accepted', () => output.length > 200);
    await sleep(Math.random() * 50);
    child.kill('SIGKILL');
    await closed;
    const whole = output.slice(0, output.lastIndexOf('\n'));
    accepted.push(...whole.split('\n').map(Number));
  }
  const log = createLog({ level: 'silent' });
  const broker = await MemoryBroker.open({ log, dataDir: dir, queueMax: 1_000_000 });
  const journal = await texts(broker.outbox!.journal);
  const numbers = journal.map((text) => Number(text.split(' ')[1]));
  const missing = accepted.filter((number) => !numbers.includes(number));
  assert.deepEqual(missing, []);
  await broker.close();
});

import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findCommand } from './command.ts';

let root: string;
let dir: string;
const path = '/usr/bin:/bin';

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'fct-'));
  dir = join(root, 'bundle');
  await mkdir(join(dir, 'bin'), { recursive: true });
});
after(() => rm(root, { recursive: true }));

async function add(name: string, text: string, mode = 0o755): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, text, { mode });
  return file;
}

async function mend(...command: string[]): Promise<string> {
  const found = await findCommand(command, { dir, path });
  assert.ok('mend' in found, JSON.stringify(found));
  return found.mend;
}

test('a name is found in the bundle, then on PATH', async () => {
  const own = await add('own', '#!/bin/sh\n');
  const argv = ['own', 'argument'];
  assert.deepEqual(await findCommand(argv, { dir, path }), { file: own, argv });
  const found = await findCommand(['sh'], { dir, path });
  assert.ok('file' in found && found.file.endsWith('/sh'));
  const hidden = await add('ls', '#!/bin/sh\n');
  assert.deepEqual(await findCommand(['ls'], { dir, path }), { file: hidden, argv: ['ls'] });
});

test('a path is relative to the bundle, or absolute', async () => {
  const file = await add('bin/tool', '#!/bin/sh\n');
  assert.deepEqual(await findCommand(['bin/tool'], { dir, path }), { file, argv: ['bin/tool'] });
  assert.ok('file' in (await findCommand(['/bin/sh'], { dir, path })));
});

test('a lost executable bit is given back, with no more rights than there were', async () => {
  const file = await add('lost.sh', '#!/bin/sh\n', 0o640);
  await chmod(file, 0o640);
  assert.ok('file' in (await findCommand(['./lost.sh'], { dir, path })));
  assert.equal((await stat(file)).mode & 0o777, 0o750);
});

test('a link out of the bundle gets no rights for what it names', async () => {
  const outside = join(root, 'outside.sh');
  await writeFile(outside, '#!/bin/sh\n', { mode: 0o644 });
  await symlink(outside, join(dir, 'link.sh'));
  assert.match(await mend('link.sh'), /chmod \+x/);
  assert.equal((await stat(outside)).mode & 0o777, 0o644);
});

test('what is missing is named, and where it was looked for', async () => {
  assert.match(await mend('no-such'), /"no-such".*bundle.*PATH \(\/usr\/bin:\/bin\)/);
  assert.match(await mend('bin/no-such'), /the bundle has no file bin\/no-such/);
  assert.match(await mend('/no/such'), /\/no\/such is not there/);
  assert.match(await mend(), /is empty/);
  assert.match(await mend('bin'), /"bin"/);
});

test('an interpreter is checked before the first call finds it missing', async () => {
  await add('dos.sh', '#!/bin/sh\r\necho hi\r\n');
  assert.match(await mend('dos.sh'), /CR LF/);
  await add('gone.rb', '#!/opt/ruby -w\n');
  assert.match(await mend('gone.rb'), /asks for \/opt\/ruby, which is not there/);
  await add('gone.env', '#!/usr/bin/env no-such-language\n');
  assert.match(await mend('gone.env'), /asks for no-such-language, which is not on PATH/);
  await add('good.env', '#!/usr/bin/env -S sh -e\n');
  assert.ok('file' in (await findCommand(['good.env'], { dir, path })));
  await add('binary', '\x7fELF');
  assert.ok('file' in (await findCommand(['binary'], { dir, path })));
});

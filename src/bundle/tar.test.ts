import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { FuncatronError } from '../errors.ts';
import { fillLimits } from './limit.ts';
import { readTar } from './tar.ts';

const limits = fillLimits();

interface Entry {
  path: string;
  text?: string;
  type?: string;
  size?: number;
}

/** A tar with such entries, whatever they are. */
function tarOf(...entries: Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, text = '', type = '0', size }) => {
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${(size ?? Buffer.byteLength(text)).toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write('ustar\u000000', 257);
    header.write('        ', 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    body.write(text);
    return [header, body];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

test('what tar writes is read, in each of its formats', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tar-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const long = `${'folder/'.repeat(30)}${'name'.repeat(20)}.txt`;
  const files: Record<string, string> = {
    'a.txt': 'a',
    'sub/b.sh': '#!/bin/sh\n',
    'sub/größe': 'x'.repeat(1000),
    empty: '',
    [long]: 'long',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, 'in', path)), { recursive: true });
    writeFileSync(join(dir, 'in', path), text);
  }
  chmodSync(join(dir, 'in/sub/b.sh'), 0o755);
  for (const format of ['gnu', 'pax', 'posix']) {
    const args = ['-C', join(dir, 'in'), '--format', format, '-cf', '-', '.'];
    const { stdout, status, stderr } = spawnSync('tar', args);
    assert.equal(status, 0, String(stderr));
    const read = readTar(stdout, limits);
    const texts = read.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]);
    assert.deepEqual(Object.fromEntries(texts), files, format);
    const runnable = read.filter(({ executable }) => executable).map(({ path }) => path);
    assert.deepEqual(runnable, ['sub/b.sh']);
  }
  symlinkSync('/etc/passwd', join(dir, 'in/link'));
  const { stdout } = spawnSync('tar', ['-C', join(dir, 'in'), '-cf', '-', '.']);
  assert.throws(() => readTar(stdout, limits), /link.*is a symbolic link/);
});

test('what is hostile is refused', () => {
  const huge = '77777777777';
  const bad: [bytes: Buffer, said: RegExp][] = [
    [tarOf({ path: '../up' }), /leaves the bundle/],
    [tarOf({ path: 'a/../../up' }), /leaves the bundle/],
    [tarOf({ path: '/etc/cron.d/x' }), /absolute/],
    [tarOf({ path: 'C:/x' }), /drive letter/],
    [tarOf({ path: 'a\\b' }), /backslash/],
    [tarOf({ path: 'l', type: '1' }), /hard link/],
    [tarOf({ path: 'd', type: '3' }), /device/],
    [tarOf({ path: 'p', type: '6' }), /pipe/],
    [tarOf({ path: 's', type: 'S' }), /type "S"/],
    [tarOf({ path: 'a' }, { path: 'a' }), /twice/],
    [tarOf({ path: 'a' }, { path: 'a/b' }), /file and a folder/],
    [tarOf({ path: 'a', size: Number.parseInt(huge, 8) }), /cut off/],
    [tarOf({ path: 'a', text: 'x'.repeat(2000) }).subarray(0, 1024), /cut off/],
    [tarOf({ path: 'x', type: 'x', text: '999 path=a\n' }), /pax header/],
    [tarOf({ path: 'x', type: 'x', text: '13 size=1e9\n' }), /pax header/],
    [tarOf({ path: 'a' }).subarray(0, 512), /without an end/],
    [Buffer.from('no tar '.repeat(100)), /number that is none|no tar at all/],
    [Buffer.alloc(0), /without an end/],
  ];
  for (const [bytes, said] of bad)
    assert.throws(() => readTar(bytes, limits), { code: 'bundle_invalid', message: said });
  const small = { ...limits, entryBytesMax: 10, entriesMax: 2, unpackedBytesMax: 15 };
  const over: [entries: Entry[], said: RegExp][] = [
    [[{ path: 'a', text: 'x'.repeat(11) }], /--bundle-entry-max/],
    [[{ path: 'a' }, { path: 'b' }, { path: 'c' }], /--bundle-entries-max/],
    [['a', 'b'].map((path) => ({ path, text: 'x'.repeat(9) })), /--bundle-unpacked-max/],
  ];
  for (const [entries, said] of over)
    assert.throws(() => readTar(tarOf(...entries), small), {
      code: 'bundle_too_large',
      message: said,
    });
});

test('whatever comes, it is read or refused', () => {
  const whole = tarOf({ path: 'a', text: 'text' }, { path: 'x', type: 'x', text: '9 path=b\n' });
  const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })));
  fc.assert(
    fc.property(changes, fc.nat(whole.length), (edits, length) => {
      const bytes = Buffer.from(whole.subarray(0, length));
      for (const [at, byte] of edits) if (at < length) bytes[at] = byte;
      try {
        for (const { path } of readTar(bytes, limits))
          assert.doesNotMatch(path, /^\/|(^|\/)\.\.(\/|$)/);
      } catch (thrown) {
        assert.ok(thrown instanceof FuncatronError, String(thrown));
      }
    }),
    { numRuns: 2_000 },
  );
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import yauzl from 'yauzl';
import { FuncatronError } from '../errors.ts';
import { shaOf } from './identity.ts';
import { readBundle, readContract } from './read.ts';
import { writeBundle } from './write.ts';

const run = promisify(execFile);
const contract = { path: 'funcatron.yaml', bytes: Buffer.from('openapi: 3.1.0\n') };
let dir: string;
let count = 0;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bundle-read-'));
});
after(() => rm(dir, { recursive: true }));

async function save(bytes: Uint8Array): Promise<string> {
  const path = join(dir, `${++count}.zip`);
  await writeFile(path, bytes);
  return path;
}

interface Crafted {
  name?: string | Buffer;
  localName?: string;
  data?: Buffer;
  method?: number;
  flags?: number;
  attributes?: number;
  /** What the directory says; default: the truth. */
  bytes?: number;
  packed?: number;
  sum?: number;
}

/** A zip as no honest tool writes it. */
function craft(...entries: Crafted[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { method = 0, flags = 0x800, attributes = 0, data = Buffer.from('x') } = entry;
    const name = Buffer.from(entry.name ?? 'funcatron.yaml');
    const localName = Buffer.from(entry.localName ?? name);
    const packed = method === 8 ? deflateRawSync(data) : data;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(entry.sum ?? crc32(data), 10);
    fields.writeUInt32LE(entry.packed ?? packed.length, 14);
    fields.writeUInt32LE(entry.bytes ?? data.length, 18);
    const local = Buffer.from(fields);
    local.writeUInt16LE(localName.length, 22);
    fields.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(attributes, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), fields, rest, name);
    const whole = Buffer.concat([Buffer.from('PK\x03\x04'), local, localName, packed]);
    parts.push(whole);
    offset += whole.length;
  }
  const records = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(records.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, records, end]);
}

/** The contract as another reader finds it: it must not see another one than we do. */
async function textByYauzl(path: string): Promise<string> {
  const zip = await yauzl.openPromise(path);
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== contract.path) continue;
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }
  return 'none';
}

async function refuses(bytes: Uint8Array, code: string, text: RegExp, limits = {}): Promise<void> {
  await assert.rejects(readBundle(await save(bytes), limits), (error) => {
    assert.ok(error instanceof FuncatronError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

test('a bundle is read: kind, SHA, sizes and contract', async () => {
  const big = { path: 'data/big.bin', bytes: randomBytes(600_000) };
  const { bytes, sha } = await writeBundle([contract, big, { path: 'ä/ö.txt', bytes: big.bytes }]);
  const facts = await readBundle(await save(bytes));
  assert.deepEqual(facts, {
    kind: 'zip',
    sha,
    bytes: bytes.length,
    entries: 3,
    contract: { file: 'funcatron.yaml', text: 'openapi: 3.1.0\n' },
  });
  assert.equal(sha, shaOf(bytes));
});

test('only the contract is read, whatever else is wrong with the data', async () => {
  const zip = craft({ data: Buffer.from('a: 1') }, { name: 'x', data: Buffer.from('y'), sum: 1 });
  const path = await save(zip);
  assert.deepEqual(await readContract(path), { file: 'funcatron.yaml', text: 'a: 1' });
  await assert.rejects(readBundle(path), /"x" is not what the directory says \(checksum\)/);
});

test('a JAR is a bundle, its contract at the root or where Spring Boot has it', async (t) => {
  for (const file of ['funcatron.json', 'BOOT-INF/classes/funcatron.yml']) {
    const folder = join(dir, `jar${++count}`);
    await mkdir(join(folder, 'BOOT-INF/classes'), { recursive: true });
    await writeFile(join(folder, file), '{}');
    const path = `${folder}.jar`;
    try {
      await run('jar', ['cf', path, '-C', folder, '.']);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return t.skip('no jar program');
      throw thrown;
    }
    const facts = await readBundle(path);
    assert.equal(facts.kind, 'jar');
    assert.equal(facts.contract.file, file);
  }
});

const pexMaker = `
import sys, zipfile
with open(sys.argv[1], 'wb') as out:
    out.write(b'#!/usr/bin/env python3\\n')
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as pex:
        pex.writestr('PEX-INFO', '{}')
        pex.writestr('__main__.py', 'print(1)')
        pex.writestr('funcatron.yaml', 'swagger: "2.0"')
`;

test('a PEX is a bundle: offsets may count from the file or from behind its first line', async () => {
  const counted = join(dir, 'counted.pex');
  await run('python3', ['-c', pexMaker, counted]);
  const names = ['PEX-INFO', 'funcatron.yaml'];
  const { bytes } = await writeBundle(names.map((path) => ({ path, bytes: Buffer.from('{}') })));
  const glued = await save(Buffer.concat([Buffer.from('#!/usr/bin/python3\n'), bytes]));
  for (const path of [counted, glued]) assert.equal((await readBundle(path)).kind, 'pex');
  assert.equal((await readContract(counted)).text, 'swagger: "2.0"');
  const gluedToNothing = Buffer.concat([Buffer.from('PK\x03\x04 what?'), bytes]);
  await refuses(gluedToNothing, 'bundle_invalid', /bytes precede/);
});

test('a bundle without a contract, or with two, is refused by name', async () => {
  await refuses(craft({ name: 'a/funcatron.yaml' }), 'contract_missing', /funcatron\.yml/);
  await refuses(craft(), 'contract_missing', /funcatron\.yaml/);
  const two = craft({ name: 'funcatron.json' }, { name: 'funcatron.yaml' });
  await refuses(two, 'contract_ambiguous', /funcatron\.json and funcatron\.yaml/);
  await refuses(craft({ data: Buffer.from([0xff]) }), 'contract_invalid', /UTF-8/);
});

test('a path that could land outside is refused', async () => {
  const paths: [string | Buffer, RegExp][] = [
    ['../x', /leaves the bundle/],
    ['a/../../x', /leaves the bundle/],
    ['/etc/passwd', /absolute/],
    ['C:x', /drive letter/],
    ['a\\b', /backslash/],
    ['a\0b', /unreadable/],
    [Buffer.from([0x61, 0xff]), /unreadable/],
    ['a//b', /empty part/],
    ['./a', /empty part/],
    ['', /has no name/],
    ['x'.repeat(256), /255 bytes/],
  ];
  for (const [name, text] of paths) await refuses(craft({}, { name }), 'bundle_invalid', text);
});

test('a mode that says nothing, as Leiningen carries it over, is taken', async () => {
  const folder = { name: 'META-INF/', attributes: 0xffff0000, data: Buffer.alloc(0) };
  const { entries } = await readBundle(await save(craft({ name: contract.path }, folder)));
  assert.equal(entries, 2);
});

test('links, devices, doubles, encryption and unknown compression are refused', async () => {
  const mode = (bits: number) => ({ name: 'x', attributes: bits * 0x10000 });
  await refuses(craft({}, mode(0o120777)), 'bundle_invalid', /"x" is a symbolic link/);
  await refuses(craft({}, mode(0o020666)), 'bundle_invalid', /character device/);
  await refuses(craft({}, mode(0o040755)), 'bundle_invalid', /does not fit its name/);
  await refuses(craft({}, {}), 'bundle_invalid', /is there twice/);
  const name = 'a/b';
  await refuses(craft({}, { name }, { name: 'a' }), 'bundle_invalid', /a file and a folder/);
  await refuses(craft({}, { name: 'a' }, { name }), 'bundle_invalid', /a file and a folder/);
  await refuses(craft({}, { name, flags: 1, packed: 13 }), 'bundle_invalid', /damaged|encrypted/);
  await refuses(craft({}, { name, flags: 1, method: 8 }), 'bundle_invalid', /encrypted/);
  await refuses(craft({}, { name, method: 12 }), 'bundle_invalid', /compression method 12/);
  await refuses(craft({}, { name: 'a/', data: Buffer.from('x') }), 'bundle_invalid', /with data/);
});

test('a directory that lies is refused', async () => {
  const data = Buffer.alloc(1000, 'abc');
  const lies: Crafted[] = [
    { bytes: 999, method: 8 },
    { bytes: 1001, method: 8 },
    { sum: 7, method: 8 },
    { bytes: 999 },
    { localName: 'y' },
    { packed: 5, method: 8 },
    { packed: 5, bytes: 5 },
  ];
  for (const lie of lies)
    await refuses(craft({ name: 'x', data, ...lie }, {}), 'bundle_invalid', /./);
  const long = Buffer.alloc(500_000, 'abc');
  for (const bytes of [400_000, 600_000])
    await refuses(craft({}, { name: 'x', data: long, method: 8, bytes }), 'bundle_invalid', /size/);
});

test('what is cut off, glued to or no zip at all is refused', async () => {
  const zip = craft({}, { name: 'x', data: randomBytes(100) });
  await refuses(zip.subarray(0, -1), 'bundle_invalid', /cut off/);
  await refuses(zip.subarray(0, 60), 'bundle_invalid', /cut off/);
  await refuses(zip.subarray(60), 'bundle_invalid', /no zip/);
  await refuses(Buffer.concat([zip, Buffer.from('x')]), 'bundle_invalid', /bytes follow/);
  await refuses(Buffer.from('<html>'), 'bundle_invalid', /no zip/);
  await refuses(Buffer.alloc(0), 'bundle_invalid', /no zip/);
  const patched = Buffer.from(zip);
  for (const field of [14, 12]) patched.writeUInt16LE(1, zip.length - field);
  await refuses(patched, 'bundle_invalid', /does not add up/);
  await assert.rejects(readBundle(join(dir, 'absent')), /cannot read .*absent/);
  await assert.rejects(readBundle(dir), /is no file/);
});

test('entries that share their data are refused', async () => {
  const zip = craft({}, { name: 'x', data: randomBytes(100) });
  // The second record's offset, 46 bytes before the end of the directory.
  zip.writeUInt32LE(0, zip.length - 22 - 1 - 4);
  await refuses(zip, 'bundle_invalid', /overlap/);
});

test('each limit refuses what is over it and names its option', async () => {
  const zip = craft({}, { name: 'dir/file', data: Buffer.alloc(20_000_000), method: 8 });
  const tooLarge = (limits: object, text: RegExp) => refuses(zip, 'bundle_too_large', text, limits);
  await tooLarge({}, /--bundle-ratio-max/);
  await tooLarge({ fileBytesMax: 1000 }, /--bundle-max/);
  await tooLarge({ entriesMax: 1 }, /--bundle-entries-max/);
  await tooLarge({ unpackedBytesMax: 20_000_000 }, /--bundle-unpacked-max/);
  await tooLarge({ entryBytesMax: 19_999_999 }, /dir\/file: .*--bundle-entry-max/);
  await tooLarge({ pathBytesMax: 7 }, /--bundle-path-max/);
  await tooLarge({ contractBytesMax: 0, ratioMax: 10_000 }, /funcatron.yaml: .*--contract-max/);
  const path = await save(zip);
  assert.equal((await readBundle(path, { ratioMax: 10_000 })).entries, 2);
  assert.equal((await readContract(path)).text, 'x', 'what was read under other limits is read');
});

test('whatever happens to its bytes, a bundle is read as others read it, or refused', async () => {
  const files = [contract, { path: 'a/b.js', bytes: Buffer.from('export const a = 1;'.repeat(9)) }];
  const { bytes } = await writeBundle(files);
  const path = join(dir, 'mutated.zip');
  const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(edits, fc.option(fc.nat(bytes.length)), async (changes, length) => {
      const mutated = Uint8Array.from(bytes.subarray(0, length ?? bytes.length));
      for (const [at, value] of changes) if (at < mutated.length) mutated[at] = value;
      await writeFile(path, mutated);
      const facts = await readBundle(path).catch((error) => {
        assert.ok(error instanceof FuncatronError, error);
        return undefined;
      });
      if (facts) assert.equal(await textByYauzl(path), facts.contract.text);
    }),
    { numRuns: 300 },
  );
});

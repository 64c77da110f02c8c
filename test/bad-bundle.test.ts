/** Bundles nobody should upload: each is refused with a reason, and nothing of it is kept. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { contractOf, enable, makeBundle, nodeBundle, upload, zip } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const stage = new Stage();
let server: Server;

before(async () => {
  server = await stage.serve({ flags: ['--bundle-max', '200Ki', '--bundle-unpacked-max', '1Mi'] });
});
after(() => stage.close());

const contract = JSON.stringify(contractOf({ name: 'b', operations: { 'GET /': 'main' } }));
const good = { 'funcatron.json': contract, 'handler.mjs': 'export const main = () => 1;' };

function refusal({ status, text }: Answer): string {
  const { accepted, code, error, detail } = JSON.parse(text) as Record<string, unknown>;
  assert.equal(accepted, false);
  assert.ok(String(error).length > 10 && String(detail).length > 10, text);
  return `${status} ${String(code)}`;
}

/** What the server has kept of uploads, begun ones included. */
function kept(): string[] {
  const folder = join(server.data, 'bundles');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name !== 'incoming',
  );
}

async function refused(bytes: Uint8Array, expected: string, what: string): Promise<string> {
  const answer = await upload(server, bytes);
  assert.equal(refusal(answer), expected, `${what}: ${answer.text}`);
  assert.deepEqual(kept(), [], what);
  const list = await ask(`${server.tron}/api/v1/bundles`);
  assert.equal(list.text.trim(), '[]');
  return answer.text;
}

test('what is no zip, or half of one', async () => {
  const { bytes } = await zip(good);
  await refused(new Uint8Array(0), '400 bundle_invalid', 'nothing');
  await refused(Buffer.from('openapi: 3.1.0'), '400 bundle_invalid', 'text');
  await refused(bytes.subarray(0, bytes.length - 30), '400 bundle_invalid', 'a cut tail');
  await refused(bytes.subarray(40), '400 bundle_invalid', 'a cut head');
  const lying = Buffer.from(bytes);
  lying.fill(0xff, 60, 120);
  await refused(lying, '400 bundle_invalid', 'damaged contents');
});

test('any damage to a bundle is refused or harmless, never a fault of the server', async () => {
  const { bytes } = await zip({ ...good, 'data.txt': 'x'.repeat(200) });
  const at = fc.integer({ min: 0, max: bytes.length - 1 });
  const damage = fc.array(fc.tuple(at, fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(damage, async (changes) => {
      const damaged = Buffer.from(bytes);
      for (const [index, value] of changes) damaged[index] = value;
      const { status, text } = await upload(server, damaged);
      assert.ok(status === 200 || status === 400 || status === 413, text);
      if (status !== 200) return;
      const { sha } = JSON.parse(text) as { sha: string };
      const gone = await ask(`${server.tron}/api/v1/bundles/${encodeURIComponent(sha)}`, {
        method: 'DELETE',
      });
      assert.equal(gone.status, 204, gone.text);
    }),
    { numRuns: 60 },
  );
  assert.deepEqual(kept(), []);
});

test('a bundle with no contract, two contracts, or one in the wrong place', async () => {
  const handler = { 'handler.mjs': good['handler.mjs'] };
  await refused((await zip(handler)).bytes, '400 contract_missing', 'none');
  await refused((await zip({})).bytes, '400 contract_missing', 'an empty zip');
  const below = { ...handler, 'shop/funcatron.json': contract };
  await refused((await zip(below)).bytes, '400 contract_missing', 'in a folder');
  const two = { ...good, 'funcatron.yaml': contract };
  await refused((await zip(two)).bytes, '400 contract_ambiguous', 'two');
});

test('a contract that is no YAML, or no OpenAPI, names the line and the mend', async () => {
  const yaml = (text: string) => zip({ 'funcatron.yaml': text });
  const broken: Record<string, string> = {
    'a tab': 'openapi: 3.1.0\n\tinfo: x\n',
    'a bracket': 'openapi: [3.1.0\ninfo: {',
    'a repeated key': 'openapi: 3.1.0\nopenapi: 3.0.0\n',
    'an unknown alias': 'openapi: *nobody\n',
    'a tag of code': 'openapi: !!js/function "() => 1"\n',
    'two documents': `--- {}\n---\n{}\n`,
    'a list': '- openapi\n',
    nothing: '',
    'a number': '7',
    'bytes that are no text': '\u0000\u0001\u0002',
    'an old version': 'openapi: 1.2.0\ninfo: {title: x, version: "1"}\npaths: {}\n',
  };
  for (const [name, text] of Object.entries(broken)) {
    const said = await refused((await yaml(text)).bytes, '400 contract_invalid', name);
    assert.match(said, /funcatron\.yaml/, name);
  }
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghijk'].map((c, at) => `${c}: &${c} [${`*${'abcdefghijk'[at]},`.repeat(9)}]`).join('\n')}\n`;
  await refused((await yaml(bomb)).bytes, '400 contract_invalid', 'aliases of aliases');
});

test('an unsupported runtime, named or not to be found out', async () => {
  const named = await makeBundle(nodeBundle('b', '', { settings: { runtime: 'cobol' } }));
  const said = await refused(named.bytes, '400 contract_invalid', 'cobol');
  assert.match(said, /cobol/);
  const spec = nodeBundle('b', '', { settings: { handler: 'main.cob' } });
  const { sha, bytes } = await makeBundle({ ...spec, files: { 'main.cob': 'x' } });
  const kept = await upload(server, bytes);
  if (kept.status === 200) {
    const enabled = await enable(server, { sha });
    assert.equal(enabled.status, 400);
    assert.match(enabled.text, /runtime_unsupported[^]*x-funcatron\.runtime/);
    await ask(`${server.tron}/api/v1/bundles/${sha}`, { method: 'DELETE' });
  } else assert.match(kept.text, /runtime/);
});

test('a path that escapes, in any disguise', async () => {
  const { bytes } = await zip({ ...good, aaaaaaaaaaaa: 'x' });
  const paths = ['../../../p', '/tmp/p', 'a/../../p', '..\\..\\p', 'C:\\p', 'a\0b'];
  for (const short of paths) {
    const path = short.padEnd(12, 'x');
    const evil = Buffer.from(
      Buffer.from(bytes).toString('latin1').replaceAll('aaaaaaaaaaaa', path),
      'latin1',
    );
    await refused(evil, '400 bundle_invalid', path);
  }
  const handler = nodeBundle('b', '', { settings: { handler: '../../etc/passwd' } });
  await refused((await makeBundle(handler)).bytes, '400 contract_invalid', 'a handler outside');
});

test('an upload that breaks off leaves nothing', async () => {
  const { hostname, port, host } = new URL(server.tron);
  const head = `POST /api/v1/add_func HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 100000\r\n\r\n`;
  const incoming = (): string[] => readdirSync(join(server.data, 'bundles', 'incoming'));
  const socket = connect(Number(port), hostname);
  socket.write(head + 'x'.repeat(50_000));
  await until(() => incoming().length === 1);
  socket.destroy();
  await until(() => incoming().length === 0);
  assert.deepEqual(kept(), []);
  const said = server.lines.filter(
    ({ component, level }) => component === 'tron' && level !== 'info',
  );
  assert.deepEqual(
    said.filter(({ url }) => url === '/api/v1/add_func'),
    [],
  );
});

test('a bundle over a limit, packed or unpacked', async () => {
  const noise = Array.from({ length: 60_000 }, () => Math.random().toString(36)).join('');
  const large = await refused(
    (await zip({ ...good, noise })).bytes,
    '413 bundle_too_large',
    'large',
  );
  assert.match(large, /--bundle-max/);
  const bomb = await zip({ ...good, zeros: '0'.repeat(3_000_000) });
  const said = await refused(bomb.bytes, '413 bundle_too_large', 'bomb');
  assert.match(said, /--bundle-(unpacked|ratio)-max/);
});

/** JARs as they come from a build, uploaded raw: their code gives the contract, large, signed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { contractOf, enable, upload } from './fixture/bundle.ts';
import { ask } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { makeJar, makeNestedJar, whyNoJars } from './fixture/jar.ts';
import { startedIn, until, workersOf } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import type { TestServer } from './server/server.ts';
import { startTestServer, whyNoServer } from './server/start.ts';

const run = promisify(execFile);
const services = 'META-INF/services/funcatron.intf.OperationProvider';
const yaml = `
swagger: '2.0'
info: {title: told in YAML, version: '1'}
basePath: /told/yaml
paths:
  /hello:
    get:
      operationId: told.Hello
      responses: {200: {description: so}}
`;

interface Accepted {
  sha: string;
  sourceSha?: string;
  route: string;
  swagger: { info: { title: string } };
}

describe('JARs', { skip: whyNoJars() }, () => {
  const stage = new Stage();
  let server: Server;

  before(async () => {
    server = await stage.serve();
  });
  after(() => stage.close());

  /** One whose code gives its contract in this way. */
  const telling = (kind: string, files: Record<string, string> = {}): Promise<string> =>
    makeJar(stage.dir, 'told', { [services]: 'told.Teller', 'told/kind': kind, ...files });

  async function accepted(path: string): Promise<Accepted> {
    const answer = await upload(server, await readFile(path));
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text) as Accepted;
  }

  async function serves(sha: string, basePath: string): Promise<void> {
    const enabled = await enable(server, { sha });
    assert.equal(enabled.status, 200, enabled.text);
    const said = await ask(`${server.door}${basePath}/hello`);
    assert.equal(said.text, JSON.stringify({ hello: `${basePath}/hello` }));
  }

  function refused(answer: Answer, code: string, text: RegExp): void {
    assert.equal(answer.status, 400, answer.text);
    const said = JSON.parse(answer.text) as { accepted: boolean; code: string; error: string };
    assert.deepEqual([said.accepted, said.code], [false, code], answer.text);
    assert.match(said.error, text);
  }

  test('a contract of any type that the code gives is served, and is the same every time', async () => {
    const json = JSON.stringify(
      contractOf({ name: 'told', operations: { 'GET /hello': 'told.Hello' } }),
    );
    const files = { 'told/contract.yaml': yaml, 'told/contract.json': json };
    for (const [kind, basePath] of [
      ['yaml', '/told/yaml'],
      ['json', '/told'],
      ['map', '/told/map'],
    ] as const) {
      const jar = await telling(kind, files);
      const first = await accepted(jar);
      assert.equal(first.route, basePath);
      assert.notEqual(first.sha, first.sourceSha);
      await serves(first.sourceSha!, basePath);
      const out = join(stage.dir, `${kind}.jar`);
      const built = await stage.run('build', jar, '-o', out, '--json');
      assert.equal(built.code, 0, built.err);
      const { sha } = JSON.parse(built.out) as { sha: string };
      assert.equal(Buffer.from(sha, 'hex').toString('base64'), first.sha, 'built here or there');
      const again = await accepted(out);
      assert.deepEqual([again.sha, again.sourceSha], [first.sha, undefined]);
    }
    assert.deepEqual(await readdir(join(server.data, 'bundles/incoming')), []);
  });

  test('code that gives no contract, or fails, is a clear answer', async () => {
    const bytes = async (kind: string) => readFile(await telling(kind));
    refused(
      await upload(server, await bytes('none')),
      'contract_missing',
      /gives none.*funcatron\.yaml/,
    );
    const thrown = await upload(server, await bytes('throws'));
    refused(thrown, 'contract_missing', /the annotations make no sense/);
    const bare = await makeJar(stage.dir, 'told', {});
    refused(await upload(server, await readFile(bare)), 'contract_missing', /funcatron\.yaml/);
    const built = await stage.run('build', bare, '--json');
    assert.match(built.err, /contract_missing/);
  });

  test('a class that is missing is named, on the command line, too', async () => {
    const contract = contractOf({ name: 'wrong', operations: { 'GET /a': 'tale.Hello' } });
    const jar = await makeJar(stage.dir, 'told', { 'funcatron.json': JSON.stringify(contract) });
    const answer = await upload(server, await readFile(jar));
    refused(answer, 'handlers_missing', /tale\.Hello/);
    assert.match(answer.text, /did you mean told\.Hello\?/);
    const built = await stage.run('build', jar);
    assert.equal(built.code, 1);
    assert.match(built.err, /GET \/a names it, and the JAR has no tale\/Hello\.class/);
    assert.match(built.err, /did you mean told\.Hello\?/);
  });

  test('code in JARs within a JAR gives the contract, too', async () => {
    const files = { [services]: 'told.Teller', 'told/kind': 'map' };
    const { sha } = await accepted(await makeNestedJar(stage.dir, 'told', files));
    await serves(sha, '/told/map');
    const left = await readdir(join(server.data, 'unpacked'));
    assert.deepEqual(
      left.filter((name) => name.startsWith('.draft')),
      [],
    );
  });

  test('a signed JAR is completed and served', async () => {
    const jar = await telling('map');
    const keys = ['-keystore', join(stage.dir, 'keys'), '-storepass', 'secret'];
    const who = ['-alias', 'me', '-dname', 'CN=me', '-keyalg', 'RSA', '-validity', '9'];
    await run('keytool', ['-genkeypair', ...keys, ...who]);
    await run('jarsigner', [...keys, jar, 'me']);
    const { sha } = await accepted(jar);
    await serves(sha, '/told/map');
  });

  test('a large JAR passes through a Tron that keeps its size', async () => {
    const noise = randomBytes(2 ** 20);
    const large = Buffer.concat(Array.from({ length: 160 }, () => noise));
    const files = { [services]: 'told.Teller', 'told/kind': 'map', 'noise.bin': large };
    const jar = await makeJar(stage.dir, 'told', files, 'cf0');
    assert.ok((await stat(jar)).size > 160 * 2 ** 20);
    const most = mostMemoryOf(server.pid);
    const sent = request(`${server.tron}/api/v1/add_func`, { method: 'POST' });
    const answered = new Promise<string>((resolve, reject) => {
      sent.on('error', reject).on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      });
    });
    await pipeline(createReadStream(jar), sent);
    const { sha } = JSON.parse(await answered) as Accepted;
    await serves(sha, '/told/map');
    const grown = mostMemoryOf(server.pid) - most;
    // Chunks that nobody has any more are freed every 64 MiB or so.
    assert.ok(grown < 128 * 2 ** 20, `it took ${Math.round(grown / 2 ** 20)} MiB`);
  });

  test('a server that closes while code is asked leaves no JVM', async (t) => {
    const own = new Stage();
    t.after(() => own.close());
    const closing = await own.serve();
    const asked = upload(closing, await readFile(await telling('endless'))).catch(() => undefined);
    await until(() => workersOf(closing.pid, 'worker.jar').length > 0);
    process.kill(closing.pid, 'SIGTERM');
    await closing.ended;
    await asked;
    await until(() => startedIn(own.temporary).length === 0);
  });

  describe('in a cluster', { skip: whyNoServer('nats') }, () => {
    let broker: TestServer;

    after(() => broker?.stop());

    test('the runner fetches the raw file from the Tron that has it, and keeps nothing', async () => {
      broker = await startTestServer('nats');
      const flags = ['--broker', broker.url];
      const [tron, other] = [
        await stage.role('tron', [...flags, '--store', 'memory:'], 't1'),
        await stage.role('runner', flags, 'r1'),
      ];
      const nodes = async () => (await ask(`${tron.tron}/api/v1/nodes`)).text;
      await until(async () => (await nodes()).includes('"runner"'));
      const answer = await upload(tron, await readFile(await telling('map')));
      assert.equal(answer.status, 200, answer.text);
      const { sha } = JSON.parse(answer.text) as Accepted;
      const held = await readdir(join(other.data, 'runner/bundles'));
      assert.deepEqual(
        held.filter((name) => name.endsWith('.zip')),
        [],
      );
      assert.equal((await enable(tron, { sha })).status, 200);
    });
  });
});

/** The most memory it ever had, in bytes (proc(5), VmHWM). */
function mostMemoryOf(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kib) * 1024;
}

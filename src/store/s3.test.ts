import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { bucket, credentials, startS3 } from '../../test/server/s3.ts';
import type { TestServer } from '../../test/server/server.ts';
import { FuncatronError } from '../errors.ts';
import { createLog } from '../log.ts';
import { runBundleFilesConformance } from './conformance.ts';
import { S3Files } from './s3.ts';
import { openBundleFiles } from './store.ts';
import type { BundleFiles } from './store.ts';

const log = createLog({ level: 'silent' });
const cacheBytesMax = 2 ** 30;
const secret = 'hush-hush-word';

void describe('S3', () => {
  let server: TestServer;
  let root: string;
  let count = 0;
  const urls = new WeakMap<BundleFiles, string>();
  const saved = { ...process.env };

  before(async () => {
    server = await startS3();
    root = await mkdtemp(join(tmpdir(), 's3-'));
  });
  beforeEach(() => {
    process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
    // Nothing of this machine's own shall count.
    process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = join(root, 'none');
    process.env.AWS_EC2_METADATA_DISABLED = 'true';
  });
  after(async () => {
    process.env = saved;
    await rm(root, { recursive: true });
    await server.stop();
  });

  const nextDir = (): string => join(root, String(count++));
  const urlOf = (prefix: string, endpoint = server.url, name = bucket): string =>
    `s3://${name}/${prefix}?endpoint=${encodeURIComponent(endpoint)}&pathStyle=1`;
  const nextUrl = (): string => urlOf(`prefix/${count++}`);

  async function open(url: string, dir = nextDir()): Promise<BundleFiles> {
    const files = await openBundleFiles(dir, log, { url, cacheBytesMax });
    urls.set(files, url);
    return files;
  }

  async function keep(files: BundleFiles, bytes: Uint8Array): Promise<string> {
    const staged = await files.stage(
      (async function* () {
        yield bytes;
      })(),
      2 ** 30,
    );
    await staged.keep();
    await staged.discard();
    return staged.sha;
  }

  runBundleFilesConformance({
    name: 'in S3',
    open: () => open(nextUrl()),
    reopen: (files) => open(urls.get(files)!),
  });

  test('a bucket has room for several, each with a prefix', async () => {
    const [one, other] = [await open(urlOf('one')), await open(urlOf(''))];
    const sha = await keep(one, randomBytes(100));
    await assert.rejects(other.path(sha), { code: 'bundle_unknown' });
    const mine = await keep(other, randomBytes(100));
    await assert.rejects((await open(urlOf('one'))).path(mine), { code: 'bundle_unknown' });
    await (await open(urlOf(''))).path(mine);
  });

  test('bytes are fetched once, also when many ask, and are there while S3 is down', async () => {
    const url = nextUrl();
    const bytes = randomBytes(2 ** 20);
    const sha = await keep(await open(url), bytes);
    let gets = 0;
    const proxy = await startProxy(server.url, (incoming, answer, pass) => {
      if (incoming.method === 'GET' && incoming.url?.includes(sha)) gets++;
      pass();
    });
    const dir = nextDir();
    const through = urlOf(new URL(url).pathname.slice(1), proxy.url);
    const files = await open(through, dir);
    const paths = await Promise.all([1, 2, 3, 4].map(() => files.path(sha)));
    assert.equal(new Set(paths).size, 1);
    await files.path(sha);
    assert.equal(gets, 1);
    await proxy.close();
    assert.ok(bytes.equals(await readFile(await files.path(sha))));
    // It starts without, too, with what it has.
    const again = await open(through, dir);
    assert.ok(bytes.equals(await readFile(await again.path(sha))));
    await assert.rejects(again.path('0'.repeat(64)), { code: 'store_failed', message: /REFUSED/ });
    await assert.rejects(keep(again, bytes), { code: 'store_failed' });
  });

  /** Opens one over a proxy that spoils the first `times` downloads. */
  async function withSpoiled(times: number, spoil: Spoil): Promise<Spoiled> {
    const bytes = randomBytes(300_000);
    const url = nextUrl();
    const sha = await keep(await open(url), bytes);
    let left = times;
    const proxy = await startProxy(server.url, (incoming, answer, pass) => {
      const isDownload = incoming.method === 'GET' && incoming.url?.includes(sha);
      pass(isDownload && left-- > 0 ? spoil : undefined);
    });
    const folder = nextDir();
    const prefix = new URL(url).pathname.slice(1);
    const options = { folder, cacheBytesMax, log, stallMs: 800 };
    const files = await S3Files.open(urlOf(prefix, proxy.url), options);
    return { files, sha, bytes, folder, close: () => proxy.close() };
  }

  const spoils: Record<string, Spoil> = {
    'breaks off': (answer, whole) => {
      answer.write(whole.subarray(0, whole.length / 2), () => answer.destroy());
    },
    'has other bytes': (answer, whole) => {
      whole[1000]! ^= 1;
      answer.end(whole);
    },
    'stops coming': (answer, whole) => {
      answer.write(whole.subarray(0, whole.length / 2));
    },
  };
  for (const [name, spoil] of Object.entries(spoils)) {
    test(`a download that ${name} is begun again`, async () => {
      const { files, sha, bytes, folder, close } = await withSpoiled(2, spoil);
      assert.ok(bytes.equals(await readFile(await files.path(sha))));
      assert.deepEqual(await readdir(join(folder, 'incoming')), []);
      await close();
    });

    test(`a download that always ${name} fails, and leaves nothing`, async () => {
      const { files, sha, folder, close } = await withSpoiled(3, spoil);
      await assert.rejects(files.path(sha), { code: 'store_failed', message: /could not be read/ });
      assert.deepEqual(await readdir(folder), ['incoming']);
      assert.deepEqual(await readdir(join(folder, 'incoming')), []);
      assert.ok(await files.path(sha), 'the next one is whole');
      await close();
    });
  }

  test('copies stay within a bound, those not used for longest go first', async () => {
    const url = nextUrl();
    const folder = nextDir();
    const files = await S3Files.open(url, { folder, cacheBytesMax: 2500, log });
    const shas: string[] = [];
    for (let index = 0; index < 3; index++) shas.push(await keep(files, randomBytes(1000)));
    const copies = async (): Promise<string[]> => {
      const names = await readdir(folder);
      return shas.filter((sha) => names.includes(`${sha}.zip`));
    };
    assert.deepEqual(await copies(), shas, 'those that are young stay');
    for (const [index, sha] of shas.entries()) {
      const old = new Date(Date.now() - 3_600_000 + index);
      await utimes(join(folder, `${sha}.zip`), old, old);
    }
    await files.path(shas[0]!);
    shas.push(await keep(files, randomBytes(1000)));
    assert.deepEqual(await copies(), [shas[0], shas[3]]);
    assert.equal((await readFile(await files.path(shas[1]!))).length, 1000);
  });

  test('what a folder had before is neither copied nor removed', async () => {
    const dir = nextDir();
    const onDisk = await openBundleFiles(dir, log);
    const sha = await keep(onDisk, randomBytes(100));
    const files = await open(nextUrl(), dir);
    await assert.rejects(files.path(sha), { code: 'bundle_unknown' });
    await access(await onDisk.path(sha));
  });

  test('errors say what to do, and no secret', async () => {
    const { url } = server;
    const refused = async (where: string, code: string, message: RegExp): Promise<void> => {
      await assert.rejects(open(where), (error: unknown) => {
        assert.ok(error instanceof FuncatronError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        const all = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join();
        assert.doesNotMatch(all, /hush/);
        return true;
      });
    };
    process.env.AWS_SECRET_ACCESS_KEY = secret;
    process.env.AWS_ACCESS_KEY_ID = 'NOBODY';
    await refused(urlOf('', url), 'store_failed', /InvalidAccessKeyId.*check AWS_ACCESS_KEY_ID/);
    delete process.env.AWS_ACCESS_KEY_ID;
    await refused(urlOf('', url), 'store_failed', /credentials.*set AWS_ACCESS_KEY_ID/);
    process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
    await refused(urlOf('', url, 'absent'), 'store_failed', /s3:\/\/absent .*create the bucket/);
    await refused(`s3://${bucket}`, 'store_failed', /set \?region= or AWS_REGION/);
    await refused(`s3://a:${secret}@${bucket}/x`, 'option_invalid', /names credentials/);
    const withSecret = `https://a:${secret}@host`;
    await refused(urlOf('', withSecret), 'option_invalid', /no credentials in it/);
    await refused(`s3://${bucket}?secret=${secret}`, 'option_invalid', /has no "secret"/);
    await refused('s3:nothing', 'option_invalid', /names no bucket/);
    await refused(`gs://a:${secret}@x`, 'scheme_unknown', /"gs"; use s3:/);
  });

  test('a refused write says so, and the upload can be given up', async () => {
    const proxy = await startProxy(server.url, (incoming, answer, pass) => {
      if (incoming.method !== 'PUT') return pass();
      answer.statusCode = 403;
      incoming.resume().on('end', () => {
        answer.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
      });
    });
    const dir = nextDir();
    const files = await open(urlOf('denied', proxy.url), dir);
    await assert.rejects(keep(files, randomBytes(10)), {
      code: 'store_failed',
      message: /could not be written: AccessDenied.*allow s3:GetObject/,
    });
    assert.deepEqual(await readdir(join(dir, 's3')), ['incoming']);
    await proxy.close();
  });

  test('an unfinished copy of a crash is cleared away', async () => {
    const dir = nextDir();
    await open(nextUrl(), dir);
    await writeFile(join(dir, 's3', 'incoming', 'half.part'), 'half');
    await open(nextUrl(), dir);
    assert.deepEqual(await readdir(join(dir, 's3', 'incoming')), []);
  });
});

type Spoil = (answer: ServerResponse, whole: Buffer) => void;

interface Spoiled {
  files: BundleFiles;
  sha: string;
  bytes: Buffer;
  folder: string;
  close(): Promise<void>;
}

interface Proxy {
  url: string;
  close(): Promise<void>;
}

/** Hands requests on to `to`, and lets `each` decide what becomes of their answers. */
async function startProxy(
  to: string,
  each: (incoming: IncomingMessage, answer: ServerResponse, pass: (spoil?: Spoil) => void) => void,
): Promise<Proxy> {
  const server: Server = createServer((incoming, answer) => {
    each(incoming, answer, (spoil) => {
      const { method, url, headers } = incoming;
      const outgoing = request(new URL(url!, to), { method: method!, headers }, (response) => {
        answer.writeHead(response.statusCode!, response.headers);
        if (!spoil) return response.pipe(answer);
        void response.toArray().then((parts) => spoil(answer, Buffer.concat(parts)));
      });
      incoming.pipe(outgoing);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

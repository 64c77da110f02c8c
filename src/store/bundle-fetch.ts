/** Bundle files from a Tron, by its REST API and with the key that it tells its nodes. */
import { PassThrough, Writable } from 'node:stream';
import { fetchKeyHeader } from '../control/tron-list.ts';
import { FuncatronError, toFault } from '../errors.ts';
import type { BundleFiles, StagedFile } from './store.ts';

const connectTimeoutMs = 3_000;
/** A Tron that is silent for so long is not waited for. */
const stallTimeoutMs = 20_000;
/** Of an error answer, so much is quoted. */
const quotedMax = 300;

/** Where bundles are to be had. */
export interface BundleHost {
  url: string;
  fetchKey: string;
}

/**
 * Takes in the bundle from the first of the hosts that has it whole. Rejects with
 * `bundle_unavailable`, naming every host and what was wrong there; with `store_failed` when it
 * cannot be written here.
 */
export async function fetchBundle(
  sha: string,
  hosts: readonly BundleHost[],
  files: BundleFiles,
  bytesMax: number,
): Promise<void> {
  const failures: string[] = [];
  for (const host of hosts) {
    try {
      const staged = await stageFrom(host, sha, files, bytesMax);
      if (staged.sha === sha) return await staged.keep();
      await staged.discard();
      failures.push(`${host.url} sent bundle ${staged.sha}`);
    } catch (thrown) {
      const fault = toFault(thrown);
      if (fault.code === 'store_failed') throw fault;
      failures.push(`${host.url}: ${fault.message}`);
    }
  }
  const why = failures.length > 0 ? failures.join('; ') : 'no Tron was heard of';
  throw new FuncatronError('bundle_unavailable', `bundle ${sha} cannot be fetched: ${why}`);
}

async function stageFrom(
  { url, fetchKey }: BundleHost,
  sha: string,
  files: BundleFiles,
  bytesMax: number,
): Promise<StagedFile> {
  const { Pool } = await import('undici');
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, {
    connections: 1,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: stallTimeoutMs,
    bodyTimeout: stallTimeoutMs,
  });
  const body = new PassThrough();
  // Whoever reads it hears of it, though it failed before that began.
  body.on('error', () => undefined);
  try {
    const path = `${pathname.replace(/\/$/, '')}/api/v1/bundle/${sha}`;
    const headers = { [fetchKeyHeader]: fetchKey };
    const sent = pool.stream({ method: 'GET', path, headers }, ({ statusCode }) =>
      statusCode === 200 ? body : quote(statusCode, body),
    );
    sent.catch((thrown: unknown) => body.destroy(thrown as Error));
    return await files.stage(body, bytesMax);
  } finally {
    await pool.destroy();
  }
}

/** Reads an error answer, and ends the body with it. */
function quote(status: number, body: PassThrough): Writable {
  let text = '';
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (text.length < quotedMax) text += chunk.toString();
      done();
    },
    final(done) {
      body.destroy(new Error(`answers ${status} ${readDetail(text)}`.trim()));
      done();
    },
  });
}

function readDetail(text: string): string {
  const detail = /"detail": *"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return (detail ?? text).slice(0, quotedMax);
}

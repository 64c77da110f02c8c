/** Servers under measurement, each a process of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle } from '../src/bundle/build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface Running {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** A server that prints its port. */
export async function startScript(name: string): Promise<Running> {
  const child = spawn(process.execPath, [join(root, 'bench/server', name)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (data: Buffer) => resolve(Number(data))),
  );
  return { port, pid: child.pid!, stop: () => stop(child) };
}

export interface Platform extends Running {
  tron: string;
  data: string;
  /** Builds, uploads and enables a folder or the bytes of a bundle. */
  deploy(bundle: string | Uint8Array): Promise<void>;
}

/** `funcatron serve`, as a user starts it. */
export async function startPlatform(
  given: { data?: string; flags?: string[] } = {},
): Promise<Platform> {
  const data = given.data ?? mkdtempSync(join(tmpdir(), 'funcatron-bench-'));
  const flags = ['--port', '0', '--tron-port', '0', '--data', data, '--log-format', 'json'];
  const child = spawn(
    process.execPath,
    [
      join(root, 'bin/funcatron.js'),
      'serve',
      '--host',
      '127.0.0.1',
      ...flags,
      ...(given.flags ?? []),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const urls = await readUrls(child);
  const tron = urls.tron!;
  return {
    ...{ data, tron, pid: child.pid!, port: Number(new URL(urls.frontend!).port) },
    deploy: (bundle) => deploy(tron, bundle),
    async stop() {
      await stop(child);
      if (given.data === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

/** The two URLs that `serve` logs when it is there. */
function readUrls(child: ChildProcess): Promise<{ frontend?: string; tron?: string }> {
  const urls: { frontend?: string; tron?: string } = {};
  let text = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      urls.frontend ??= /frontend at (http:[^"]+)"/.exec(text)?.[1];
      urls.tron ??= /Tron at (http:[^",]+),/.exec(text)?.[1];
      if (urls.frontend && urls.tron) resolve(urls);
    });
  });
}

async function deploy(tron: string, bundle: string | Uint8Array): Promise<void> {
  const bytes = typeof bundle === 'string' ? (await buildBundle(join(root, bundle))).bytes : bundle;
  const upload = await ask(`${tron}/api/v1/add_func`, bytes as Uint8Array<ArrayBuffer>);
  await ask(`${tron}/api/v1/enable`, JSON.stringify({ sha: upload.sha, props: {} }));
}

async function ask(url: string, body: string | Uint8Array<ArrayBuffer>): Promise<{ sha: string }> {
  const response = await fetch(url, {
    ...{ method: 'POST', body },
    headers: { 'content-type': typeof body === 'string' ? 'application/json' : 'application/zip' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${text}`);
  return JSON.parse(text) as { sha: string };
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
}

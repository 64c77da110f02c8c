/** Load by wrk, from its own process, so that the generator does not slow what it measures. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Shot {
  method: 'GET' | 'POST';
  path: string;
  contentType?: string;
  body?: string | Uint8Array;
  connections: number;
}

export interface Hit {
  /** Answers a second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Answers that were not 2xx or 3xx, and broken connections. */
  failed: number;
}

/** Sends `shot` for some seconds. Throws when wrk is missing or says nothing. */
export async function shoot(port: number, shot: Shot, seconds: number): Promise<Hit> {
  const url = `http://127.0.0.1:${port}${shot.path}`;
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const script = writeScript(folder, shot);
  const args = ['-t1', `-c${shot.connections}`, `-d${seconds}s`, '--latency', '-s', script, url];
  const output = await collect('wrk', args).finally(() => rmSync(folder, { recursive: true }));
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(
    output,
  );
  const broken = errors ? errors.slice(1).reduce((sum, text) => sum + Number(text), 0) : 0;
  const refused = number(/Non-2xx or 3xx responses: (\d+)/);
  return {
    rate: number(/Requests\/sec:\s+([\d.]+)/),
    p50: latency(output, '50%'),
    p99: latency(output, '99%'),
    failed: broken + (refused || 0),
  };
}

function latency(output: string, share: string): number {
  const match = new RegExp(`${share}\\s+([\\d.]+)(us|ms|s)`).exec(output);
  const unit = { us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? ''] ?? Number.NaN;
  return Number(match?.[1]) * unit;
}

function writeScript(folder: string, { method, contentType, body }: Shot): string {
  const lines = [`wrk.method = "${method}"`];
  if (contentType) lines.push(`wrk.headers["content-type"] = "${contentType}"`);
  if (body) {
    const file = join(folder, 'body');
    writeFileSync(file, body);
    lines.push(`local file = io.open("${file}", "rb")`, 'wrk.body = file:read("*a")');
  }
  const script = join(folder, 'shot.lua');
  writeFileSync(script, lines.join('\n'));
  return script;
}

/** Standard output of a program that must succeed. */
export function collect(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}`)),
    );
  });
}

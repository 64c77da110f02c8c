/** A platform that really runs, and the command line in front of it: what the examples are tried on. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPlatform } from '../../src/cli/platform.ts';
import type { Platform } from '../../src/cli/platform.ts';
import { run } from '../../src/cli/run.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { readOptions } from '../../src/config/option.ts';
import { serveOptions } from '../../src/config/options.ts';
import { createLog } from '../../src/log.ts';

export const examplesDir = join(
  dirname(dirname(dirname(fileURLToPath(import.meta.url)))),
  'examples',
);

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  text: string;
  json: any; // oxlint-disable-line typescript/no-explicit-any -- what a test looks into
}

export interface Asked {
  headers?: Record<string, string>;
  /** An object is sent as JSON, anything else as it is. */
  body?: unknown;
}

/** What a command said, and how it ended. */
export interface Said {
  code: number;
  out: string;
  said: string;
}

interface Deployed {
  sha: string;
  curl: string;
}

/** What makes the runner refuse a response that breaks the contract. */
const enforcing = {
  overlay: '1.0.0',
  info: { title: 'Responses enforced', version: '1' },
  actions: [{ target: "$['x-funcatron']", update: { validate: { response: 'enforce' } } }],
};

export class ExamplePlace {
  /** A folder for what a test writes; it goes with the place. */
  readonly dir: string;
  readonly #platform: Platform;

  private constructor(dir: string, platform: Platform) {
    this.dir = dir;
    this.#platform = platform;
  }

  static async open(): Promise<ExamplePlace> {
    const dir = await mkdtemp(join(tmpdir(), 'examples-'));
    const options = readOptions(
      serveOptions,
      { host: '127.0.0.1', port: '0', tronPort: '0', data: join(dir, 'data') },
      {},
    );
    const platform = await startPlatform(
      { ...options, dev: false },
      createLog({ level: 'silent' }),
    );
    await writeFile(join(dir, 'enforcing.json'), JSON.stringify(enforcing));
    return new ExamplePlace(dir, platform);
  }

  async close(): Promise<void> {
    await this.#platform.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Runs `funcatron …`, with the Tron here. */
  async cli(...argv: string[]): Promise<Said> {
    const [out, said]: [string[], string[]] = [[], []];
    const terminal: Terminal = {
      out: (text) => void out.push(text),
      write: (bytes) => void out.push(Buffer.from(bytes).toString()),
      say: (text) => void said.push(text),
      read: async () => new Uint8Array(),
      unread: new AbortController().signal,
      isTty: false,
      env: { FUNCATRON_TRON: this.#platform.tron.url },
      cwd: examplesDir,
    };
    const code = await run(argv, terminal);
    return { code, out: out.join('\n'), said: said.join('\n') };
  }

  /** As `cli`, for a command that has to work. */
  async must(...argv: string[]): Promise<string> {
    const { code, out, said } = await this.cli(...argv);
    assert.equal(code, 0, `funcatron ${argv.join(' ')}: ${said}`);
    return out;
  }

  /** Deploys an example, its responses enforced, with the props it has for dev or others. */
  async deploy(name: string, ownProps?: object): Promise<Deployed> {
    const file = join(examplesDir, name, 'props.dev.json');
    const given = ownProps ?? JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
    const overlay = `--overlay=${join(this.dir, 'enforcing.json')}`;
    const props = `--props=${JSON.stringify(given)}`;
    const deployed = await this.must('deploy', name, '--json', props, overlay);
    const { sha, curl } = JSON.parse(deployed) as Deployed;
    assert.match(sha, /^[0-9a-f]{64}$/);
    assert.ok(curl.includes(this.#platform.frontend.url), `${curl} reaches no frontend`);
    return { sha, curl };
  }

  ask(method: string, path: string, { headers = {}, body }: Asked = {}): Promise<Answer> {
    const isPlain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const sent = isPlain ? (body as string | Uint8Array | undefined) : JSON.stringify(body);
    const length = sent === undefined ? {} : { 'content-length': Buffer.byteLength(sent) };
    const kind = isPlain ? {} : { 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      const asked = request(this.#platform.frontend.url + path, {
        method,
        headers: { ...length, ...kind, ...headers },
        agent: false,
      });
      asked.on('error', reject);
      asked.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode: status = 0, headers: received } = response;
          resolve(toAnswer(status, received, Buffer.concat(chunks)));
        });
      });
      asked.end(sent);
    });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask('GET', path, { headers });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask('POST', path, { body, headers });
  }

  /** The URL of a path, for what is more than a question and an answer. */
  url(path: string): string {
    return this.#platform.frontend.url + path;
  }
}

function toAnswer(status: number, headers: IncomingHttpHeaders, bytes: Buffer): Answer {
  const text = bytes.toString();
  const isJson = /json/.test(headers['content-type'] ?? '') && text !== '';
  return { status, headers, bytes, text, json: isJson ? JSON.parse(text) : undefined };
}

/** That an answer is the platform's refusal, with this status and code. */
export function assertRefused(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.json.code, code);
}

/** That a call worked; hands over its JSON. */
export function assertJson(answer: Answer, expected: unknown, status = 200): void {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(answer.json, expected);
}

/**
 * A watchdog is configured by environment variables, with the names and forms that OpenFaaS's
 * watchdogs have. They are read here, once for the runtime and the stand-alone command.
 * `docs/watchdog.md` lists them.
 */
import { FuncatronError } from '../errors.ts';
import { parseBytes } from '../unit.ts';
import { parseGoDuration } from './go.ts';

export const watchdogModes = [
  'classic',
  'warm',
  'http',
  'serializing',
  'streaming',
  'static',
] as const;
export type WatchdogMode = (typeof watchdogModes)[number];

export interface WatchdogSettings {
  mode: WatchdogMode;
  /** Program and arguments; empty where none is named. */
  command: string[];
  readTimeoutMs: number;
  /** 0 for none. */
  writeTimeoutMs: number;
  /** 0 for none. */
  execTimeoutMs: number;
  healthcheckIntervalMs: number;
  cgiHeaders: boolean;
  marshalRequest: boolean;
  combineOutput: boolean;
  contentType: string | undefined;
  writeDebug: boolean;
  debugHeaders: boolean;
  suppressLock: boolean;
  /** 0 for any number. */
  inflightMax: number;
  port: number;
  metricsPort: number;
  /** Where the program of mode `http` listens; absent: it is given a port. */
  upstream: URL | undefined;
  bufferRequestBody: boolean;
  readyPath: string | undefined;
  staticPath: string;
  prefixLogs: boolean;
  /** Longest line of the program's that is logged whole, in bytes. */
  lineBytesMax: number;
  logCallId: boolean;
  /** Most processes of mode `warm` at a time; absent: as many as there may be calls. */
  warmProcesses: number | undefined;
  /** How long one of them is kept that nobody calls. */
  warmIdleMs: number;
  /** Largest request body that has to be held. */
  bodyBytesMax: number;
}

export type Variables = Record<string, string | undefined>;

/** "As long as it is", with a bound all the same. */
const longestLineBytes = 16 * 2 ** 20;

/** Throws `option_invalid`, naming the variable, its value and what would be right. */
export function readWatchdogSettings(env: Variables): WatchdogSettings {
  refuseUnsupported(env);
  const mode = read(env, 'mode', 'classic', asMode);
  const isFork = mode === 'classic';
  const time = (name: string, fallbackMs: number): number => read(env, name, fallbackMs, asTime);
  const flag = (name: string, fallback: boolean): boolean => read(env, name, fallback, asFlag);
  const number = (name: string, fallback: number): number => read(env, name, fallback, asCount);
  const writeTimeoutMs = time('write_timeout', 30_000);
  if (writeTimeoutMs === 0 && !isFork)
    throw bad('write_timeout', '0', `must be above 0 in mode ${mode}`);
  return {
    mode,
    command: splitCommand(env['function_process'] || env['fprocess'] || ''),
    readTimeoutMs: time('read_timeout', 30_000),
    writeTimeoutMs,
    execTimeoutMs: time('exec_timeout', isFork ? 0 : 30_000),
    healthcheckIntervalMs: time('healthcheck_interval', writeTimeoutMs),
    cgiHeaders: flag('cgi_headers', true),
    marshalRequest: flag('marshal_request', false),
    combineOutput: flag('combine_output', true),
    contentType: read(env, 'content_type', undefined, asHeader),
    writeDebug: flag('write_debug', false),
    debugHeaders: flag('debug_headers', false),
    suppressLock: flag('suppress_lock', false),
    inflightMax: number('max_inflight', 0),
    port: read(env, 'port', 8080, asPort),
    metricsPort: read(env, 'metrics_port', 8081, asPort),
    upstream: readUpstream(env),
    bufferRequestBody: flag('http_buffer_req_body', false),
    readyPath: read(env, 'ready_path', undefined, asPath),
    staticPath: env['static_path'] || '/home/app/public',
    prefixLogs: flag('prefix_logs', true),
    lineBytesMax: read(env, 'log_buffer_size', 64 * 1024, asLineLength),
    logCallId: flag('log_callid', false),
    warmProcesses: read(env, 'warm_processes', undefined, asPositive),
    warmIdleMs: time('warm_idle', 60_000),
    bodyBytesMax: read(env, 'body_max', 64 * 2 ** 20, asBytes),
  };
}

/** At single spaces and with no quoting, as OpenFaaS does: quotes are part of their word. */
function splitCommand(line: string): string[] {
  const words = line.split(' ');
  return words[0] === '' ? words.filter((word) => word !== '') : words;
}

function readUpstream(env: Variables): URL | undefined {
  const name = env['http_upstream_url'] ? 'http_upstream_url' : 'upstream_url';
  return read(
    env,
    name,
    undefined,
    (text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      return url?.protocol === 'http:' && url.search === '' ? url : undefined;
    },
    'must be a URL such as http://127.0.0.1:3000',
  );
}

/** What would be a hole if it were passed over in silence. */
function refuseUnsupported(env: Variables): void {
  for (const [name, value] of Object.entries(env))
    if (name.startsWith('jwt_auth') && value && !/^(false|0)$/i.test(value))
      throw bad(name, value, 'is not supported: use x-funcatron security, or a proxy that checks');
}

/** An empty variable is an absent one. `parse` gives undefined for what does not do. */
function read<T, U>(
  env: Variables,
  name: string,
  fallback: T,
  parse: ((text: string) => U | undefined) & { mend?: string },
  mend = parse.mend ?? '',
): T | U {
  const text = env[name]?.trim();
  if (text === undefined || text === '') return fallback;
  const value = parse(text);
  if (value === undefined) throw bad(name, text, mend);
  return value;
}

function bad(name: string, value: string, mend: string): FuncatronError {
  return new FuncatronError(
    'option_invalid',
    `the variable ${name} is ${JSON.stringify(value)}: it ${mend}`,
  );
}

function reader<T>(
  mend: string,
  parse: (text: string) => T | undefined,
): ((text: string) => T | undefined) & { mend: string } {
  return Object.assign((text: string) => parse(text), { mend });
}

const asTime = reader(
  'must be whole seconds or a time such as 30s, 500ms or 1m30s',
  parseGoDuration,
);

const asFlag = reader('must be true or false', (text) => {
  if (/^(true|1)$/i.test(text)) return true;
  return /^(false|0)$/i.test(text) ? false : undefined;
});

const asCount = reader('must be a whole number, 0 or above', (text) =>
  /^\d{1,9}$/.test(text) ? Number(text) : undefined,
);

const asPositive = reader('must be a whole number, 1 or above', (text) =>
  /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined,
);

const asPort = reader('must be a port number, 0 to 65535 (0 takes a free one)', (text) =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined,
);

const asBytes = reader('must be a size such as 64Mi or a number of bytes', parseBytes);

const asLineLength = reader('must be a number of bytes, or -1', (text) => {
  if (text === '-1') return longestLineBytes;
  return /^[1-9]\d{0,8}$/.test(text) ? Math.min(Number(text), longestLineBytes) : undefined;
});

const asPath = reader('must be a path that begins with /', (text) =>
  /^\/[\x21-\x7e]*$/.test(text) ? text : undefined,
);

const asHeader = reader('must be a media type, on one line', (text) =>
  /^[\x20-\x7e]+$/.test(text) ? text : undefined,
);

const asMode = reader(`must be one of ${watchdogModes.join(', ')}`, (text) =>
  watchdogModes.find((mode) => mode === text),
);

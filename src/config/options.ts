/** Every option of the servers, in the groups that the commands take. */
import { bytes, choice, count, duration, flag, port, text } from './option.ts';
import type { Values } from './option.ts';

const mib = 2 ** 20;

/** Options of everything that writes logs. */
export const logOptions = {
  logLevel: choice('--log-level <level>', 'least severe line that is written', 'info', [
    'trace',
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]),
  logFormat: choice('--log-format <format>', 'lines for people or for machines', 'auto', [
    'auto',
    'json',
    'pretty',
  ]),
};

/** Options of the HTTP door. */
export const frontendOptions = {
  host: text('--host <address>', 'address the frontend listens on', '0.0.0.0'),
  port: port('--port <port>', 'port the frontend listens on', 8080),
  bodyMax: bytes('--body-max <size>', 'largest request body', 10 * mib),
  uriMax: bytes('--uri-max <size>', 'longest request URI', 8_192),
  headersMax: bytes('--headers-max <size>', 'largest request headers', 16_384),
  headersTimeout: duration('--headers-timeout <time>', 'time a client has to send headers', 10_000),
  requestTimeout: duration(
    '--request-timeout <time>',
    'time a client has to send a request',
    60_000,
  ),
  keepAlive: duration('--keep-alive <time>', 'time an idle connection is kept', 65_000),
  stallTimeout: duration(
    '--stall-timeout <time>',
    'time a client may take no byte of an answer',
    60_000,
  ),
  routesWait: duration('--routes-wait <time>', 'time calls wait for the first routes ever', 1_000),
  connectionsMax: count('--connections-max <count>', 'open connections', 10_000, 1),
  cors: text('--cors <origins>', 'origins allowed by CORS: *, or a list with commas', ''),
  accessLog: flag('--access-log', 'write a line per call'),
};

/** Options of what runs the Funcs. */
export const runnerOptions = {
  warm: count('--warm <count>', 'unassigned workers kept ready per runtime', 1),
  prefetch: count('--prefetch <count>', 'calls a queue hands this runner at a time', 500, 1),
  drain: duration('--drain <time>', 'time calls in flight get to end at shutdown', 30_000),
};

/** Options of the control plane. */
export const tronOptions = {
  tronHost: text('--tron-host <address>', 'address the Tron listens on', '127.0.0.1'),
  tronPort: port('--tron-port <port>', 'port the Tron listens on', 3000),
  bundleMax: bytes('--bundle-max <size>', 'largest bundle file', 256 * mib),
  bundleUnpackedMax: bytes('--bundle-unpacked-max <size>', 'largest unpacked bundle', 1024 * mib),
  bundleEntryMax: bytes('--bundle-entry-max <size>', 'largest file in a bundle', 512 * mib),
  bundleEntriesMax: count('--bundle-entries-max <count>', 'files in a bundle', 20_000, 1),
  bundleRatioMax: count('--bundle-ratio-max <times>', 'unpacked size over size', 200, 1),
  bundlePathMax: bytes('--bundle-path-max <size>', 'longest path in a bundle', 1_024),
  contractMax: bytes('--contract-max <size>', 'largest contract', 8 * mib),
  uploadsMax: count('--uploads-max <count>', 'uploads taken at a time', 8, 1),
  enableTimeout: duration('--enable-timeout <time>', 'time runners get to load a bundle', 30_000),
  logLines: count('--log-lines <count>', 'log lines of Funcs kept for "funcatron logs"', 10_000),
};

/** Options of where state lives. */
export const stateOptions = {
  data: text('--data <folder>', 'folder for state, bundles and the journal', '.funcatron'),
  broker: text('--broker <url>', 'message broker', 'memory:'),
  store: text('--store <url>', 'state of the Tron; default: SQLite in the data folder', ''),
  queueMax: count('--queue-max <count>', 'calls that may wait in one queue', 10_000, 1),
  queueBytesMax: bytes('--queue-bytes-max <size>', 'bodies that may wait in one queue', 256 * mib),
  journalMax: bytes('--journal-max <size>', 'asynchronous calls kept on disk', 1024 * mib),
  asyncTries: count('--async-tries <count>', 'deliveries of one asynchronous call', 5, 1),
};

export const serveOptions = {
  ...frontendOptions,
  ...tronOptions,
  ...runnerOptions,
  ...stateOptions,
  ...logOptions,
};

export type ServeOptions = Values<typeof serveOptions>;

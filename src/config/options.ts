/** Every option of every command, in the groups that the commands take. */
import { bytes, choice, count, duration, flag, flagOnly } from './option.ts';
import { grouped, list, optional, port, text } from './option.ts';
import type { Values } from './option.ts';
import { functionDeskOptions, functionDoorOptions } from './gateway-options.ts';

const mib = 2 ** 20;

/** Options of everything that writes logs. */
export const logOptions = grouped('Logs', {
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
});

const dayMs = 86_400_000;

/** Of whoever takes a URL for results, and of whoever posts to it. */
const callbackAllow = {
  callbackAllow: text(
    '--callback-allow <list>',
    'where results of asynchronous calls may be posted to: origins, hosts, networks, with commas',
    '',
  ),
};

const directOver = bytes(
  '--direct-over <size>',
  'bodies above this are passed on as they come, past the queue',
  256 * 1024,
);

/** Options of the HTTP door. */
export const frontendOptions = grouped('Frontend', {
  host: text('--host <address>', 'address the frontend listens on', '0.0.0.0'),
  port: port('--port <port>', 'port the frontend listens on', 8080),
  bodyMax: bytes('--body-max <size>', 'largest request body', 10 * mib),
  directOver,
  directMax: bytes(
    '--direct-max <size>',
    'largest body that is taken as it comes (x-funcatron.direct); 0 for any',
    16 * 1024 * mib,
  ),
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
    'time a client may take no byte of an answer, or send none of a streamed body',
    60_000,
  ),
  websocketIdle: duration(
    '--websocket-idle <time>',
    'time a WebSocket may carry nothing either way',
    600_000,
  ),
  routesWait: duration('--routes-wait <time>', 'time calls wait for the first routes ever', 1_000),
  connectionsMax: count('--connections-max <count>', 'open connections', 10_000, 1),
  cors: text('--cors <origins>', 'origins allowed by CORS: *, or a list with commas', ''),
  accessLog: flag('--access-log', 'write a line per call'),
  ...callbackAllow,
});

/** Options of what waits in queues. */
export const queueOptions = grouped('Queues', {
  queueMax: count('--queue-max <count>', 'calls that may wait in one queue', 10_000, 1),
  queueBytesMax: bytes('--queue-bytes-max <size>', 'bodies that may wait in one queue', 256 * mib),
  journalMax: bytes('--journal-max <size>', 'asynchronous calls kept on disk', 1024 * mib),
  asyncTries: count('--async-tries <count>', 'deliveries of one asynchronous call', 5, 1),
});

/** Options of what runs the Funcs. */
export const runnerOptions = grouped('Runner', {
  warm: count('--warm <count>', 'unassigned workers kept ready per runtime', 1),
  prefetch: count('--prefetch <count>', 'calls a queue hands this runner at a time', 500, 1),
  hopsMax: count(
    '--hops-max <count>',
    'Funcs that may follow one another by x-funcatron.then',
    16,
    1,
  ),
  jvmMemory: bytes('--jvm-memory <size>', 'heap of the JVM that bundles share', 1024 * mib),
  replyMax: bytes('--reply-max <size>', 'answer of a program run per call', 1024 * mib),
  resultMax: bytes('--result-max <size>', 'answer kept of an asynchronous call', mib),
  drain: duration('--drain <time>', 'time calls in flight get to end at shutdown', 30_000),
});

/** Options of connections past the broker server, where the parts are processes of their own. */
export const directOptions = grouped('Direct connections', {
  directOver,
  directHost: text('--direct-host <address>', 'address it takes large bodies at', '0.0.0.0'),
  directPort: port('--direct-port <port>', 'port it takes large bodies at; 0 for any free one', 0),
  directUrl: text(
    '--direct-url <url>',
    'where others reach that; without one, its address and port',
    '',
  ),
  directPlaces: count('--direct-places <count>', 'large bodies waited for at a time', 10_000, 1),
  directTlsCert: text('--direct-tls-cert <file>', 'certificate (PEM): encrypts these', ''),
  directTlsKey: text('--direct-tls-key <file>', 'key of the certificate (PEM)', ''),
  directTlsCa: text(
    '--direct-tls-ca <file>',
    'whom to trust (PEM), names included; without it, that certificate alone',
    '',
  ),
});

/** What a bundle may not go over, where it is made and where it is taken. */
export const bundleOptions = grouped('Limits of bundles', {
  bundleMax: bytes('--bundle-max <size>', 'largest bundle file', 256 * mib),
  bundleUnpackedMax: bytes('--bundle-unpacked-max <size>', 'largest unpacked bundle', 1024 * mib),
  bundleEntryMax: bytes('--bundle-entry-max <size>', 'largest file in a bundle', 512 * mib),
  bundleEntriesMax: count('--bundle-entries-max <count>', 'files in a bundle', 20_000, 1),
  bundleRatioMax: count('--bundle-ratio-max <times>', 'unpacked size over size', 200, 1),
  bundlePathMax: bytes('--bundle-path-max <size>', 'longest path in a bundle', 1_024),
  contractMax: bytes('--contract-max <size>', 'largest contract', 8 * mib),
});

/** Options of the control plane. */
export const tronOptions = grouped('Tron', {
  tronHost: text('--tron-host <address>', 'address the Tron listens on', '127.0.0.1'),
  tronPort: port('--tron-port <port>', 'port the Tron listens on', 3000),
  uploadsMax: count('--uploads-max <count>', 'uploads taken at a time', 8, 1),
  enableTimeout: duration('--enable-timeout <time>', 'time runners get to load a bundle', 30_000),
  logLines: count('--log-lines <count>', 'log lines of Funcs kept for "funcatron logs"', 10_000),
  autoscale: choice('--autoscale <mode>', 'scale what is enabled by load', 'on', ['on', 'off']),
  tronUrl: text(
    '--tron-url <url>',
    'where runners and frontends reach the Tron; without one, where it listens',
    '',
  ),
  callsKeep: duration(
    '--calls-keep <time>',
    'time an asynchronous call is known after it ended',
    dayMs,
  ),
  idempotencyKeep: duration(
    '--idempotency-keep <time>',
    'time an Idempotency-Key stands for its call',
    dayMs,
  ),
  deadMax: count('--dead-max <count>', 'dead letters kept', 10_000),
  ...callbackAllow,
  callbackSecret: text(
    '--callback-secret <text>',
    'what callbacks are signed with; without one, it is made and kept',
    '',
  ),
  callbackTimeout: duration(
    '--callback-timeout <time>',
    'time the receiver of a callback has to answer',
    10_000,
  ),
  bundleStore: text(
    '--bundle-store <url>',
    'bundles: s3://bucket/prefix; without one, the data folder',
    '',
  ),
});

/** Options of whoever keeps copies of bundles that are elsewhere. */
export const copyOptions = grouped('State', {
  bundleCacheMax: bytes(
    '--bundle-cache-max <size>',
    'local copies of bundles that are kept elsewhere',
    4096 * mib,
  ),
});

/** Where the messages go. */
export const brokerOptions = {
  broker: text('--broker <url>', 'broker: nats://, amqp://, redis:// or kafka://', 'memory:'),
  namespace: text(
    '--namespace <name>',
    'what all names at the broker begin with: one for each cluster',
    'funcatron',
  ),
};

/** Options of where state lives. */
export const stateOptions = grouped('State', {
  data: text('--data <folder>', 'folder for state, bundles and the journal', '.funcatron'),
  ...brokerOptions,
  store: text(
    '--store <url>',
    'state of the Tron: sqlite:PATH or postgres://; without one, SQLite in the data folder',
    '',
  ),
});

export const serveOptions = {
  ...frontendOptions,
  ...functionDoorOptions,
  ...tronOptions,
  ...functionDeskOptions,
  ...bundleOptions,
  ...runnerOptions,
  ...directOptions,
  ...queueOptions,
  ...stateOptions,
  ...copyOptions,
  ...logOptions,
};

export type ServeOptions = Values<typeof serveOptions>;

/** Where commands find a Tron. */
export const remoteOptions = grouped('Tron', {
  tron: text('--tron <url>', 'where the Tron is', 'http://localhost:3000'),
  token: text('--token <token>', 'token for the Tron', ''),
});

/** Where commands find a frontend. */
export const doorOptions = grouped('Frontend', {
  frontend: text('--frontend <url>', 'where the frontend is; without one, the Tron is asked', ''),
});

export const jsonOptions = {
  json: flagOnly(flag('--json', 'print JSON')),
};

/** What is given when a bundle is enabled, and never part of it. */
export const propsOptions = {
  props: optional('--props <file|json>', 'props of the bundle'),
  overlay: optional('--overlay <file|json>', 'OpenAPI Overlay applied to the contract'),
};

export const placeOptions = {
  host: optional('--host <host>', "host to bind, instead of the contract's; * for any"),
  basePath: optional('--base-path <path>', "base path to bind, instead of the contract's"),
};

export const initOptions = {
  lang: flagOnly(
    choice('--lang <lang>', 'language', 'ts', [
      'ts',
      'js',
      'python',
      'process',
      'java',
      'kotlin',
      'scala',
      'clojure',
      'spring',
    ]),
  ),
};

export const buildOptions = {
  output: optional('-o, --output <file>', 'file to write; without one, <name>.zip'),
};

export const invokeOptions = {
  param: list('--param <name=value>', 'a parameter, in the path or elsewhere'),
  data: optional('--data <text|@file|->', 'request body: text, a file, or standard input'),
  header: list('--header <name: value>', 'a request header'),
  bundle: optional('--bundle <name|sha>', 'the bundle, when several have the operation'),
};

export const watchdogOptions = {
  runHealthcheck: flagOnly(
    flag(
      '--run-healthcheck',
      'only say, by the exit code, whether the one in this container is up',
    ),
  ),
  executable: optional('--executable <file>', 'only write one file that is watchdog and Node'),
};

export const logsOptions = {
  follow: flagOnly(flag('-f, --follow', 'go on as they come')),
  bundle: optional('--bundle <name|sha>', 'only of this bundle'),
  request: optional('--request <id>', 'only of this request'),
  level: flagOnly(
    choice('--level <level>', 'only of this level and above', 'debug', [
      'debug',
      'info',
      'warn',
      'error',
    ]),
  ),
  tail: flagOnly(count('--tail <count>', 'how many of the lines that were', 100)),
};

/**
 * The keys of `x-funcatron`: for each, the JSON Schema that editors and people see, and how it is
 * read. Reading is stricter where a schema cannot say it, and needs no library at start.
 */
import {
  readBoolean,
  readChoice,
  readCors,
  readCount,
  readEnv,
  readEventPlaces,
  readInstances,
  readJvm,
  readMembers,
  readObject,
  readRetry,
  readSchedule,
  readText,
  secretsKey,
  variableName,
} from './setting-reader.ts';
import { duration, eventPlace, text, textList } from './setting-shape.ts';
import { readBytes, readCommand, readDurationMs } from './setting-value.ts';

const runtimeNames = ['node', 'python', 'jvm', 'process', 'http', 'watchdog'] as const;
/** For `dev` alone, which names it in the contract of a dev shim; no schema offers it. */
const shimName = 'shim';
export type RuntimeName = (typeof runtimeNames)[number] | typeof shimName;
const checkModes = ['off', 'report', 'enforce'] as const;
export type CheckMode = (typeof checkModes)[number];

export interface Cors {
  /** `*` alone for any origin. */
  origins: string[];
  headers?: string[];
  expose?: string[];
  credentials?: boolean;
  maxAgeMs?: number;
}

export interface SettingKey {
  /** Where the key may stand: on the document, on an operation, or on both. */
  on: 'document' | 'operation' | 'both';
  schema: Record<string, unknown>;
  /** Throws `Unfit`. The result goes under `as`, in the units its name says. */
  read(value: unknown): unknown;
  as?: string;
}

const checkMode = { type: 'string', enum: checkModes };

export const settingKeys: Record<string, SettingKey> = {
  name: {
    on: 'document',
    schema: {
      description: 'Name of the bundle in logs, metrics and lists. Default: from info.title.',
      ...text('^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    },
    read: readText('^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', 'letters, digits, dot, dash, underscore'),
  },
  host: {
    on: 'document',
    schema: {
      description: 'Host name the bundle answers for, in lower case; * for every host.',
      ...text('^([*]|[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?)$'),
    },
    read: readText(
      '^([*]|[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?)$',
      'a host name in lower case without a port, or *',
    ),
  },
  runtime: {
    on: 'document',
    schema: {
      description:
        'What runs the code. Default: process where a process is named, else from the file ending of handler; jvm for a JAR.',
      type: 'string',
      enum: runtimeNames,
    },
    read: (value) => (value === shimName ? value : readChoice(runtimeNames)(value)),
  },
  handler: {
    on: 'document',
    schema: {
      description: 'Module that holds the Funcs, relative to the bundle.',
      ...text('^(?!/)(?!.*(^|/)[.][.](/|$))[^\\u0000\\\\]{1,255}$'),
    },
    read: readText(
      '^(?!/)(?!.*(^|/)[.][.](/|$))[^\\u0000\\\\]{1,255}$',
      'a path inside the bundle, with slashes',
    ),
  },
  process: {
    on: 'both',
    schema: {
      description: 'Program and arguments: a command line without a shell, or a list of words.',
      ...textList,
      items: { type: 'string' },
    },
    read: readCommand,
  },
  fallback: {
    on: 'document',
    schema: {
      description:
        'Takes every path below the base path and every method that no other operation does, unchecked: an operationId.',
      ...text('^[^#\\s]+$'),
    },
    read: readText('^[^#\\s]+$', 'an operationId'),
  },
  function: {
    on: 'document',
    schema: {
      description:
        'What a function was deployed with at /system/functions, as it was sent: written by the Tron.',
      type: 'object',
    },
    read: readObject,
  },
  timeout: {
    on: 'both',
    schema: {
      description:
        'Time a call may take, seconds or with a unit: 30, "30s", "500ms". Default: 30s.',
      ...duration,
    },
    read: (value) => readDurationMs(value, 1),
    as: 'timeoutMs',
  },
  concurrency: {
    on: 'document',
    schema: {
      description: 'Calls in one worker at a time. Default: node and http 100, jvm 50, others 16.',
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
    },
    read: readCount(1, 10_000),
  },
  instances: {
    on: 'document',
    schema: {
      description:
        'Workers: at least min, at most max; idle is when an unused one ends. Default: 0, 4, 60s.',
      type: 'object',
      properties: {
        min: { type: 'integer', minimum: 0, maximum: 1000 },
        max: { type: 'integer', minimum: 1, maximum: 1000 },
        idle: duration,
      },
      additionalProperties: false,
    },
    read: readInstances,
  },
  memory: {
    on: 'document',
    schema: {
      description: 'Memory of one worker, bytes or with a unit: "256Mi", "512MB". Default: 512Mi.',
      type: ['string', 'integer'],
      pattern: '^[0-9]+([.][0-9]+)? ?((k|K|M|G)i?)?B?$',
      minimum: 1_048_576,
    },
    read: readBytes,
    as: 'memoryBytesMax',
  },
  env: {
    on: 'document',
    schema: {
      description: 'Environment variables of the workers.',
      type: 'object',
      propertyNames: { pattern: variableName, not: { pattern: '^FUNCATRON_' } },
      additionalProperties: { type: ['string', 'number', 'boolean'] },
    },
    read: readEnv,
  },
  secrets: secretsKey,
  jvm: {
    on: 'document',
    schema: {
      description:
        'Of runtime jvm: a JVM of its own instead of one shared with other bundles, and options of java for it.',
      type: 'object',
      properties: {
        own: { type: 'boolean' },
        options: { type: 'array', items: { type: 'string', pattern: '^-' } },
      },
      dependentRequired: { options: ['own'] },
      additionalProperties: false,
    },
    read: readJvm,
  },
  validate: {
    on: 'both',
    schema: {
      description:
        'What a breach of the contract does. Default: requests enforce; responses enforce in dev, else report.',
      type: 'object',
      properties: { request: checkMode, response: checkMode },
      additionalProperties: false,
    },
    read: (value) =>
      readMembers(value, {
        request: readChoice(checkModes),
        response: readChoice(checkModes),
      }),
  },
  cors: {
    on: 'both',
    schema: {
      description:
        'Cross-origin calls from browsers: true for any origin, or who may. Default: the installation decides.',
      type: ['boolean', 'object'],
      properties: {
        origins: textList,
        headers: textList,
        expose: textList,
        credentials: { type: 'boolean' },
        maxAge: duration,
      },
      required: ['origins'],
      additionalProperties: false,
    },
    read: readCors,
  },
  direct: {
    on: 'both',
    schema: {
      description:
        'The Func gets its body as it comes, as a stream and unchecked: for large bodies, streams, WebSockets.',
      type: 'boolean',
    },
    read: readBoolean,
  },
  async: {
    on: 'both',
    schema: {
      description: 'Calls are answered 202 at once, run later, and retried.',
      type: 'boolean',
    },
    read: readBoolean,
  },
  retry: {
    on: 'both',
    schema: {
      description:
        'Asynchronous calls that fail: tries, the first included; wait before the second, doubled each time, up to waitMax. Default: the installation decides.',
      type: 'object',
      properties: {
        tries: { type: 'integer', minimum: 1, maximum: 1000 },
        wait: duration,
        waitMax: duration,
      },
      additionalProperties: false,
    },
    read: readRetry,
  },
  schedule: {
    on: 'operation',
    schema: {
      description: 'Cron expression that calls this Func, in UTC or in a time zone.',
      type: ['string', 'object'],
      minLength: 1,
      properties: {
        cron: { type: 'string', minLength: 1 },
        timezone: { type: 'string', minLength: 1 },
      },
      required: ['cron'],
      additionalProperties: false,
    },
    read: readSchedule,
  },
  on: {
    on: 'operation',
    schema: {
      description:
        "Queues, topics and subjects of the broker's own, whose messages call this Func.",
      type: ['object', 'array'],
      ...eventPlace,
      items: { type: 'object', ...eventPlace },
      minItems: 1,
    },
    read: readEventPlaces,
  },
  // oxlint-disable-next-line unicorn/no-thenable -- an object of data, which nobody awaits
  then: {
    on: 'operation',
    schema: {
      description:
        'The Func that is called with the result of this one: an operationId, or bundle#operationId.',
      ...text('^([A-Za-z0-9][A-Za-z0-9._-]{0,63}#)?[^#\\s]+$'),
    },
    read: readText(
      '^([A-Za-z0-9][A-Za-z0-9._-]{0,63}#)?[^#\\s]+$',
      'an operationId, or bundle#operationId',
    ),
  },
};

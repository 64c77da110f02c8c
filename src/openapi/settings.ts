/**
 * `x-funcatron` on a document and its operations, read into `Settings`: units in the names,
 * defaults filled in, an operation's own over the document's.
 */
import type { EventPlace, Issue, RetryPolicy, Schedule } from '../message.ts';
import { suggest } from './nearest.ts';
import { child, isObject } from './pointer.ts';
import { settingKeys } from './setting.ts';
import type { CheckMode, Cors, RuntimeName } from './setting.ts';
import { show, Unfit } from './setting-value.ts';

export interface Settings {
  readonly name?: string;
  /** `*` for every host; absent: not said here. */
  readonly host?: string;
  /** Absent when only the files of the bundle can tell. */
  readonly runtime?: RuntimeName;
  /** Module of the Funcs, relative to the bundle. */
  readonly handler?: string;
  /** Program and arguments. */
  readonly process?: string[];
  /** The operation that takes every path and method no other one does: its operationId. */
  readonly fallback?: string;
  /** What a function was deployed with. */
  readonly function?: Record<string, unknown>;
  readonly timeoutMs: number;
  /** Calls in one worker at a time; absent: the runtime's default. */
  readonly concurrency?: number;
  readonly instances: { readonly min: number; readonly max: number; readonly idleMs: number };
  readonly memoryBytesMax: number;
  readonly env: Record<string, string>;
  /** Names of secrets that the workers see as files. */
  readonly secrets?: string[];
  /** Of runtime jvm: whether it wants a JVM of its own, and the options of that. */
  readonly jvm?: { readonly own: boolean; readonly options: string[] };
  /** An absent response mode is the installation's: enforce in dev, else report. */
  readonly validate: { readonly request: CheckMode; readonly response?: CheckMode };
  /** False: none, whatever the installation says; absent: the installation's. */
  readonly cors?: Cors | false;
  readonly direct: boolean;
  readonly async: boolean;
  /** Of asynchronous calls; what is absent is the installation's. */
  readonly retry?: Partial<RetryPolicy>;
  readonly schedule?: Schedule;
  /** Whose messages call this Func. */
  readonly on?: EventPlace[];
  /** An operationId, or `bundle#operationId`. */
  readonly then?: string;
}

const defaults: Settings = {
  timeoutMs: 30_000,
  instances: { min: 0, max: 4, idleMs: 60_000 },
  memoryBytesMax: 512 * 2 ** 20,
  env: {},
  validate: { request: 'enforce' },
  direct: false,
  async: false,
};

export interface SettingsReading {
  settings: Settings;
  issues: Issue[];
}

/** The document's own settings. `usesProcess`: whether an operation names a process of its own. */
export function readDocumentSettings(source: unknown, usesProcess: boolean): SettingsReading {
  const { values, issues } = readKeys(source, 'document', '/x-funcatron');
  const said = merge(defaults, values);
  const runtime = said.runtime ?? deriveRuntime(said, usesProcess);
  const settings: Settings = runtime === undefined ? said : { ...said, runtime };
  const contradiction = contradict(settings, usesProcess);
  if (contradiction) issues.push(contradiction);
  return { settings, issues };
}

/** The settings of one operation: the document's, which it shares, unless it has its own. */
export function readOperationSettings(
  source: unknown,
  document: Settings,
  at: string,
): SettingsReading {
  if (source === undefined) return { settings: document, issues: [] };
  const { values, issues } = readKeys(source, 'operation', child(at, 'x-funcatron'));
  return { settings: merge(document, values), issues };
}

function merge(under: Settings, values: Partial<Settings>): Settings {
  const validate = { ...under.validate, ...values.validate };
  const merged: Settings = { ...under, ...values, validate };
  if (!under.retry || !values.retry) return merged;
  return { ...merged, retry: { ...under.retry, ...values.retry } };
}

function deriveRuntime(settings: Settings, usesProcess: boolean): RuntimeName | undefined {
  if (settings.process || usesProcess) return 'process';
  if (settings.handler?.endsWith('.py')) return 'python';
  if (settings.handler && /\.[cm]?[jt]s$/.test(settings.handler)) return 'node';
  if (settings.jvm) return 'jvm';
  return undefined;
}

/** Settings that cannot stand together, each of them right by itself. */
function contradict(settings: Settings, usesProcess: boolean): Issue | undefined {
  const { runtime, process, handler, jvm } = settings;
  const at = '/x-funcatron/runtime';
  if (runtime === 'watchdog' && usesProcess)
    return issue(at, 'runtime watchdog runs one program', 'move process to the document');
  if (runtime === 'http' && !process)
    return issue(at, 'runtime http names no program', 'add process: the command that serves HTTP');
  const runsNone = runtime === 'node' || runtime === 'python' || runtime === 'jvm';
  if (runsNone && (process || usesProcess))
    return issue(at, `runtime ${runtime} runs no process`, 'remove process, or the runtime');
  if (handler && (runtime === 'process' || runtime === 'http' || runtime === 'watchdog'))
    return issue(at, `runtime ${runtime} takes no handler`, 'remove handler, or the runtime');
  if (handler && runtime === 'jvm')
    return issue(
      '/x-funcatron/handler',
      'runtime jvm takes no handler',
      'remove it: an operationId names its class',
    );
  if (jvm && runtime !== undefined && runtime !== 'jvm' && runtime !== 'shim')
    return issue('/x-funcatron/jvm', `runtime ${runtime} has no JVM`, 'remove jvm');
  return undefined;
}

function readKeys(
  source: unknown,
  level: 'document' | 'operation',
  at: string,
): { values: Partial<Settings>; issues: Issue[] } {
  const values: Record<string, unknown> = {};
  const issues: Issue[] = [];
  const names = Object.keys(settingKeys).filter((key) => fits(key, level));
  if (source === undefined) return { values, issues };
  if (!isObject(source))
    return {
      values,
      issues: [issue(at, `${show(source)} is no object`, `use ${names.join(', ')}`)],
    };
  for (const [name, value] of Object.entries(source)) {
    const key = settingKeys[name];
    if (!key || !Object.hasOwn(settingKeys, name))
      issues.push(issue(child(at, name), `${name} is no setting`, suggest(name, names)));
    else if (!fits(name, level))
      issues.push(
        issue(
          child(at, name),
          `${name} is a setting of the ${key.on}, not of the ${level}`,
          `move it to x-funcatron of ${key.on === 'document' ? 'the document' : 'an operation'}`,
        ),
      );
    else
      try {
        values[key.as ?? name] = key.read(value);
      } catch (thrown) {
        if (!(thrown instanceof Unfit)) throw thrown;
        issues.push(issue(child(at, name) + thrown.at, `${name}: ${thrown.message}`, thrown.mend));
      }
  }
  return { values, issues };
}

function fits(name: string, level: 'document' | 'operation'): boolean {
  const { on } = settingKeys[name]!;
  return on === level || on === 'both';
}

function issue(at: string, message: string, mend: string): Issue {
  return { in: 'document', at, message, mend };
}

/** The JSON Schema of `x-funcatron`: on a document; `$defs.operation` on an operation. */
export const settingsSchema: Record<string, unknown> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'x-funcatron on an OpenAPI document; $defs/operation: on an operation',
  ...objectSchema('document'),
  $defs: { operation: objectSchema('operation') },
};

function objectSchema(level: 'document' | 'operation'): Record<string, unknown> {
  const keys = Object.entries(settingKeys).filter(([name]) => fits(name, level));
  return {
    type: 'object',
    properties: Object.fromEntries(keys.map(([name, key]) => [name, key.schema])),
    additionalProperties: false,
  };
}

/**
 * How many workers a bundle may have and should have. A function that was deployed the way of
 * OpenFaaS says so in labels (`com.openfaas.scale.*`), for all runners together; any other bundle in
 * `x-funcatron.instances`, for each runner.
 */
import { parseDuration } from '../unit.ts';
import type { Settings } from './settings.ts';

/** What decides how many workers are wanted. */
export const scaleTypes = ['load', 'rps', 'capacity', 'cpu', 'queue'] as const;
export type ScaleType = (typeof scaleTypes)[number];

export interface ScaleLimits {
  /** Workers that are kept though nobody calls. */
  readonly min: number;
  /** Workers that there are at least while somebody calls. */
  readonly awake: number;
  readonly max: number;
  /** Whether these count for each runner, not for all together. */
  readonly perRunner: boolean;
  /** Whether it goes to zero by itself, also where somebody asked for more. */
  readonly zero: boolean;
  /** Time without a call after which a worker beyond `min` goes. */
  readonly idleMs: number;
  /** Time over which the most that was wanted counts. */
  readonly windowMs: number;
  /** By how much an alert scales, in percent of `max`; 0: not at all. */
  readonly factor: number;
  readonly type: ScaleType;
  /** Of `type`, per worker: calls a second, calls in hand, thousandths of a CPU, calls waiting. */
  readonly target: number;
  /** The part of it that is aimed at. */
  readonly proportion: number;
}

type Labels = Readonly<Record<string, unknown>>;

const prefix = 'com.openfaas.scale.';
/** As OpenFaaS has them. */
const usual = { max: 20, factor: 10, target: 50, proportion: 0.9, zeroMs: 900_000 } as const;
const windowMsMax = 300_000;
const windowMsDefault = 60_000;

/** What a label must be; and how it is read. Undefined: it is not that. */
const readers = {
  min: whole(0),
  max: whole(1),
  factor: whole(0, 100),
  zero: (text: string) => (/^(true|false)$/.test(text) ? text === 'true' : undefined),
  'zero-duration': parseDuration,
  target: positive,
  'target-proportion': positive,
  type: (text: string) => scaleTypes.find((type) => type === text),
  'down.window': parseDuration,
} as const;

const rules: Record<keyof typeof readers, string> = {
  min: 'a whole number, at least 0',
  max: 'a whole number, at least 1',
  factor: 'a whole number, 0 to 100 (percent of max)',
  zero: 'true or false',
  'zero-duration': 'a time such as 15m',
  target: 'a number above 0',
  'target-proportion': 'a number above 0',
  type: `one of ${scaleTypes.join(', ')}`,
  'down.window': 'a time such as 1m',
};

/** What is wrong with labels about scaling; undefined: nothing. */
export function refuseScaleLabels(labels: Labels): string | undefined {
  for (const [name, rule] of Object.entries(rules)) {
    const text = labels[prefix + name];
    if (text === undefined || readers[name as keyof typeof readers](String(text)) !== undefined)
      continue;
    return `label ${prefix}${name} is ${JSON.stringify(text)}: it must be ${rule}`;
  }
  const { min, max } = read(labels);
  if (min !== undefined && min > (max ?? usual.max))
    return `label ${prefix}min is ${min}, above ${prefix}max, which is ${max ?? usual.max}`;
  return undefined;
}

/** The limits of a bundle; a label of no use is as if it were not there. */
export function scaleLimits({ instances, function: deployment }: Settings): ScaleLimits {
  const { min, max, idleMs } = instances;
  const windowMs = Math.min(windowMsMax, idleMs);
  const { factor, target, proportion } = usual;
  const rest = { factor, target, proportion, type: 'load' } as const;
  if (!deployment) {
    const awake = Math.max(1, min);
    return {
      min,
      awake,
      max: Math.max(max, awake),
      perRunner: true,
      zero: false,
      idleMs,
      windowMs,
      ...rest,
    };
  }
  return { perRunner: false, ...rest, ...functionLimits(deployment.labels, idleMs) };
}

function functionLimits(labels: unknown, idleMs: number) {
  const said = read((labels ?? {}) as Labels);
  const least = said.zero === false ? Math.max(1, said.min ?? 1) : (said.min ?? 0);
  const awake = Math.max(1, least);
  return {
    min: said.zero === true ? 0 : least,
    zero: said.zero === true,
    awake,
    max: Math.max(awake, said.max ?? usual.max),
    idleMs: said.zero === true ? (said['zero-duration'] ?? usual.zeroMs) : idleMs,
    windowMs: Math.min(windowMsMax, said['down.window'] ?? windowMsDefault),
    factor: said.factor ?? usual.factor,
    type: said.type ?? 'load',
    target: said.target ?? usual.target,
    proportion: said['target-proportion'] ?? usual.proportion,
  };
}

type Said = { [Name in keyof typeof readers]?: NonNullable<ReturnType<(typeof readers)[Name]>> };

function read(labels: Labels): Said {
  const said: Record<string, unknown> = {};
  for (const [name, reader] of Object.entries(readers)) {
    const text = labels[prefix + name];
    const value = text === undefined ? undefined : reader(String(text));
    if (value !== undefined) said[name] = value;
  }
  return said;
}

function whole(least: number, most = 10_000): (text: string) => number | undefined {
  return (text) => {
    const number = Number(text);
    return /^\d{1,6}$/.test(text) && number >= least && number <= most ? number : undefined;
  };
}

function positive(text: string): number | undefined {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) && number > 0 ? number : undefined;
}

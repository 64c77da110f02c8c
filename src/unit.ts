/** Times and sizes as people write them. */

const msOf: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `"500ms" "30s" "2m" "1h" "1d"`, or a number of seconds, as milliseconds; undefined if neither. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return value >= 0 ? value * 1_000 : undefined;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(value.trim());
  return match ? Number(match[1]) * msOf[match[2] ?? 's']! : undefined;
}

/** Milliseconds as a person writes them: `30s`. */
export function showDuration(ms: number): string {
  const units = Object.entries(msOf).toReversed();
  const [unit, size] = units.find(([, one]) => ms >= one && ms % one === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

const bytesOf: Record<string, number> = {
  '': 1,
  b: 1,
  bytes: 1,
  k: 1e3,
  kb: 1e3,
  ki: 2 ** 10,
  kib: 2 ** 10,
  m: 1e6,
  mb: 1e6,
  mi: 2 ** 20,
  mib: 2 ** 20,
  g: 1e9,
  gb: 1e9,
  gi: 2 ** 30,
  gib: 2 ** 30,
};

/** `"256Mi" "512MB" "1G"`, or a number of bytes, as bytes; undefined if neither. */
export function parseBytes(value: string | number): number | undefined {
  if (typeof value === 'number') return value >= 0 ? Math.floor(value) : undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(value.trim());
  const unit = match && bytesOf[match[2]!.toLowerCase()];
  return unit ? Math.floor(Number(match[1]) * unit) : undefined;
}

/** A number of bytes as a person reads it: `10 MiB`. */
export function showBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let index = 0;
  let value = bytes;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index++;
  }
  return `${Number(value.toFixed(1))} ${units[index]}`;
}

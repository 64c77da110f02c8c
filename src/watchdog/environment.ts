/** Our own variables that every program may see; no other one is handed down. */
const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ'] as const;

/** Longest `NAME=value` Linux takes, its closing NUL included (execve(2), MAX_ARG_STRLEN). */
export const variableBytesMax = 128 * 1024;

/**
 * The environment of a program: PATH HOME LANG TMPDIR TZ of `ours` and, over them, `own`.
 * Nothing else gets through, so that no secret and no option of the platform does.
 */
export function cleanEnv(
  own: Record<string, string> = {},
  ours: Record<string, string | undefined> = process.env,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of kept) {
    const value = ours[name];
    if (value !== undefined) env[name] = value;
  }
  return Object.assign(env, own);
}

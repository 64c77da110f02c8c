import { FuncatronError } from '../errors.ts';

/** Our own variables that every program may see; no other one is handed down. */
const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ'] as const;

/** Longest `NAME=value` Linux takes, its closing NUL included (execve(2), MAX_ARG_STRLEN). */
const variableBytesMax = 128 * 1024;

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

/** Throws `worker_start_failed` for a variable that no program can be given, and names it. */
export function checkVariables(env: Record<string, string>): void {
  for (const [name, value] of Object.entries(env)) {
    const bytes = Buffer.byteLength(`${name}=${value}`) + 1;
    if (bytes > variableBytesMax) {
      const detail = `the variable ${name} has ${bytes} bytes; the system takes ${variableBytesMax}`;
      throw new FuncatronError(
        'worker_start_failed',
        `${detail}: make the props or x-funcatron.env smaller`,
      );
    }
    if (name.includes('=') || name.includes('\0') || value.includes('\0'))
      throw new FuncatronError(
        'worker_start_failed',
        `the variable ${JSON.stringify(name)} cannot be set: no name holds "=", and nothing a NUL byte`,
      );
  }
}

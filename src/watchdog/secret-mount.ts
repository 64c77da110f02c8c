/**
 * Secrets where OpenFaaS's functions look for them: a folder is mounted there that only the
 * programs of one worker see, since they have a mount namespace of their own (mount_namespaces(7)).
 */

/** Where OpenFaaS's functions look for their secrets. */
export const secretsPlace = '/var/openfaas/secrets';

const mounting = `mount --bind "$0" ${secretsPlace}`;
/** Looks whether it may before it does: a machine that forbids it starts the program all the same. */
const script = [
  'dir=$1; shift',
  `if { mkdir -p ${secretsPlace} && unshare -m sh -c '${mounting}' "$dir"; } 2>/dev/null`,
  `then exec unshare -m sh -c '${mounting} && exec "$@"' "$dir" "$@"`,
  'fi',
  'exec "$@"',
].join('\n');

/** The command that runs another one with a folder mounted there, where that is permitted. */
export function withSecrets(dir: string | undefined, command: readonly string[]): string[] {
  if (dir === undefined || process.platform !== 'linux') return [...command];
  return ['sh', '-c', script, 'sh', dir, ...command];
}

/** Installs what the tests need from the system, where that is allowed and it is missing. */
import { spawnSync } from 'node:child_process';

/** Program to look for, and the Debian package that has it. */
const needed: readonly [program: string, debianPackage: string][] = [
  ['python3', 'python3'],
  ['pip3', 'python3-pip'],
  ['perl', 'perl-base'],
];

export async function prepare(): Promise<void> {
  const missing = needed.filter(([program]) => !has(program)).map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !has('apt-get')) {
    console.log(`missing: ${missing.join(', ')}; the tests that need them are skipped by name`);
    return;
  }
  console.log(`installing ${missing.join(', ')}`);
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore' });
  spawnSync('apt-get', ['install', '-y', '-q', ...missing], { stdio: 'inherit' });
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

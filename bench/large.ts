/** What 2 GiB up and 2 GiB down take: time, and memory above idle. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const testFile = fileURLToPath(new URL('../test/large-body.test.ts', import.meta.url));

/** Runs the test of large bodies with that size; its figures are what it says. */
export async function benchLarge(size: string): Promise<void> {
  const env = { ...process.env, FUNCATRON_LARGE_BODY: size };
  const args = ['--test', '--test-reporter=tap', testFile];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const figure = /# (.+ (?:up|down)): (.*)/.exec(line);
    if (figure) console.log(`${size} ${figure[1]}`.padEnd(58), figure[2]);
  }
}

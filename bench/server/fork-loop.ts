/**
 * The yardstick of forking: `cat` started by Node's own spawn, fed and read, so many at a time for
 * so many seconds. Prints how many a second.
 */
import { spawn } from 'node:child_process';

const [concurrency, seconds] = process.argv.slice(2).map(Number) as [number, number];
const until = performance.now() + seconds * 1000;
let count = 0;

function once(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.on('error', reject);
    child.on('close', () => (text === 'hello' ? resolve() : reject(new Error(text))));
    child.stdin.end('hello');
  });
}

async function loop(): Promise<void> {
  while (performance.now() < until) {
    await once();
    count++;
  }
}

await Promise.all(Array.from({ length: concurrency }, loop));
console.log(count / seconds);

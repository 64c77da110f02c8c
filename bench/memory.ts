/** What an enabled bundle costs while nobody calls it. */
import { pause } from './figure.ts';
import { coldBundle } from './cold.ts';
import { residentBytes, startPlatform } from './server.ts';

export async function benchMemory(count: number): Promise<void> {
  const platform = await startPlatform({ flags: ['--log-level', 'info'] });
  try {
    const deploy = async (index: number) => platform.deploy(await coldBundle(`/idle${index}`));
    for (let index = 0; index < 20; index++) await deploy(index);
    const one = await settled(platform.pid);
    for (let index = 20; index < 20 + count; index++) await deploy(index);
    const many = await settled(platform.pid);
    const each = (many - one) / count / 1024;
    console.log(
      `idle bundles: RSS with ${count + 20} to RSS with 20`.padEnd(58),
      (many / one).toFixed(2),
    );
    console.log('idle bundles: KB each'.padEnd(58), each.toFixed(0).padEnd(24), '< 200');
    const workers = await childCount(platform.pid);
    console.log(
      'idle bundles: processes beside serve'.padEnd(58),
      String(workers).padEnd(24),
      'no worker of a bundle',
    );
  } finally {
    await platform.stop();
  }
}

/** Longer than a worker of a function that nobody calls stays. */
const functionIdleMs = 75_000;

/** What functions deployed by name cost while nobody calls them. */
export async function benchFunctions(count: number): Promise<void> {
  const platform = await startPlatform();
  try {
    for (let index = 0; index < count; index++) {
      const body = JSON.stringify({ service: `idle${index}`, image: 'none', envProcess: 'cat' });
      const url = `http://127.0.0.1:${platform.port}/system/functions`;
      const answer = await fetch(url, { method: 'POST', body });
      if (answer.status !== 202) throw new Error(await answer.text());
    }
    await pause(functionIdleMs);
    const mib = (residentBytes(platform.pid) / 2 ** 20).toFixed(0);
    const workers = await childCount(platform.pid);
    console.log(`${count} functions deployed, idle: MiB`.padEnd(58), mib.padEnd(24), '< 300');
    console.log('idle functions: processes beside serve'.padEnd(58), workers);
  } finally {
    await platform.stop();
  }
}

/** Memory after workers have gone and the collector had time. */
async function settled(pid: number): Promise<number> {
  await pause(3_000);
  return residentBytes(pid);
}

async function childCount(pid: number): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).length;
}

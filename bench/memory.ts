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

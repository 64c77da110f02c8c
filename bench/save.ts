/** Dev: from a save to the first answer of the new code. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDev } from '../src/cli/dev.ts';
import { recordingTerminal } from '../src/cli/fixture/terminal.ts';
import { readOptions } from '../src/config/option.ts';
import { devOptions } from '../src/config/dev-options.ts';
import { createLog } from '../src/log.ts';
import { median, pause, print } from './figure.ts';

const templates = fileURLToPath(new URL('../templates', import.meta.url));

export async function benchSave(rounds: number): Promise<void> {
  for (const [label, lang, file] of [
    ['TypeScript', 'ts', 'src/index.ts'],
    ['Python', 'python', 'functions.py'],
  ] as const) {
    const times = await saveTimes(lang, file, rounds);
    print(`${label}: save to served, ms (p50 ${median(times).toFixed(0)})`, times, '< 100');
  }
}

async function saveTimes(lang: string, file: string, rounds: number): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  cpSync(join(templates, lang), folder, { recursive: true });
  const contract = join(folder, 'funcatron.yaml');
  writeFileSync(contract, readFileSync(contract, 'utf8').replaceAll('{{name}}', 'shop'));
  const options = readOptions(devOptions, { port: '0' }, {});
  const quiet = recordingTerminal({ cwd: folder });
  const server = await startDev('.', options, quiet, createLog({ level: 'error' }));
  const source = join(folder, file);
  const text = readFileSync(source, 'utf8');
  const times: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const word = `Hi${round}`;
      const begunAt = performance.now();
      writeFileSync(source, text.replace('Hello', word));
      const url = `${server.url}/shop/hello/Ada`;
      const answer = await (await fetch(url)).text();
      times.push(performance.now() - begunAt);
      if (!answer.includes(word)) throw new Error(`the request after the save got ${answer}`);
      await pause(400);
    }
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return times.slice(1);
}

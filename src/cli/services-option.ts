import { readFileSync } from 'node:fs';
import { FuncatronError } from '../errors.ts';
import { parseServices } from '../frontend/alexa.ts';
import type { AlexaServices } from '../frontend/alexa.ts';

/** The file of `--services`; empty for none. Throws `option_invalid`. */
export function readServices(file: string): AlexaServices | undefined {
  if (file === '') return undefined;
  try {
    return parseServices(readFileSync(file, 'utf8'));
  } catch (cause) {
    const detail = `--services ${file}: ${(cause as Error).message}`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
}

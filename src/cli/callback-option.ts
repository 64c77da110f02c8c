import { CallbackAllow } from '../callback-allow.ts';
import { FuncatronError } from '../errors.ts';

/** `--callback-allow`: entries with commas between them. Throws `option_invalid`. */
export function readCallbackAllow(text: string): string[] {
  const entries = text.split(',').flatMap((entry) => entry.trim() || []);
  try {
    new CallbackAllow(entries);
    return entries;
  } catch (cause) {
    const detail = `--callback-allow ${(cause as Error).message}`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
}

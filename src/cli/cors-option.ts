import type { FrontendOptions } from '../frontend/option.ts';

/** `--cors`: `*`, or origins with commas between them; empty for none. */
export function readCors(text: string): FrontendOptions['cors'] {
  const origins = text.split(',').flatMap((origin) => origin.trim() || []);
  return origins.length > 0 ? { origins } : undefined;
}

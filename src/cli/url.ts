/** URLs that options give. */
import { FuncatronError } from '../errors.ts';

/** The URL without a slash at its end. Throws `option_invalid` naming the flag. */
export function readUrl(flag: string, given: string): string {
  const isHttp = URL.canParse(given) && /^https?:\/\//.test(given);
  if (isHttp) return given.replace(/\/+$/, '');
  const detail = `${flag} "${given}": must be a URL such as http://localhost:3000`;
  throw new FuncatronError('option_invalid', detail);
}

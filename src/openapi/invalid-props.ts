/** Props that cannot be used, told with the place and what would make it right. */
import { FuncatronError } from '../errors.ts';

/** `at` is a JSON pointer into the props. */
export function invalidProps(at: string, message: string, mend: string): FuncatronError {
  return new FuncatronError('props_invalid', `props${at} ${message}: ${mend}.`, {
    errors: [{ in: 'props', at, message, mend }],
  });
}

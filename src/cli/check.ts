/** `funcatron check`: everything wrong with a folder or a bundle. */
import type { BuiltBundle } from '../bundle/build.ts';
import { FuncatronError, toFault } from '../errors.ts';
import type { Issue } from '../message.ts';
import { openSource, unsound } from './bundle-source.ts';
import type { LimitValues } from './bundle-limit.ts';
import { findMissingFuncs } from './check-code.ts';
import { readObject } from './json-input.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';

interface CheckOptions extends LimitValues {
  json: boolean;
  overlay: string | undefined;
}

/** Throws the first kind of fault, with the findings of them all. */
export async function check(
  path: string,
  options: CheckOptions,
  terminal: Terminal,
): Promise<void> {
  const overlay = await readObject('--overlay', options.overlay, terminal.cwd);
  const { issues, warnings, build } = await openSource(path, options, terminal, overlay);
  const faults = issues.length > 0 ? [unsound(issues)] : [];
  const built = await build().catch((thrown: unknown) => {
    const fault = toFault(thrown);
    // What the contract was found guilty of above, a build may stumble over again.
    if (fault.code !== 'contract_invalid' || faults.length === 0) faults.push(fault);
  });
  if (built && faults.length === 0) faults.push(...(await checkCode(built, overlay)));
  const [first] = faults;
  if (first) throw gather(first, faults);
  const { sha } = built as BuiltBundle;
  if (options.json) {
    const told = warnings.length > 0 && { warnings };
    return printJson(terminal, { sha, errors: [], ...told });
  }
  const what = warnings.length > 0 ? 'nothing keeps it from being served' : 'nothing is wrong';
  terminal.say(`${what}; SHA ${sha}`);
}

async function checkCode(built: BuiltBundle, overlay: unknown): Promise<FuncatronError[]> {
  const missing = await findMissingFuncs(built, overlay);
  return missing.length > 0 ? [lacking(missing)] : [];
}

export function lacking(errors: Issue[]): FuncatronError {
  const names = errors.map((issue) => issue.at).join(', ');
  return new FuncatronError('handlers_missing', `the code does not export ${names}`, { errors });
}

function gather(first: FuncatronError, faults: FuncatronError[]): FuncatronError {
  if (faults.length === 1) return first;
  const errors = faults.flatMap((fault): Issue[] => {
    return fault.errors ?? [{ in: 'document', at: '', message: `${fault.code}: ${fault.message}` }];
  });
  return new FuncatronError(first.code, first.message, { errors });
}

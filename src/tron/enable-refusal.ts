/** Why no runner would serve a bundle, as one error. */
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { allSecrets, blotFault } from '../secret.ts';
import type { Ack } from './nodes.ts';

/** `handlers_missing` when that is what it is, else `enable_failed`; no secret of `props` in it. */
export function refusal(refused: readonly Ack[], props: Record<string, unknown>): FuncatronError {
  const problems = refused.flatMap(({ error }) => error ?? []);
  const missing = problems.find(({ code }) => code === 'handlers_missing');
  const errors = problems.flatMap((problem): Issue[] => {
    if (problem.errors) return problem.errors;
    return [{ in: 'handler', at: '', message: `${problem.code}: ${problem.detail}` }];
  });
  const unique = new Map(errors.map((issue) => [`${issue.at} ${issue.message}`, issue]));
  const { code, detail } = missing
    ? { code: 'handlers_missing' as const, detail: missing.detail }
    : { code: 'enable_failed' as const, detail: problems[0]?.detail ?? 'every runner refused' };
  const fault = new FuncatronError(code, detail, { errors: [...unique.values()] });
  return blotFault(fault, allSecrets(props));
}

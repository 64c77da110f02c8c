/** Props as answers show them. */
import { masked } from '../secret.ts';

/** Structure, booleans and `type` names stay, other values do not. */
export function maskProps(props: Record<string, unknown>): Record<string, unknown> {
  return mask(props, false) as Record<string, unknown>;
}

function mask(value: unknown, isType: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => mask(item, false));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, mask(member, key === 'type')]),
    );
  if (typeof value === 'number') return masked;
  return typeof value === 'string' && !isType ? masked : value;
}

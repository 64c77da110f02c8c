/** Props hold secrets: they go to frontends and runners, and never back out. */
const masked = '***';
/** Shorter texts are too likely to be a part of something else. */
const secretLengthMin = 6;

/** Props as answers show them: structure, booleans and `type` names stay, other values do not. */
export function maskProps(props: Record<string, unknown>): Record<string, unknown> {
  return mask(props, false) as Record<string, unknown>;
}

/** Text of an error, with every secret of the props that it quotes blotted out. */
export function blotSecrets(text: string, props: Record<string, unknown>): string {
  let blotted = text;
  for (const secret of secretsOf(props)) blotted = blotted.replaceAll(secret, masked);
  return blotted;
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

function secretsOf(value: unknown, key = ''): string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, member]) => secretsOf(member, name));
  const isSecret = ['string', 'number'].includes(typeof value) && key !== 'type';
  const text = String(value);
  return isSecret && text.length >= secretLengthMin ? [text] : [];
}

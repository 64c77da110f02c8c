/** RFC 7240: what a client would rather have. */

/** Whether a `Prefer` header asks not to wait for the result. */
export function prefersAsync(header: string | string[]): boolean {
  const text = Array.isArray(header) ? header.join(',') : header;
  const unquoted = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
  return unquoted.split(',').some((preference) => {
    const [token = ''] = preference.split(';', 1);
    return token.trim().toLowerCase() === 'respond-async';
  });
}

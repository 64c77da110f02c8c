/** What the Funcs here use of their context. */
export interface Context<Path = unknown, Query = unknown> {
  params: { path: Path; query: Query };
}

/** An answer with a status of its own. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export function missing(what: string): Answer {
  return { status: 404, body: { message: `no ${what}` } };
}

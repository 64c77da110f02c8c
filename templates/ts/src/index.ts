/** What these functions use of their context; there is more: see docs/functions.md of funcatron. */
export interface Context {
  requestId: string;
  params: { path: { name: string }; query: { times: number } };
  log: { info(text: string, fields?: object): void };
}

export function hello(_body: undefined, ctx: Context) {
  ctx.log.info('greeting', { name: ctx.params.path.name });
  return {
    greeting: Array(ctx.params.query.times).fill(`Hello, ${ctx.params.path.name}!`).join(' '),
  };
}

export function sum(numbers: number[]) {
  return { sum: numbers.reduce((total, number) => total + number, 0) };
}

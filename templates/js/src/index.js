/**
 * A Func gets the request body and its context: params, headers, props, log and more.
 * What it returns is the response.
 */
export function hello(_body, ctx) {
  const { name } = ctx.params.path;
  ctx.log.info('greeting', { name });
  return { greeting: Array(ctx.params.query.times).fill(`Hello, ${name}!`).join(' ') };
}

export function sum(numbers) {
  return { sum: numbers.reduce((total, number) => total + number, 0) };
}

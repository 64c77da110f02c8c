interface Context {
  params: { path: { name: string }; query: { times: number } };
}

export function greet(_body: undefined, { params }: Context) {
  const hello = `Hello, ${params.path.name}!`;
  return { greeting: Array(params.query.times).fill(hello).join(' ') };
}

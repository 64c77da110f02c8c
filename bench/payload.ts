/** What is sent: about 1 KB of JSON that the contract in `bundle/` describes, and 1 MB of bytes. */
export function orderJson(): string {
  const line = (index: number) => ({
    sku: `ABC-${1000 + index}`,
    quantity: index + 1,
    price: 9.95 + index,
    note: 'leave it with the neighbours when nobody is at home',
  });
  const customer = { name: 'Alice Example', email: 'alice@example.org' };
  return JSON.stringify({ customer, lines: Array.from({ length: 8 }, (_, index) => line(index)) });
}

export const blobBytes = 2 ** 20;

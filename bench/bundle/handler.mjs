export function getItem(_, ctx) {
  return { id: ctx.params.path.id, name: 'a thing' };
}

export function addOrder(order) {
  return order;
}

export function echoBlob(bytes) {
  return bytes;
}

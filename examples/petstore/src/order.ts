import { missing } from './context.ts';
import type { Answer, Context } from './context.ts';

interface Order {
  id?: number;
  petId?: number;
  quantity?: number;
  status?: 'placed' | 'approved' | 'delivered';
}

const orders = new Map<number, Order>();

export function placeOrder(order: Order = {}): Order {
  const id = order.id ?? orders.size + 1;
  const placed: Order = { status: 'placed', ...order, id };
  orders.set(id, placed);
  return placed;
}

export function getOrderById(
  _: undefined,
  { params }: Context<{ orderId: number }>,
): Order | Answer {
  const { orderId } = params.path;
  return orders.get(orderId) ?? missing(`order ${orderId}`);
}

export function deleteOrder(_: undefined, { params }: Context<{ orderId: number }>): Answer {
  const { orderId } = params.path;
  return orders.delete(orderId) ? { status: 200 } : missing(`order ${orderId}`);
}

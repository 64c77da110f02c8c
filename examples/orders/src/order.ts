import type { DatabaseSync } from 'node:sqlite';
import type { Context } from './context.ts';

interface Line {
  sku: string;
  quantity: number;
}

interface Order {
  id: number;
  customer: string;
  lines: Line[];
}

/** An error with a status is answered with it; any other one is a 500. */
class Refusal extends Error {
  status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function placeOrder({ customer, lines }: Omit<Order, 'id'>, ctx: Context) {
  const { db } = ctx.services;
  const inserted = db.prepare('INSERT INTO orders (customer) VALUES (?)').run(customer);
  const id = Number(inserted.lastInsertRowid);
  const take = db.prepare('UPDATE stock SET pieces = pieces - ?1 WHERE sku = ?2 AND pieces >= ?1');
  const add = db.prepare('INSERT INTO line (order_id, sku, quantity) VALUES (?, ?, ?)');
  for (const { sku, quantity } of lines) {
    // Thrown after the order and some of its lines are in: the transaction takes them back.
    if (take.run(quantity, sku).changes === 0) throw new Refusal(409, `no ${quantity} ${sku} left`);
    add.run(id, sku, quantity);
  }
  const location = `${ctx.path.replace(/\/$/, '')}/${id}`;
  return { status: 201, headers: { location }, body: find(db, id) };
}

export function getOrder(_body: undefined, ctx: Context<{ id: number }>): Order {
  const { id } = ctx.params.path;
  const order = find(ctx.services.db, id);
  if (!order) throw new Refusal(404, `there is no order ${id}`);
  return order;
}

export function listOrders(
  _body: undefined,
  { params, services: { db } }: Context<unknown, { limit: number }>,
): Order[] {
  const rows = db.prepare('SELECT id FROM orders ORDER BY id DESC LIMIT ?').all(params.query.limit);
  return rows.map(({ id }) => find(db, Number(id))!);
}

export function getStock(_body: undefined, { services: { db } }: Context): Record<string, number> {
  const rows = db.prepare('SELECT sku, pieces FROM stock ORDER BY sku').all();
  return Object.fromEntries(rows.map(({ sku, pieces }) => [String(sku), Number(pieces)]));
}

export function getAudit(_body: undefined, { services: { db } }: Context): unknown[] {
  return db.prepare('SELECT at, request_id AS requestId, what FROM audit ORDER BY rowid').all();
}

function find(db: DatabaseSync, id: number): Order | undefined {
  const order = db.prepare('SELECT customer FROM orders WHERE id = ?').get(id);
  if (!order) return undefined;
  const lines = db.prepare('SELECT sku, quantity FROM line WHERE order_id = ? ORDER BY rowid');
  return { id, customer: String(order.customer), lines: lines.all(id) as unknown as Line[] };
}

import { sqlite } from './sqlite.ts';

export * from './order.ts';
export { middleware } from './middleware.ts';

/** By the `type` of a props object: `{"db": {"type": "sqlite"}}` is opened by this one. */
export const services = { sqlite };

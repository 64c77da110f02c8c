export * from './order.ts';
export * from './pet.ts';
export * from './user.ts';

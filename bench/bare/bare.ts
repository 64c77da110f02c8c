/** Request and reply as a broker's own client does it: what our calls are held against. */
export interface Bare {
  /** Answers every request with its own bytes. */
  serve(url: string): Promise<void>;
  connect(url: string): Promise<{
    call(bytes: Buffer): Promise<Uint8Array>;
    close(): Promise<void>;
  }>;
}

export const bares: Record<string, () => Promise<Bare>> = {
  nats: () => import('./nats.ts'),
  redis: () => import('./redis.ts'),
  amqp: () => import('./amqp.ts'),
  kafka: () => import('./kafka.ts'),
};

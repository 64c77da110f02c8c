/**
 * What every broker adapter must do, as tests. An adapter's own test file runs this against the
 * real thing; a case it cannot pass is skipped by name, with its reason.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createLog } from '../log.ts';
import type { Broker, BrokerOptions } from './broker.ts';
import { durableCases } from './conformance/durable.ts';
import { serverCases } from './conformance/server.ts';
import { replyCases } from './conformance/reply.ts';

export interface BrokerHarness {
  name: string;
  open(options: BrokerOptions): Promise<Broker>;
  /**
   * Loses the broker with no goodbye, as when its process is killed, and opens one on what is
   * left. Absent when calls in hand cannot be lost that way.
   */
  crash?(broker: Broker, options: BrokerOptions): Promise<Broker>;
  /** Largest body the adapter takes. */
  bodyBytesMax: number;
  /** The server behind the adapter; absent when there is none. */
  server?: {
    url(): string;
    /** Same address, same data. */
    restart(): Promise<void>;
    /** Names of what is kept for a namespace. */
    leftovers(namespace: string): Promise<string[]>;
  };
  /** Case name to the reason why this adapter cannot pass it. */
  skip?: Readonly<Record<string, string>>;
}

/** What a case works with; everything in it is the case's own. */
export interface Bench {
  harness: BrokerHarness;
  /** A queue or topic nobody else uses. */
  name: string;
  options: BrokerOptions;
  broker: Broker;
  /** Opens one more, closed at the end. */
  open: (options?: Partial<BrokerOptions>) => Promise<Broker>;
  crash: () => Promise<Broker>;
  /** Has something done when the case is over. */
  onEnd: (end: () => void) => void;
}

export type Cases = Record<string, (bench: Bench) => Promise<void>>;

export function runBrokerConformance(harness: BrokerHarness): void {
  void describe(`broker ${harness.name}`, () => {
    const cases = { ...replyCases, ...durableCases, ...(harness.server && serverCases) };
    for (const [name, run] of Object.entries(cases)) {
      const skip = harness.skip?.[name] ?? false;
      void test(name, { skip }, () => onBench(harness, run));
    }
    for (const name of Object.keys(harness.skip ?? {}))
      assert.ok(name in cases, `no conformance case "${name}"`);
  });
}

async function onBench(harness: BrokerHarness, run: (bench: Bench) => Promise<void>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'broker-'));
  const log = createLog({ level: 'silent' });
  const retry = { triesMax: 3, waitMs: 5, waitMsMax: 20 };
  const namespace = `t${randomUUID().slice(0, 8)}`;
  const options: BrokerOptions = { log, dataDir, retry, queueMax: 20, namespace };
  const ends: (() => void)[] = [];
  const opened = [await harness.open(options)];
  const keep = (broker: Broker): Broker => {
    opened.push(broker);
    return broker;
  };
  try {
    await run({
      harness,
      name: `conformance-${randomUUID()}`,
      options,
      broker: opened[0]!,
      open: async (other) => keep(await harness.open({ ...options, ...other })),
      crash: async () => keep(await harness.crash!(opened.pop()!, options)),
      onEnd: (end) => ends.push(end),
    });
  } finally {
    for (const end of ends) end();
    for (const broker of opened) await broker.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

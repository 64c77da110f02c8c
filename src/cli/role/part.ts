/** What the parts of the platform are made of, whether one process has them all or one alone. */
import type { Broker } from '../../broker/broker.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { ContractSource } from '../../openapi/contract.ts';

export interface Parts {
  broker: Broker;
  log: Log;
  metrics: Metrics;
}

export interface ServingParts extends Parts {
  contracts: ContractSource;
}

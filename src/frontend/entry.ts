/** A route as the door serves it: its contract once loaded, and what is worked out per operation. */
import { FuncatronError } from '../errors.ts';
import { countedName } from '../function-name.ts';
import { enablingOf } from '../message.ts';
import type { Route } from '../message.ts';
import type { Authenticate, Contract, ContractSource, Operation } from '../openapi/contract.ts';
import { createAuthenticate } from '../openapi/security.ts';
import type { Cors } from './cors.ts';
import type { DoorMeter, OperationMeter } from './meter.ts';

export interface EntryContext {
  contracts: ContractSource;
  meter: DoorMeter;
  /** Cross-origin access where the contract says nothing of it. */
  cors: Cors | undefined;
}

/** What the door needs of one operation at every call. */
export interface OperationDoor {
  readonly meter: OperationMeter;
  readonly cors: Cors | undefined;
  /** Undefined when anybody may call. */
  readonly authenticate: Authenticate | undefined;
}

export class RouteEntry {
  /** Another revision of it may take its place that differs in nothing a door has to know. */
  route: Route;
  /** Set once loaded, until it has not been used for a while. */
  contract: Contract | undefined;
  /** Since the last `rest`. */
  isUsed = false;
  readonly #context: EntryContext;
  readonly #operations = new Map<Operation, OperationDoor>();
  #authenticate: Authenticate | undefined;
  #loading: Promise<Contract> | undefined;

  constructor(route: Route, context: EntryContext) {
    this.route = route;
    this.#context = context;
  }

  /** The contract, loaded at the first call; a failure is not kept, so the next call tries again. */
  load(): Contract | Promise<Contract> {
    if (this.contract) return this.contract;
    if (this.#loading) return this.#loading;
    const contract = this.#context.contracts.get(this.route);
    if (!(contract instanceof Promise)) return (this.contract = contract);
    this.#loading = contract
      .then((loaded) => (this.contract = loaded))
      .finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  operation(contract: Contract, operation: Operation): OperationDoor {
    let door = this.#operations.get(operation);
    if (!door) this.#operations.set(operation, (door = this.#open(contract, operation)));
    return door;
  }

  /** Lets go of what was loaded if no call came since last time: the source may keep it. */
  rest(): void {
    if (!this.isUsed) {
      this.contract = undefined;
      this.#authenticate = undefined;
      this.#operations.clear();
    }
    this.isUsed = false;
  }

  corsOf(settings: { cors?: Cors | false }): Cors | undefined {
    return settings.cors === undefined ? this.#context.cors : settings.cors || undefined;
  }

  /** Whether another route asks for the same, so that what is loaded can be kept. */
  serves(route: Route): boolean {
    const { host, basePath, queue, sha } = this.route;
    return (
      route.host === host &&
      route.basePath === basePath &&
      route.queue === queue &&
      route.sha === sha &&
      enablingOf(route) === enablingOf(this.route)
    );
  }

  #open(contract: Contract, operation: Operation): OperationDoor {
    const isOpen = operation.security.length === 0;
    if (!isOpen) this.#authenticate ??= authenticateBy(contract, this.route);
    return {
      meter: this.#context.meter.operation({
        bundle: this.route.name,
        operation: operation.key,
        functionName: countedName(this.route, operation.operationId),
      }),
      cors: this.corsOf(operation.settings),
      authenticate: isOpen ? undefined : this.#authenticate,
    };
  }
}

/** Props of no use let nobody in; what they are is for the log, not for callers. */
function authenticateBy(contract: Contract, { props, name, basePath }: Route): Authenticate {
  try {
    return createAuthenticate(contract, props.security);
  } catch (cause) {
    const detail = `props.security of bundle "${name}" at ${basePath} cannot be used`;
    throw new FuncatronError('security_not_configured', detail, { cause });
  }
}

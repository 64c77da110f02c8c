/**
 * One revision of a bundle on one route, as one runner serves it. Idle it is two small objects:
 * contract, unpacked files and workers come with the first call.
 */
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import { Cancellation, enablingOf } from '../message.ts';
import type { Call, Reply, Route } from '../message.ts';
import { blotFault, blotValue, tellingSecrets } from '../secret.ts';
import { defaultNamespace } from '../control/secret-wire.ts';
import type { Contract, ContractSource } from '../openapi/contract.ts';
import { scaleLimits } from '../openapi/scale.ts';
import type { Assigned, FuncLog, WorkerCall } from '../runtime/runtime.ts';
import { checkCall, checkReply } from './check.ts';
import type { CheckedCall, ReplyCheck, ResponseMode } from './check.ts';
import type { PoolMeter } from './meter.ts';
import { Pool } from './pool.ts';
import { provision } from './provision.ts';
import type { BundleSource } from './provision.ts';
import type { SecretFolder, SecretFolders } from './secret-folder.ts';
import { instancesOf } from './size.ts';
import type { Instances, Share } from './size.ts';
import type { Successors } from './successor.ts';
import type { WarmWorkers } from './warm.ts';
import { Workload } from './workload.ts';

export interface DeploymentOptions {
  contracts: ContractSource;
  bundles: BundleSource;
  warm: WarmWorkers;
  /** Folder bundles are unpacked in. */
  dir: string;
  /** Failures carry the Func's stack (dev only). */
  stacks: boolean;
  /** How responses are checked where the bundle does not say. */
  responseMode: ResponseMode;
  log: Log;
  meter: PoolMeter;
  successors: Successors;
  secrets: SecretFolders;
  /** The runner's part of what is wanted of workers. */
  share: Share;
  onFuncLog: (route: Route, name: string, line: FuncLog) => void;
}

interface Ready {
  runtime: string;
  contract: Contract;
  pool: Pool;
  /** Calls one worker takes at a time. */
  concurrency: number;
  check: ReplyCheck;
}

/** What a deployment has now, and has done since it began. */
export interface Load {
  queue: string;
  /** The revision it was enabled in: what was done is counted from there. */
  enabledIn: number;
  /** Workers that are ready, and that start. */
  instances: number;
  starting: number;
  /** Calls one worker takes at a time. */
  concurrency: number;
  /** Calls that wait for a worker, and all that the runner has. */
  waiting: number;
  inHand: number;
  calls: number;
  waitMs: number;
  serviceMs: number;
}

export class Deployment {
  readonly #options: DeploymentOptions;
  readonly #workload = new Workload();
  #route: Route;
  #share: Share;
  #loading: Promise<Ready> | undefined;
  #ready: Ready | undefined;
  #retired = false;
  #known: string[] | undefined;
  #folder: SecretFolder | undefined;

  constructor(route: Route, options: DeploymentOptions) {
    this.#route = route;
    this.#options = options;
    this.#share = options.share;
  }

  get route(): Route {
    return this.#route;
  }

  get pool(): Pool | undefined {
    return this.#ready?.pool;
  }

  /** What of the props is secret, worked out when it is first needed; and what is in files. */
  get #secrets(): string[] {
    this.#known ??= tellingSecrets(this.#route.props);
    return this.#folder ? [...this.#known, ...this.#folder.texts] : this.#known;
  }

  /** Whether it is loaded, and keeps workers though nobody calls. */
  get keeps(): boolean {
    return this.#ready !== undefined && this.#instances(this.#ready.contract).min > 0;
  }

  /** Undefined until the first call has loaded it. */
  get load(): Load | undefined {
    if (!this.#ready) return undefined;
    const { pool, concurrency } = this.#ready;
    const { ready: instances, starting, waiting, inHand } = pool.counts;
    const { calls, queuedMs, runnerMs } = this.#workload;
    const waitMs = queuedMs + pool.waitedMs;
    const serviceMs = Math.max(0, runnerMs - pool.waitedMs);
    const enabledIn = enablingOf(this.#route);
    const has = { queue: this.#route.queue, enabledIn, instances, starting, concurrency };
    return { ...has, waiting, inHand, calls, waitMs, serviceMs };
  }

  /** Keeps as many workers as that from now on; serves what it served. */
  rescale(route: Route, share: Share): void {
    const before = this.#route.replicas;
    this.#route = route;
    this.#share = share;
    const { replicas } = route;
    if (this.#ready) {
      const instances = this.#instances(this.#ready.contract);
      const isFewer =
        replicas === undefined ? before !== undefined : replicas < (before ?? Infinity);
      // What nobody wants any more leaves one to whoever calls now and then.
      const least = replicas === undefined ? Math.max(1, instances.min) : instances.min;
      this.#ready.pool.resize(instances, isFewer ? least : undefined);
    } else if (replicas) void this.prepare().catch(() => undefined);
  }

  /** Has a worker ready for the first call; tells which Funcs the code lacks. */
  async prepare(): Promise<Assigned> {
    return (this.#ready ?? (await this.#load())).pool.prepare();
  }

  /** Runs one call: check what is unmarked, call the Func, check what it returned. */
  async handle(call: Call): Promise<Reply> {
    const { meter } = this.#options;
    const begunAt = performance.now();
    let queuedMs = 0;
    try {
      const { runtime, contract, pool, check } = this.#ready ?? (await this.#load());
      if (call.head.upgrade && !/^(http|watchdog)$/.test(runtime))
        throw notUpgradable(call, runtime);
      const checked = checkCall(contract, call, this.#route.basePath);
      const { timeoutMs } = checked.operation.settings;
      queuedMs = Math.max(0, Date.now() - (call.head.deadline - timeoutMs));
      meter.queueWait.observe(queuedMs / 1000);
      const reply = await pool.run(call, toWork(call, checked), timeoutMs);
      checkReply(checked.operation, call, reply, check);
      const { operation } = checked;
      if (operation.settings.then === undefined) return reply;
      const from = { route: this.#route, contract, operation };
      await this.#options.successors.handOn(from, call, reply);
      return { ...reply, isSole: false };
    } catch (thrown) {
      const fault = blotFault(thrown, this.#secrets);
      meter.errors(fault.code).add();
      this.#tell(call, fault);
      throw fault;
    } finally {
      const runnerMs = performance.now() - begunAt;
      meter.funcSeconds.observe(runnerMs / 1000);
      this.#workload.note(queuedMs, runnerMs);
    }
  }

  /** Lets calls in hand end, then ends the workers. */
  async retire(): Promise<void> {
    this.#retired = true;
    const ready = this.#ready ?? (await this.#loading?.catch(() => undefined));
    await ready?.pool.drain();
    await this.#folder?.close();
  }

  kill(): void {
    this.#retired = true;
    this.#ready?.pool.kill();
    void this.#folder?.close();
  }

  /** What a Func threw is in the log already, with its stack. */
  #tell({ head }: Call, { code, status, message }: FuncatronError): void {
    if (status < 500 || code === 'func_failed') return;
    const { name, sha } = this.#route;
    const fields = { requestId: head.id, bundle: name, sha, operation: head.operation, code };
    this.#options.log.warn(fields, message);
  }

  #blot(line: FuncLog): FuncLog {
    return this.#secrets.length === 0 ? line : blotValue(line, this.#secrets);
  }

  #instances({ settings }: Contract): Instances {
    return instancesOf(scaleLimits(settings), this.#route.replicas, this.#share);
  }

  #load(): Promise<Ready> {
    this.#loading ??= this.#create().catch((thrown: unknown) => {
      this.#loading = undefined;
      throw thrown;
    });
    return this.#loading;
  }

  async #create(): Promise<Ready> {
    const { contracts, bundles, warm, meter, responseMode } = this.#options;
    const contract = await contracts.get(this.#route);
    const folder = await this.#openSecrets(contract);
    const { kind, assignment } = await provision(this.#route, contract, bundles, {
      ...this.#options,
      secretsDir: folder?.dir,
    });
    const { name } = contract;
    const log = this.#options.log.child({ bundle: name, sha: this.#route.sha });
    const pool = new Pool({
      kind,
      assignment,
      instances: this.#instances(contract),
      warm,
      log,
      meter,
      secrets: this.#secrets,
      onLog: (line) => this.#options.onFuncLog(this.#route, name, this.#blot(line)),
    });
    const mode = contract.settings.validate.response ?? responseMode;
    this.#ready = {
      runtime: kind,
      contract,
      pool,
      concurrency: assignment.concurrency,
      check: { mode, log, breaks: meter.contractBreaks },
    };
    if (this.#retired) this.kill();
    void warm.fill(kind);
    return this.#ready;
  }

  /** Once: a bundle that cannot be loaded is tried again with every call. */
  async #openSecrets({ settings }: Contract): Promise<SecretFolder | undefined> {
    const { secrets: names = [], function: sent } = settings;
    if (names.length === 0 || this.#folder) return this.#folder;
    const namespace = String(sent?.['namespace'] || defaultNamespace);
    this.#folder = await this.#options.secrets.open(names, namespace);
    if (this.#retired) await this.#folder.close();
    return this.#folder;
  }
}

function notUpgradable({ head }: Call, runtime: string): FuncatronError {
  const detail = `${head.operation ?? head.path}: the runtime ${runtime} speaks no WebSocket; runtime http does`;
  return new FuncatronError('upgrade_unsupported', detail);
}

function toWork(call: Call, checked: CheckedCall): WorkerCall {
  const { head, body } = call;
  const { operation, kind, data } = checked;
  const { operationId, settings } = operation;
  const cancellation = (call.cancellation ??= new Cancellation());
  if (settings.direct)
    return { operationId, head, body, kind: 'binary', stream: true, cancellation };
  return { operationId, head, body, kind, data, cancellation };
}

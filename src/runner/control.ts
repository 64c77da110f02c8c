/** A runner's side of the control messages: it says that it lives, and does what Trons tell it. */
import { ControlNode, routeOf } from '../control/node.ts';
import type { NodeOptions } from '../control/node.ts';
import type { Table } from '../control/table.ts';
import type { Route } from '../message.ts';
import type { Assigned } from '../runtime/runtime.ts';
import type { LogLine } from './func-log.ts';
import type { Described } from './describe.ts';
import type { EnableOptions } from './option.ts';
import type { RunnerLoad } from './load.ts';
import type { SecretFolders } from './secret-folder.ts';
import type { Ahead } from './table.ts';

export type RunnerControlOptions = Pick<
  NodeOptions,
  'carrier' | 'log' | 'file' | 'onRoutes' | 'onTron' | 'onTronGone' | 'onStatsD'
>;

interface Controlled {
  readonly routes: Route[];
  readonly url: string;
  readonly load: RunnerLoad;
  setRunners(ids: readonly string[]): void;
  enable(route: Route, options: EnableOptions): Promise<Assigned>;
  check(route: Route): Promise<Assigned>;
  describe(sha: string): Promise<Described>;
  disable(queue: string, revision: number): Promise<void>;
  readonly secrets: SecretFolders;
  cancel(ids: readonly string[]): void;
  setRoutes(table: Table): Promise<Ahead[]>;
  forgetRevisions(): void;
}

export function createControl(options: RunnerControlOptions, runner: Controlled): ControlNode {
  return new ControlNode({
    ...options,
    type: 'runner',
    about: () => ({ ...(runner.url && { url: runner.url }), load: runner.load }),
    onRunners: (ids) => runner.setRunners(ids),
    routes: () => runner.routes,
    setRoutes: async (table) => ({ ahead: await runner.setRoutes(table) }),
    forgetRevisions: () => runner.forgetRevisions(),
    orders: {
      enable: async (message) => {
        const prepare = message.prepare === true;
        const allowMissing = !prepare || message.allowMissing === true;
        return {
          missing: (await runner.enable(routeOf(message), { prepare, allowMissing })).missing,
        };
      },
      check: async (message) => ({ missing: (await runner.check(routeOf(message))).missing }),
      describe: async ({ sha }) => ({ contract: await runner.describe(String(sha)) }),
      disable: (message) => runner.disable(String(message.queue), Number(message.revision)),
      secrets: async ({ names }) => {
        if (Array.isArray(names)) await runner.secrets.refresh(names.map(String));
      },
      cancel: async ({ ids }) => {
        if (Array.isArray(ids)) runner.cancel(ids.map(String));
      },
    },
  });
}

/** Bytes of log lines in one message: well below what any broker takes. */
const logBytesMax = 256 * 1024;

export function sendLogs(control: ControlNode, lines: readonly LogLine[]): void {
  let some: LogLine[] = [];
  let bytes = 0;
  for (const line of lines) {
    const lineBytes = Buffer.byteLength(JSON.stringify(line));
    if (some.length > 0 && bytes + lineBytes > logBytesMax) {
      control.send('log', { lines: some });
      some = [];
      bytes = 0;
    }
    some.push(line);
    bytes += lineBytes;
  }
  if (some.length > 0) control.send('log', { lines: some });
}

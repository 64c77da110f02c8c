/**
 * Scaling as OpenFaaS's clients ask for it, and as Prometheus's Alertmanager does: an alert that fires
 * adds a part of the most there may be, one that is resolved gives that back.
 */
import { FuncatronError, toFault } from '../../errors.ts';
import type { Reply } from '../../message.ts';
import type { EnabledRoute } from '../../store/store.ts';
import { jsonReply } from '../call-view.ts';
import type { Scaling } from '../scaling.ts';
import { readJson } from './endpoint.ts';
import type { GatewayEndpoints } from './endpoint.ts';
import { nameOf } from './function-list.ts';
import type { FunctionList } from './function-list.ts';

/** Alerts read of one message: Alertmanager puts all of a group in one. */
const alertsMax = 1_000;

export function scaleEndpoints(functions: FunctionList, scaling: Scaling): GatewayEndpoints {
  return {
    'POST /system/scale-function/': async (request) => {
      const { serviceName, namespace, replicas } = readJson(request);
      const name = request.name || (typeof serviceName === 'string' ? serviceName : '');
      const given = typeof namespace === 'string' ? namespace : request.query.get('namespace');
      if (!Number.isInteger(replicas) || Number(replicas) < 0)
        throw new FuncatronError(
          'function_invalid',
          `replicas is ${JSON.stringify(replicas)}: it must be a whole number, at least 0`,
        );
      const { route } = await functions.get(nameOf(name, given));
      await scaling.ask(route, Number(replicas), { clamps: true });
      return jsonReply(202, undefined);
    },
    'POST /system/alert': async (request) => {
      const failures: string[] = [];
      for (const alert of readAlerts(request)) {
        try {
          const { route } = await functions.get(nameOf(functionOf(alert), null));
          await follow(scaling, route, alert);
        } catch (thrown) {
          failures.push(toFault(thrown).message);
        }
      }
      if (failures.length === 0) return jsonReply(200, undefined);
      return lines(failures.map((failure, at) => `[${at}] ${failure}`));
    },
  };
}

interface Alert {
  status?: unknown;
  labels?: { function_name?: unknown; alertname?: unknown } | null;
}

/** Throws `function_invalid` for what no Alertmanager sends. */
function readAlerts(request: Parameters<typeof readJson>[0]): Alert[] {
  const { alerts } = readJson(request);
  const isList = Array.isArray(alerts) && alerts.every((one) => typeof one === 'object' && one);
  if (isList && alerts.length <= alertsMax) return alerts as Alert[];
  const what = isList ? `${alerts.length} alerts, more than ${alertsMax}` : 'no list of alerts';
  throw new FuncatronError('function_invalid', `the body has ${what}; send what Alertmanager does`);
}

/** With its namespace, where it has one: `figlet.openfaas-fn`. */
function functionOf({ labels }: Alert): string {
  const name = labels?.function_name;
  if (typeof name === 'string' && name !== '') return name;
  throw new FuncatronError('function_invalid', 'the alert has no label function_name');
}

async function follow(scaling: Scaling, route: EnabledRoute, alert: Alert): Promise<void> {
  const { min, max, factor } = await scaling.limitsOf(route);
  const step = Math.ceil((max / 100) * factor);
  const rule = String(alert.labels?.alertname ?? 'an alert').slice(0, 100);
  if (min === max || step === 0) return;
  if (alert.status !== 'firing') {
    await scaling.ask(route, undefined, { why: `${rule} is resolved` });
    return;
  }
  const now = Math.max(min, route.replicas ?? scaling.viewOf(route).instances);
  await scaling.ask(route, now + step, { clamps: true, why: `${rule} fires` });
}

function lines(failures: string[]): Reply {
  const { head } = jsonReply(500, undefined);
  const headers = { ...head.headers, 'content-type': 'text/plain; charset=utf-8' };
  return { head: { ...head, headers }, body: Buffer.from(`${failures.join('\n')}\n`) };
}

/** A real Prometheus that looks at one server, and an Alertmanager that tells it of alerts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startServer, throwAwayFolder } from './server.ts';
import type { TestServer } from './server.ts';

export const prometheusPrograms = ['prometheus', 'prometheus-alertmanager'];

/**
 * Both, with intervals of a second and the rule that OpenFaaS ships: more than 5 good calls a second.
 * `door`: where metrics are and alerts go, such as `http://127.0.0.1:8080`.
 */
export async function startPrometheus(door: string): Promise<TestServer[]> {
  const alertsPort = await freePort();
  const alertmanager = await start('prometheus-alertmanager', alertsPort, [], {
    route: {
      ...{ receiver: 'scale', group_by: ['alertname'] },
      ...{ group_wait: '1s', group_interval: '1s', repeat_interval: '1s' },
    },
    receivers: [
      {
        name: 'scale',
        webhook_configs: [{ url: `${door}/system/alert`, send_resolved: true }],
      },
    ],
  });
  const rule = {
    alert: 'APIHighInvocationRate',
    expr: 'sum(rate(gateway_function_invocation_total{code="200"}[5s])) by (function_name) > 5',
    for: '1s',
  };
  try {
    const prometheus = await start('prometheus', await freePort(), ['--web.enable-lifecycle'], {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      alerting: {
        alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertsPort}`] }] }],
      },
      scrape_configs: [
        { job_name: 'gateway', static_configs: [{ targets: [new URL(door).host] }] },
      ],
      rules: { groups: [{ name: 'load', rules: [rule] }] },
    });
    return [prometheus, alertmanager];
  } catch (error) {
    await alertmanager.stop();
    throw error;
  }
}

/** JSON is YAML, too. */
async function start(
  program: string,
  port: number,
  flags: string[],
  { rules, ...config }: Record<string, unknown>,
): Promise<TestServer> {
  const folder = throwAwayFolder();
  const file = join(folder, 'config.yml');
  writeFileSync(file, JSON.stringify(config));
  if (rules) writeFileSync(join(folder, 'rules.yml'), JSON.stringify(rules));
  const data = join(folder, 'data');
  mkdirSync(data);
  const isAlerts = program === 'prometheus-alertmanager';
  const url = `http://127.0.0.1:${port}`;
  const own = isAlerts
    ? [`--storage.path=${data}`, '--cluster.listen-address=']
    : [`--storage.tsdb.path=${data}`];
  return startServer({
    ...{ url, folder, program },
    args: [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`, ...own, ...flags],
    ready: async () => {
      for (;;) {
        const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
        await answer?.text();
        if (answer?.ok) return;
        await sleep(50);
      }
    },
  });
}

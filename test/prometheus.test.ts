/** Load, alert, up, quiet, down: by a real Prometheus and a real Alertmanager, and nobody else. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import { prometheusPrograms, startPrometheus } from './server/prometheus.ts';
import { whyMissing } from './server/server.ts';
import type { TestServer } from './server/server.ts';

const stage = new Stage();
const servers: TestServer[] = [];
after(async () => {
  for (const server of servers) await server.stop();
  await stage.close();
});

const skip = whyMissing(...prometheusPrograms);
test('load, alert, scale up, quiet, scale down', { skip }, async () => {
  const server = await stage.serve({ flags: ['--autoscale', 'off'] });
  const labels = { min: '1', max: '4', factor: '50' };
  const scale = Object.entries(labels).map(([name, text]) => [`com.openfaas.scale.${name}`, text]);
  const sent = {
    ...{ service: 'loaded', image: 'any', envProcess: 'cat' },
    ...{ envVars: { mode: 'streaming' }, labels: Object.fromEntries(scale) },
  };
  const deployed = await ask(`${server.door}/system/functions`, { json: sent });
  assert.equal(deployed.status, 202, deployed.text);
  const replicas = async (): Promise<number> => {
    const { text } = await ask(`${server.door}/system/function/loaded`);
    return (JSON.parse(text) as { availableReplicas: number }).availableReplicas;
  };
  servers.push(...(await startPrometheus(server.door)));
  await until(async () => (await replicas()) === 1);

  let isLoaded = true;
  const load = async (): Promise<void> => {
    while (isLoaded) {
      const { status } = await ask(`${server.door}/function/loaded`, { method: 'POST', body: 'x' });
      assert.equal(status, 200);
      await sleep(40);
    }
  };
  const loading = load();
  await until(async () => (await replicas()) === 4);
  isLoaded = false;
  await loading;
  await until(async () => (await replicas()) === 1);
  const decided = server.lines.filter(({ msg }) => msg === 'scaled').map(({ why }) => String(why));
  assert.ok(decided.includes('APIHighInvocationRate fires'), decided.join(', '));
  assert.equal(decided.at(-1), 'APIHighInvocationRate is resolved');
});

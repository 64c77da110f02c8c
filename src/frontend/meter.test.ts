import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyBounds, Metrics } from '../metrics.ts';
import { CountTeller } from './count-teller.ts';
import { DoorMeter } from './meter.ts';

const labels = { bundle: 'figlet', operation: 'POST /', functionName: 'figlet.openfaas-fn' };

test('one record of a call is told under our names and under those of OpenFaaS', () => {
  const metrics = new Metrics();
  const meter = new DoorMeter(metrics).operation(labels);
  for (let call = 0; call < 4; call++) meter.begin();
  meter.end(200, 0.0004);
  meter.end(200, 0.2);
  meter.end(500, 42);
  const families = Object.fromEntries(metrics.snapshot().map((one) => [one.name, one]));
  const valueOf = (name: string, code: string) =>
    families[name]!.samples.find(({ labels: has }) => has.code === code || has.status === code)!;
  assert.equal(valueOf('funcatron_calls_total', '200').value, 2);
  assert.equal(valueOf('gateway_function_invocation_total', '200').value, 2);
  assert.equal(valueOf('gateway_function_invocation_total', '500').value, 1);
  assert.equal(families.gateway_function_invocation_started!.samples[0]!.value, 4);
  const { bounds } = families.gateway_functions_seconds!;
  assert.deepEqual(bounds, [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]);
  for (const bound of bounds) assert.ok((latencyBounds as readonly number[]).includes(bound));
  const fine = valueOf('gateway_functions_seconds', '200');
  assert.deepEqual([...fine.buckets!], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  assert.ok(Math.abs(fine.sum! - 0.2004) < 1e-9);
  assert.equal(valueOf('gateway_functions_seconds', '500').buckets!.at(-1), 1);
  const all = families.funcatron_call_seconds!.samples[0]!;
  assert.equal(
    all.buckets!.reduce((sum, count) => sum + count),
    3,
  );
});

test('what was counted is told whole, and only when there is something new', async () => {
  const door = new DoorMeter(new Metrics());
  const told: Record<string, unknown>[] = [];
  const teller = new CountTeller(door, async (tallies) => void told.push(tallies));
  await teller.flush();
  assert.deepEqual(told, []);
  const meter = door.operation(labels);
  assert.equal(door.operation(labels), meter, 'enabled twice it is counted as one');
  meter.end(200, 0.01);
  meter.fail({ code: 'func_failed', detail: 'x'.repeat(10_000) });
  meter.end(500, 0.01);
  await teller.flush();
  await teller.flush();
  meter.end(200, 0.01);
  await teller.close();
  const [first, last] = told.map((tallies) => tallies['figlet.openfaas-fn']) as {
    calls: object;
    error: { code: string; detail: string; status: number };
  }[];
  assert.equal(told.length, 2);
  assert.deepEqual(first!.calls, { 200: 1, 500: 1 });
  assert.deepEqual(last!.calls, { 200: 2, 500: 1 });
  assert.deepEqual([first!.error.code, first!.error.status], ['func_failed', 500]);
  assert.equal(first!.error.detail.length, 500);
});

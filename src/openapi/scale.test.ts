import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseScaleLabels, scaleLimits } from './scale.ts';
import { readDocumentSettings } from './settings.ts';

const limitsOf = (source: unknown) => scaleLimits(readDocumentSettings(source, false).settings);
const labels = (some: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(some).map(([name, text]) => [`com.openfaas.scale.${name}`, text]),
  );
const ofFunction = (some: Record<string, string>) =>
  limitsOf({ function: { service: 'figlet', labels: labels(some) } });

test('a bundle has what its instances say, on each runner', () => {
  const { min, awake, max, idleMs, perRunner } = limitsOf({ instances: { min: 0, max: 3 } });
  assert.deepEqual([min, awake, max, idleMs, perRunner], [0, 1, 3, 60_000, true]);
});

test('a function without labels goes to zero and has 20 at most, over all runners', () => {
  const { min, awake, max, perRunner, factor, type } = ofFunction({});
  assert.deepEqual([min, awake, max, perRunner, factor, type], [0, 1, 20, false, 10, 'load']);
  assert.equal(limitsOf({ function: { service: 'f', labels: null } }).max, 20);
});

test('labels keep workers, or let them go after their time', () => {
  assert.equal(ofFunction({ min: '2' }).min, 2);
  assert.equal(ofFunction({ zero: 'false' }).min, 1);
  const zero = ofFunction({ min: '2', max: '4', zero: 'true', 'zero-duration': '5m' });
  assert.deepEqual([zero.min, zero.awake, zero.max, zero.idleMs], [0, 2, 4, 300_000]);
  assert.equal(ofFunction({ zero: 'true' }).idleMs, 900_000);
  assert.equal(ofFunction({ 'down.window': '90' }).windowMs, 90_000);
  assert.equal(ofFunction({ 'down.window': '1h' }).windowMs, 300_000);
  const rps = ofFunction({ type: 'rps', target: '25', factor: '0' });
  assert.deepEqual([rps.type, rps.target, rps.factor], ['rps', 25, 0]);
});

test('a label of no use is refused with what it must be, and counts for nothing', () => {
  const wrong: Record<string, string>[] = [
    { min: '-1' },
    { min: 'two' },
    { max: '0' },
    { factor: '101' },
    { zero: 'yes' },
    { 'zero-duration': 'soon' },
    { target: '0' },
    { type: 'custom' },
    { 'down.window': '' },
    { min: '9', max: '3' },
    { min: '21' },
  ];
  for (const some of wrong) {
    assert.match(
      String(refuseScaleLabels(labels(some))),
      /com\.openfaas\.scale\./,
      JSON.stringify(some),
    );
    assert.ok(ofFunction(some).max >= ofFunction(some).awake);
  }
  assert.equal(refuseScaleLabels(labels({ min: '1', max: '5', zero: 'true' })), undefined);
  assert.equal(refuseScaleLabels({ team: 'x' }), undefined);
});

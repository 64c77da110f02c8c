import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queueName } from './queue-name.ts';

test('queues are named as the first Funcatron named them', () => {
  assert.equal(queueName(null, '/sample/java'), 'lyPwPnarP5wfYF4i');
  assert.equal(queueName(null, '/api'), 'ch8NQk38yRVeiOo2');
  assert.equal(queueName(null, '/'), 'IuDc6PVLcI9DtYRM');
  assert.equal(queueName('api.example.com', '/v1'), '0nQOhLRCIZPPko3G');
  assert.equal(queueName('*', '/sample/java'), 'wZUAQr1pXXILfdtJ');
});

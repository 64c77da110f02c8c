import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultFrom, findings } from './fixture/operation.ts';

type Json = Record<string, unknown>;

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const pets = {
  Cat: {
    type: 'object',
    required: ['kind', 'lives'],
    properties: { kind: { type: 'string' }, lives: { type: 'integer' } },
  },
  Dog: {
    type: 'object',
    required: ['kind', 'bark'],
    properties: { kind: { type: 'string' }, bark: { type: 'boolean' } },
  },
};

test('discriminator: mapping by name and by reference, implicit names, inline tags', () => {
  const tagged = (mapping?: Json, key = 'oneOf') => ({
    [key]: [ref('Cat'), ref('Dog')],
    discriminator: { propertyName: 'kind', ...(mapping && { mapping }) },
  });
  const of = (schema: unknown, value: unknown) => findings(schema, value, pets);
  const mapped = tagged({ c: 'Cat', d: '#/components/schemas/Dog' });
  for (const schema of [tagged(), tagged(undefined, 'anyOf')]) {
    assert.deepEqual(of(schema, { kind: 'Cat', lives: 9 }), []);
    // Both alternatives would hold; the tag says which one is meant.
    assert.deepEqual(of(schema, { kind: 'Cat', lives: 9, bark: true }), []);
    assert.deepEqual(of(schema, { kind: 'Dog', lives: 9 }), ['/bark: is required']);
    assert.deepEqual(of(schema, { kind: 'Bird' }), ['/kind: must be one of "Cat", "Dog"']);
    assert.deepEqual(of(schema, {}), ['/kind: is required']);
    assert.deepEqual(of(schema, 'x'), [': must be object']);
  }
  assert.deepEqual(of(mapped, { kind: 'c', lives: 9 }), []);
  assert.deepEqual(of(mapped, { kind: 'd', lives: 9 }), ['/bark: is required']);
  const branch = (tag: string, needs: string) => ({
    type: 'object',
    required: [needs],
    properties: { kind: { const: tag } },
  });
  const inline = {
    oneOf: [branch('a', 'x'), { allOf: [branch('b', 'y')] }],
    discriminator: { propertyName: 'kind' },
  };
  assert.deepEqual(of(inline, { kind: 'b', y: 1 }), []);
  assert.deepEqual(of(inline, { kind: 'a', y: 1 }), ['/x: is required']);
  // A branch no tag tells: oneOf means what it says.
  const untold = { oneOf: [ref('Cat'), { type: 'null' }], discriminator: { propertyName: 'kind' } };
  assert.deepEqual(of(untold, null), []);
  assert.deepEqual(of(untold, { kind: 'Cat' }), ['/lives: is required']);
  const lost = faultFrom(() => of(tagged({ x: '#/components/schemas/Bird' }), {}));
  assert.equal(lost.code, 'contract_invalid');
});

test('discriminator on a base: its heirs are checked as what the tag says', () => {
  const extend = (base: string, needs: string) => ({
    allOf: [
      ref(base),
      { type: 'object', required: [needs], properties: { [needs]: { type: 'integer' } } },
    ],
  });
  const schemas = {
    Pet: {
      type: 'object',
      required: ['kind'],
      properties: { kind: { type: 'string' } },
      discriminator: { propertyName: 'kind', mapping: { hound: 'Dog' } },
    },
    Cat: extend('Pet', 'lives'),
    Dog: extend('Pet', 'bark'),
    Lion: extend('Cat', 'mane'),
    Owner: { type: 'object', properties: { pet: { allOf: [ref('Pet')] } } },
  };
  const of = (value: unknown) => findings(ref('Pet'), value, schemas);
  assert.deepEqual(of({ kind: 'Cat' }), ['/lives: is required']);
  assert.deepEqual(of({ kind: 'hound' }), ['/bark: is required']);
  assert.deepEqual(of({ kind: 'Lion', lives: 1 }), ['/mane: is required']);
  assert.deepEqual(of({ kind: 'Pet' }), []);
  assert.deepEqual(of({}), ['/kind: is required']);
  const owner = findings(ref('Owner'), { pet: { kind: 'Cat' } }, schemas);
  assert.deepEqual(owner, ['/pet/lives: is required']);
  assert.deepEqual(findings(ref('Cat'), { kind: 'Cat', lives: 1 }, schemas), []);
});

test('readOnly and writeOnly: refused in one direction, not required in it', () => {
  const schemas = {
    Base: {
      type: 'object',
      required: ['id', 'name'],
      properties: {
        id: { type: 'integer', readOnly: true },
        name: { type: 'string' },
        password: { allOf: [ref('Secret')] },
      },
    },
    Secret: { type: 'string', writeOnly: true },
    User: { allOf: [ref('Base'), { required: ['id', 'password'] }] },
  };
  const both = { id: 1, name: 'a', password: 'b' };
  assert.deepEqual(findings(ref('User'), { name: 'a', password: 'b' }, schemas, 'request'), []);
  assert.deepEqual(findings(ref('User'), { id: 1, name: 'a' }, schemas, 'response'), []);
  assert.deepEqual(findings(ref('User'), both, schemas, 'request'), [
    '/id: is read-only: a request must not carry it',
  ]);
  assert.deepEqual(findings(ref('User'), both, schemas, 'response'), [
    '/password: is write-only: a response must not carry it',
  ]);
  assert.deepEqual(findings(ref('User'), { name: 'a' }, schemas, 'request'), [
    '/password: is required',
  ]);
});

test('alternatives: the one that fits by type explains itself, else a summary', () => {
  const maybe = { anyOf: [ref('Cat'), { type: 'null' }] };
  assert.deepEqual(findings(maybe, { kind: 'x' }, pets), ['/lives: is required']);
  assert.deepEqual(findings(maybe, 5, pets), [': matches none of 2 alternatives (it is integer)']);
  const either = { oneOf: [ref('Cat'), ref('Dog')] };
  assert.deepEqual(findings(either, {}, pets), [': matches none of 2 alternatives (it is object)']);
  assert.deepEqual(findings(either, { kind: '', lives: 1, bark: true }, pets), [
    ': must match one alternative only, but matches both number 1 and 2',
  ]);
});

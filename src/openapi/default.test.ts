import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileFill } from './default.ts';
import { createReferences } from './reference.ts';

type Json = Record<string, unknown>;

const schemas = {
  Cat: { properties: { kind: { type: 'string' }, lives: { default: 9 } } },
  Dog: { properties: { kind: { type: 'string' }, bark: { default: true } } },
  Node: { properties: { v: { default: 1 }, next: { $ref: '#/components/schemas/Node' } } },
  Bare: { properties: { next: { $ref: '#/components/schemas/Bare' } } },
};

function filled(schema: Json, value: unknown): unknown {
  const copy = structuredClone(value);
  const changed = compileFill(schema, createReferences({ components: { schemas } }))?.(copy);
  return changed === undefined ? 'nothing to fill' : changed ? copy : 'unchanged';
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

test('defaults reach through references, lists, maps and recursion', () => {
  assert.deepEqual(filled(ref('Node'), { next: { next: {} } }), {
    v: 1,
    next: { v: 1, next: { v: 1 } },
  });
  assert.deepEqual(filled({ type: 'array', items: ref('Node') }, [{}]), [{ v: 1 }]);
  assert.deepEqual(filled({ prefixItems: [{}, ref('Node')] }, [{}, {}]), [{}, { v: 1 }]);
  assert.deepEqual(filled({ additionalProperties: ref('Node') }, { a: {} }), { a: { v: 1 } });
  assert.deepEqual(filled({ allOf: [ref('Cat'), ref('Dog')] }, {}), { lives: 9, bark: true });
  assert.deepEqual(
    filled({ properties: { a: { $ref: '#/components/schemas/Cat/properties/lives' } } }, {}),
    { a: 9 },
  );
});

test('what is there stays, and a value without defaults costs nothing', () => {
  assert.equal(filled(ref('Node'), { v: null }), 'unchanged');
  assert.equal(filled(ref('Node'), 'x'), 'unchanged');
  assert.equal(filled(ref('Node'), [{}]), 'unchanged');
  assert.equal(filled(ref('Bare'), {}), 'nothing to fill');
  assert.equal(filled({ type: 'string', default: 'x' }, {}), 'nothing to fill');
});

test('of alternatives, only the one its tag names is filled', () => {
  const choice = { oneOf: [ref('Cat'), ref('Dog')] };
  assert.equal(filled(choice, {}), 'nothing to fill');
  const tagged = { ...choice, discriminator: { propertyName: 'kind' } };
  assert.deepEqual(filled(tagged, { kind: 'Dog' }), { kind: 'Dog', bark: true });
  assert.equal(filled(tagged, { kind: 'Bird' }), 'unchanged');
});

test('each value has a default of its own, and __proto__ is only a name', () => {
  const schema = { properties: { list: { default: [] } } };
  const fill = compileFill(schema, createReferences({}))!;
  const [first, second]: Json[] = [{}, {}];
  fill(first);
  fill(second);
  assert.deepEqual(first, { list: [] });
  assert.notEqual(first!['list'], second!['list']);
  const odd = JSON.parse('{"properties":{"__proto__":{"default":{"x":1}}}}') as Json;
  const value = filled(odd, {}) as Json;
  assert.deepEqual(Object.keys(value), ['__proto__']);
  assert.equal(value['x'], undefined);
});

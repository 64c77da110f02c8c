import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { FuncatronError } from '../errors.ts';
import { checkDocument } from './check.ts';
import { parseDocument } from './document.ts';
import { loadContract } from './load.ts';

type Slot = [holder: Record<string, unknown>, key: string];

/** Every place of a document where something can be put or taken away. */
function listSlots(value: unknown): Slot[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [[holder, key] as Slot, ...listSlots(holder[key])]);
}

const values = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, '', 'x', 'string', '#', '/a', 'path', 'body'),
  fc.constantFrom<unknown>('#/components/schemas/Pet', '#/definitions/Pet', '#/paths', '3.1.0'),
  fc.constantFrom<unknown>([], {}, [{}], [null], ['a'], { a: null }, { type: 'object' }),
);
const names = `type properties required $ref in schema items enum default parameters responses 200
  x-funcatron security servers pattern allOf discriminator constructor toString nullable
  requestBody content get`;
const keys = fc.constantFrom(...names.split(/\s+/));
const edit = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('set', 'remove', 'add'),
  key: keys,
  value: values,
});

function apply(
  document: object,
  { at, how, key, value }: typeof edit extends fc.Arbitrary<infer T> ? T : never,
): void {
  const slots = listSlots(document);
  const [holder, slot] = slots[at % slots.length]!;
  if (how === 'set') holder[slot] = structuredClone(value);
  else if (how === 'remove') delete holder[slot];
  else if (typeof holder[slot] === 'object' && holder[slot] !== null)
    (holder[slot] as Record<string, unknown>)[key] = structuredClone(value);
}

for (const file of ['petstore-2.0.yaml', 'petstore-3.0.yaml', 'petstore-3.1.json'])
  test(`${file}, however broken, is refused in our words, or can be served`, async () => {
    const text = await readFile(new URL(`fixture/${file}`, import.meta.url), 'utf8');
    const { value: sound } = parseDocument({ file, text });
    const edits = fc.array(edit, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(edits, async (edits) => {
        const document = structuredClone(sound);
        for (const one of edits) apply(document, one);
        const source = { file, text: JSON.stringify(document) };
        const issues = await checkDocument(source);
        assert.ok(issues.every(({ line, message, mend }) => line && message && mend));
        const loaded = await loadContract(source, { id: 'x' }).catch((thrown: unknown) => thrown);
        if (issues.length > 0 && loaded instanceof FuncatronError) return;
        assert.ok(!(loaded instanceof Error), String(loaded));
      }),
      { numRuns: 100 },
    );
  });

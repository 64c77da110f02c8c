import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { FuncatronError } from '../errors.ts';
import { bundleDocument } from './bundle-document.ts';
import { checkDocument } from './check.ts';
import { parseDocument } from './document.ts';
import { resolvePointer } from './pointer.ts';

async function writeFolder(t: TestContext, files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'funcatron-bundle-'));
  t.after(() => rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return join(dir, Object.keys(files)[0]!);
}

const head = `openapi: 3.0.3
info: {title: Many, version: '1'}
`;

const many = {
  'api.yaml': `# the main file
${head}paths:
  /pets: {$ref: 'sub/paths.yaml#/pets'}
  /own:
    get:
      operationId: own
      parameters: [{$ref: 'sub/params.yaml#/limit'}]
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: 'sub/pet.yaml'}}}}
        default: {$ref: 'sub/paths.yaml#/Err'}
components:
  schemas:
    Pet: {$ref: './sub/pet.yaml'}
    Tag: {type: string}
`,
  'sub/paths.yaml': `pets:
  get:
    operationId: list
    parameters: [{$ref: 'params.yaml#/limit'}]
    responses:
      '200':
        description: ok
        content: {application/json: {schema: {type: array, items: {$ref: 'pet.yaml'}}}}
      default: {$ref: '#/Err'}
Err:
  description: err
  content: {application/json: {schema: {$ref: 'tag%20x.yaml#/defs/Tag'}}}
`,
  'sub/params.yaml': 'limit: {name: limit, in: query, schema: {type: integer}}',
  'sub/pet.yaml': `type: object
properties:
  tag: {$ref: 'tag x.yaml#/defs/Tag'}
  main: {$ref: '../api.yaml#/components/schemas/Tag'}
  parent: {$ref: '#'}
discriminator: {propertyName: kind, mapping: {pet: pet.yaml, tag: Tag}}
`,
  'sub/tag x.yaml': 'defs: {Tag: {type: object, properties: {pet: {$ref: pet.yaml}}}}',
};

test('what is in other files becomes components under their own names', async (t) => {
  const file = await writeFolder(t, many);
  const { text, files } = await bundleDocument(file);
  assert.deepEqual(
    files.map((name) => basename(name)),
    ['api.yaml', 'paths.yaml', 'params.yaml', 'pet.yaml', 'tag x.yaml'],
  );
  const { value } = parseDocument({ file, text });
  assert.deepEqual(Object.keys(resolvePointer(value, '/components/schemas') as object), [
    'Pet',
    'Tag',
    'Tag_2',
  ]);
  assert.deepEqual(resolvePointer(value, '/components/schemas/Pet'), {
    type: 'object',
    properties: {
      tag: { $ref: '#/components/schemas/Tag_2' },
      main: { $ref: '#/components/schemas/Tag' },
      parent: { $ref: '#/components/schemas/Pet' },
    },
    discriminator: {
      propertyName: 'kind',
      mapping: { pet: '#/components/schemas/Pet', tag: 'Tag' },
    },
  });
  assert.deepEqual(resolvePointer(value, '/paths/~1pets/get/parameters'), [
    { $ref: '#/components/parameters/limit' },
  ]);
  assert.deepEqual(resolvePointer(value, '/paths/~1own/get/responses/default'), {
    $ref: '#/components/responses/Err',
  });
  assert.deepEqual(await checkDocument({ file, text }), []);
  assert.deepEqual(
    await checkDocument({ file, text: many['api.yaml'] }, { root: dirname(file) }),
    [],
  );
});

test('a document in one file is left as it is', async (t) => {
  const schemas = "{A: {$ref: '#/components/schemas/A'}, B: {$id: tree, items: {$ref: tree}}}";
  const text = `# kept\n${head}paths: {}\ncomponents: {schemas: ${schemas}}\n`;
  const file = await writeFolder(t, { 'api.yaml': text });
  assert.deepEqual(await bundleDocument(file), { text, files: [file] });
});

test('2.0 keeps its own places, JSON stays JSON', async (t) => {
  const file = await writeFolder(t, {
    'api.json': `{"swagger": "2.0", "info": {"title": "a", "version": "1"}, "paths": {"/a": {"post": {
      "operationId": "a",
      "parameters": [{"in": "body", "name": "b", "schema": {"$ref": "b.yaml#/B"}}],
      "responses": {"200": {"$ref": "b.yaml#/Ok"}}}}}}`,
    'b.yaml': 'B: {type: array, items: {$ref: "#/B"}}\nOk: {description: fine}',
  });
  const value = JSON.parse((await bundleDocument(file)).text);
  assert.deepEqual(value.definitions, { B: { type: 'array', items: { $ref: '#/definitions/B' } } });
  assert.deepEqual(value.responses, { Ok: { description: 'fine' } });
});

test('references that lead out, nowhere or in a circle are refused by file and line', async (t) => {
  const cases: [main: string, message: RegExp][] = [
    [
      "paths:\n  /a: {$ref: '../secret.yaml'}",
      /api.yaml:4 .*(outside the bundle folder|cannot be read)/,
    ],
    ["paths:\n  /a: {$ref: 'https://x.example/y.yaml'}", /api.yaml:4 .*on another server/],
    ["paths:\n  /a: {$ref: 'none.yaml'}", /api.yaml:4 .*none.yaml cannot be read/],
    ["paths:\n  /a: {$ref: 'link.yaml'}", /api.yaml:4 .*outside the bundle folder/],
    ["paths:\n  /a: {$ref: 'part.yaml#/none'}", /api.yaml:4 .*part.yaml#\/none leads nowhere/],
    ["paths:\n  /a: {$ref: 'part.yaml#anchor'}", /api.yaml:4 .*is no JSON pointer/],
    ["paths:\n  /a: {$ref: 'part.yaml#/bad'}", /part.yaml:2 .*\.\.\/\.\.\/x.yaml/],
    ["paths:\n  /a: {$ref: 'part.yaml#/loop'}", /goes round in a circle/],
    ["paths:\n  /a: {$ref: 'broken.yaml'}", /broken.yaml:1: duplicated/],
  ];
  for (const [main, message] of cases) {
    const file = await writeFolder(t, {
      'api.yaml': head + main,
      'part.yaml': main.includes('bad')
        ? 'x: 1\nbad: {$ref: ../../x.yaml}'
        : "loop: {$ref: 'part.yaml#/loop'}",
      'broken.yaml': '{a: 1, a: 2}',
    });
    await symlink('/etc/passwd', join(dirname(file), 'link.yaml'));
    await assert.rejects(bundleDocument(file), (error: FuncatronError) => {
      assert.equal(error.code, 'contract_invalid');
      assert.match(error.message, message);
      return true;
    });
  }
});

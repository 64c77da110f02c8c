import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { checkDocument } from './check.ts';
import type { CheckOptions } from './check.ts';
import { describeIssue } from './document.ts';

async function check(text: string, options?: CheckOptions): Promise<string[]> {
  const issues = await checkDocument({ file: 'api.yaml', text }, options);
  assert.ok(issues.every(({ in: place, file, mend }) => place && file && mend));
  return issues.map(describeIssue);
}

/** A 3.x document: `paths` begin at line 4. */
function document(paths: string, more = '', version = '3.1.0'): string {
  return `openapi: ${version}\ninfo: {title: T, version: '1'}\npaths:\n${paths}\n${more}`;
}

const ok = "responses: {'200': {description: ok}}";

async function refuses(text: string, ...told: RegExp[]): Promise<void> {
  const lines = await check(text);
  for (const [index, pattern] of told.entries()) assert.match(lines[index] ?? '', pattern);
  assert.equal(lines.length, told.length, lines.join('\n'));
}

for (const name of ['petstore-2.0.yaml', 'petstore-3.0.yaml', 'petstore-3.1.json'])
  test(`${name} has no issues`, async () => {
    const text = await readFile(new URL(`fixture/${name}`, import.meta.url), 'utf8');
    assert.deepEqual(await check(text), []);
  });

test('text and version come first', async () => {
  await refuses('openapi: 3.1.0\nopenapi: 3.1.0', /^api.yaml:2: duplicated/);
  await refuses('info: {}', /names no version; write swagger: "2.0", openapi: 3.0.4/);
  await refuses('openapi: 3.2.0', /^api.yaml:1 \(\/openapi\): version "3.2.0" is not supported/);
});

test('structure: unknown, missing and mistyped members, each where it stands', async () => {
  const operation = `  /a:\n    get:\n      operationId: a\n      ${ok}`;
  await refuses(
    document(`${operation}\n      paramters: []`),
    /^api.yaml:8 \(\/paths\/~1a\/get\/paramters\): paramters is not known in get; did you mean/,
  );
  for (const version of ['3.0.3', '3.1.0']) {
    const parameter = '{name: q, in: qery, schema: {type: string}}';
    await refuses(
      document(`${operation}\n      parameters:\n        - ${parameter}`, '', version),
      /^api.yaml:9 .*\/parameters\/0\/in\): "qery" is not one of .*; did you mean query\?/,
    );
    const typo = '{name: q, in: query, schema: {type: strng}}';
    await refuses(
      document(`${operation}\n      parameters:\n        - ${typo}`, '', version),
      /^api.yaml:9 .*\/0\/schema\/type\): "strng" is not one of .*; did you mean string\?/,
    );
    const scheme = 'components:\n  securitySchemes:\n    key: {type: apiKey, in: header}';
    await refuses(
      document(operation, scheme, version),
      /^api.yaml:10 \(\/components\/securitySchemes\/key\): key lacks name; add name/,
    );
    const nameless = `  /a:\n    get:\n      operationId: a\n      responses:\n        '200': {}`;
    await refuses(document(nameless, '', version), /^api.yaml:8 .*200 lacks description/);
  }
});

test('operations: ids, responses, bodies', async () => {
  await refuses(
    document(`  /a:\n    get: {operationId: a, ${ok}}\n    put: {operationId: a, ${ok}}`),
    /^api.yaml:6 .*operationId a is taken by GET \/a; give each its own|give each operation its own/,
  );
  await refuses(
    document(`  /a:\n    get: {${ok}}`),
    /^api.yaml:5 \(\/paths\/~1a\/get\): GET \/a has no operationId; add operationId/,
  );
  await refuses(
    document('  /a:\n    get: {operationId: a, responses: {}}'),
    /^api.yaml:5 .*declares no response; add responses/,
  );
  const body = 'requestBody: {required: true, content: {text/plain: {}}}';
  await refuses(
    document(`  /a:\n    get: {operationId: a, ${body}, ${ok}}`),
    /^api.yaml:5 .*GET requires a body.*use POST or PUT/,
  );
  await refuses(document('  {}'), /^api.yaml:3 \(\/paths\): the contract has no operation/);
});

test('paths: templates and their parameters must agree', async () => {
  const id = '{name: id, in: path, required: true, schema: {type: string}}';
  await refuses(
    document(
      `  /a/{id}: {get: {operationId: a, parameters: [${id}], ${ok}}}
  /a/{x}: {put: {operationId: b, ${ok}}}
  /b: {parameters: [${id}], get: {operationId: c, ${ok}}}
  /c/{id}: {get: {operationId: d, parameters: [${id.replace('required: true, ', '')}], ${ok}}}
  /d/{a}{b}: {}
  e: {}`,
    ),
    /^api.yaml:5 \(\/paths\/~1a~1\{x\}\): \/a\/\{x\} matches the same paths as \/a\/\{id\}/,
    /^api.yaml:5 .*\{x\} of the path is no parameter.*name: x, in: path, required: true/,
    /^api.yaml:6 .*path parameter id is not in \/b; add \{id\} to the path/,
    /^api.yaml:7 .*path parameter id is not required; add required: true/,
    /^api.yaml:8 .*nothing tells where one parameter ends/,
    /^api.yaml:9 .*path e cannot be matched: it must begin with a slash/,
  );
  const twice = '{name: q, in: query, schema: {}}';
  await refuses(
    document(`  /a: {get: {operationId: a, parameters: [${twice}, ${twice}], ${ok}}}`),
    /query parameter q is declared twice; keep one/,
  );
});

test('schemas that contradict themselves', async () => {
  const schemas = `components:
  schemas:
    A: {type: integer, minimum: 3, maximum: 2}
    B: {type: string, minLength: 2, maxLength: 1}
    C: {enum: []}
    D: {type: integer, default: many}
    E: {type: string, pattern: '['}
    F: {type: object, required: [x], additionalProperties: false}
    G: {type: string, nullable: true}
    H: {type: number, exclusiveMinimum: 1, maximum: 1}
    I: {type: array, items: {$ref: '#/components/schemas/D'}, default: [1, x]}
    J: {type: string, format: date, default: tomorrow}
    K: {type: string, example: {default: 1, enum: []}}`;
  const operation = `  /a: {get: {operationId: a, ${ok}}}`;
  await refuses(
    document(operation, schemas),
    /^api.yaml:7 \(\/components\/schemas\/A\/minimum\): minimum 3 is over maximum 2/,
    /^api.yaml:8 .*minLength 2 is over maxLength 1/,
    /^api.yaml:9 .*enum is empty/,
    /^api.yaml:10 .*default "many" breaks its own schema: must be integer/,
    /^api.yaml:11 .*"\[" is no regular expression: Unterminated character class/,
    /^api.yaml:12 .*x is required, but additionalProperties: false forbids it; add x/,
    /^api.yaml:13 .*nullable is no keyword of OpenAPI 3.1; write type: \[string, 'null'\]/,
    /^api.yaml:14 .*exclusiveMinimum 1 leaves no value/,
    /^api.yaml:15 .*\/I\/default\): default \[1,"x"\] breaks its own schema: \/1 must be integer/,
    /^api.yaml:16 .*default "tomorrow" breaks its own schema: must match format "date"/,
  );
  const older = `components:
  schemas:
    A: {type: integer, minimum: 3, maximum: 3, exclusiveMaximum: true}
    B: {type: integer, minimum: 3, maximum: 3, exclusiveMaximum: false}
    C: {type: string, nullable: true, default: null}
    D: {type: integer, minimum: 3, exclusiveMinimum: true, default: 3}`;
  await refuses(
    document(operation, older, '3.0.3'),
    /^api.yaml:7 .*minimum 3 leaves no value/,
    /^api.yaml:10 .*default 3 breaks its own schema: must be > 3/,
  );
});

test('references that lead nowhere', async () => {
  const schema = (ref: string) => `content: {text/plain: {schema: {$ref: '${ref}'}}}`;
  const answers = ['#/components/schemas/No', 'other.yaml', 'https://x.example/a'].map(
    (ref, index) => `        '20${index}': {description: ok, ${schema(ref)}}`,
  );
  const lines = [
    '  /a:',
    '    get:',
    '      operationId: a',
    '      responses:',
    ...answers,
    "        '203': {$ref: '#/components/responses/Ring'}",
  ];
  const ring = `components:
  responses:
    Ring: {$ref: '#/components/responses/Ring'}
  schemas:
    Loop: {type: object, properties: {next: {$ref: '#/components/schemas/Loop'}}}
    Kinds: {oneOf: [], discriminator: {propertyName: k, mapping: {a: Loop, b: Nope.yaml}}}`;
  await refuses(
    document(lines.join('\n'), ring),
    /^api.yaml:8 .*#\/components\/schemas\/No leads nowhere; correct it/,
    /^api.yaml:9 .*other.yaml is another file; run funcatron build/,
    /^api.yaml:10 .*https:\/\/x.example\/a is on another server/,
    /^api.yaml:11 .*goes round in a circle/,
    /^api.yaml:14 .*goes round in a circle/,
    /^api.yaml:17 .*\/discriminator\/mapping\/b\): Nope.yaml is another file/,
    /^api.yaml:17 .*oneOf/,
  );
});

test('security must name what is declared', async () => {
  const schemes = `security: [{oauht: []}]
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows: {implicit: {authorizationUrl: 'https://x.example', scopes: {read: r}}}
    key: {type: apiKey, in: header, name: k}`;
  const operation = `security: [{oauth: [raed]}, {key: [x]}, {nothing: []}]`;
  const paths = `  /a:\n    get: {operationId: a, ${operation}, ${ok}}`;
  await refuses(
    document(paths, schemes, '3.0.3'),
    /^api.yaml:5 .*scope raed is not declared by oauth; did you mean read\?/,
    /^api.yaml:5 .*key is apiKey, which has no scopes; write \[\]/,
    /^api.yaml:5 .*security scheme nothing is not declared; declare it under components/,
    /^api.yaml:6 \(\/security\/0\/oauht\): .*did you mean oauth\?/,
  );
});

test('settings are checked on the document, on operations, and nowhere else', async () => {
  const paths = `  /a:
    x-funcatron: {timeout: 1}
    get:
      operationId: a
      x-funcatron: {memory: 1Gi}
      ${ok}`;
  await refuses(
    document(paths, 'x-funcatron: {timout: 3}'),
    /^api.yaml:5 .*x-funcatron has no effect on a pathItem; move it/,
    /^api.yaml:8 .*memory is a setting of the document/,
    /^api.yaml:10 .*timout is no setting; did you mean timeout\?/,
  );
});

test('the base path must be absolute and whole', async () => {
  const paths = `  /a: {get: {operationId: a, ${ok}}}`;
  const cases: [servers: string, told: RegExp][] = [
    ['[{url: "v1"}]', /the base path "v1" is not absolute; write an absolute path such as \/v1/],
    ['[{url: "https://x.example/{v}/a"}]', /server variable v has no default/],
    ['[{url: "/v1?x=1"}]', /is more than a path/],
    ['[{url: "/a/../b"}]', /dotted segments/],
  ];
  for (const [servers, told] of cases) {
    const [line] = await check(document(paths, `servers: ${servers}`));
    assert.match(line!, told);
  }
});

test('2.0 is checked in its own terms', async () => {
  await refuses(
    `swagger: '2.0'
info: {title: T, version: '1'}
basePath: v1
paths:
  /a:
    get:
      operationId: a
      security: [{key: []}]
      parameters:
        - {name: q, in: query, type: intger}
        - {name: r, in: query, type: integer, default: x, minimum: 2, maximum: 1}
        - {name: b, in: body, required: true, schema: {$ref: '#/definitions/No'}}
        - {name: f, in: formData, type: string}
        - {name: c, in: query, type: array, items: {type: string}, collectionFormat: cvs}
      responses: {200: {description: ok}}
`,
    /^api.yaml:3 \(\/basePath\): the base path "v1" is not absolute/,
    /^api.yaml:6 .*has a body and form fields; keep one kind/,
    /^api.yaml:6 .*GET requires a body/,
    /^api.yaml:8 .*key is not declared; declare it under securityDefinitions/,
    /^api.yaml:10 .*"intger" is not one of .*; did you mean integer\?/,
    /^api.yaml:11 .*minimum 2 is over maximum 1/,
    /^api.yaml:11 .*default "x" breaks its own schema/,
    /^api.yaml:12 .*#\/definitions\/No leads nowhere/,
    /^api.yaml:14 .*"cvs" is not one of .*; did you mean csv\?/,
  );
});

test('an overlay is applied before the checks', async () => {
  const text = document(`  /a: {get: {operationId: a, ${ok}}}`);
  const overlay = (update: unknown) => ({
    overlay: '1.0.0',
    info: { title: 'O', version: '1' },
    actions: [{ target: '$', update }],
  });
  assert.deepEqual(await check(text, { overlay: overlay({ 'x-funcatron': { timeout: 5 } }) }), []);
  const bad = await check(text, { overlay: overlay({ 'x-funcatron': { timout: 5 } }) });
  assert.match(bad[0]!, /^api.yaml:1 \(\/x-funcatron\/timout\): timout is no setting/);
});

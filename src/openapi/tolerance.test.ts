import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Issue } from '../message.ts';
import { checkDocument } from './check.ts';
import { loadContract } from './load.ts';

const file = 'funcatron.yaml';
const get = (more: string) => `
swagger: '2.0'
info: {title: Old, version: '1'}
basePath: /old
paths:
  /one:
    get:
      operationId: old.One
      responses:
        200: {description: so, schema: {$ref: '#/definitions/Gone'}}
        404: {$ref: '#/responses/Gone'}
  /two/{n}:
    get:
      operationId: old.One
      parameters: [{name: n, in: path, type: integer}]
      responses:
        200: {description: so, type: array, items: {$ref: '#/definitions/Pet'}}
${more}
definitions:
  Pet: {required: [name], properties: {name: {type: string}, kin: {$ref: '#/definitions/Kin'}}}
`;
const old = get('');

async function judge(text: string) {
  const warnings: Issue[] = [];
  const warn = (issue: Issue) => void warnings.push(issue);
  const issues = await checkDocument({ file, text }, { warn });
  return { issues: issues.map(({ message }) => message), warnings };
}

test('what the first Funcatron let pass is told with its line, and served', async () => {
  const { issues, warnings } = await judge(old);
  assert.deepEqual(issues, []);
  assert.deepEqual(
    warnings.map(({ line, message }) => `${line}: ${message}`),
    [
      '10: #/definitions/Gone leads nowhere',
      '11: #/responses/Gone leads nowhere',
      '14: operationId old.One is taken by GET /one',
      '15: path parameter n is not required',
      '17: type is not known in 200',
      '17: items is not known in 200',
      '20: #/definitions/Kin leads nowhere',
    ],
  );
  const contract = await loadContract({ file, text: old }, { id: 'old' });
  const keys = contract.operations.map(({ key, operationId }) => [key, operationId]);
  assert.deepEqual(keys, [
    ['GET /one', 'old.One'],
    ['GET /two/{n}', 'old.One'],
  ]);
  const one = contract.operation('GET /one')!;
  const json = { 'content-type': 'application/json' };
  assert.equal(one.reply(200, json, Buffer.from('{"any": [1]}')), undefined);
  const two = contract.operation('GET /two/{n}')!;
  assert.deepEqual(two.params({ n: '7' }, '', {}).path, { n: 7 });
  assert.throws(() => two.params({ n: 'x' }, '', {}), { code: 'bad_parameter' });
});

test('all of it is an error in OpenAPI 3, and where nobody takes warnings', async () => {
  assert.equal((await checkDocument({ file, text: old })).length, 7);
  const newer = `
openapi: 3.1.0
info: {title: New, version: '1'}
paths:
  /one: {get: {operationId: one, responses: {200: {description: so}}}}
  /two: {get: {operationId: one, responses: {200: {description: so}}}}
`;
  assert.deepEqual((await judge(newer)).issues, ['operationId one is taken by GET /one']);
});

test('what calls are served by must be right in any document', async () => {
  const faults: [more: string, message: RegExp][] = [
    ['  /x: {get: {responses: {200: {description: so}}}}', /has no operationId/],
    ['  /x: {gett: {operationId: a, responses: {200: {description: so}}}}', /gett is not known/],
    [
      '  /x: {get: {operationId: a, parameters: [{name: n, in: query}], responses: {200: {description: so}}}}',
      /lacks type/,
    ],
    [
      '  /x: {get: {operationId: a, security: [{key: []}], responses: {200: {description: so}}}}',
      /security scheme key is not declared/,
    ],
    [
      "  /x: {get: {operationId: a, parameters: [{$ref: '#/parameters/Gone'}], responses: {200: {description: so}}}}",
      /#\/parameters\/Gone leads nowhere/,
    ],
    ['x-funcatron: {fallback: old.One}', /fallback names old.One, which is the name of several/],
    ['x-funcatron: {colour: red}', /colour is no setting/],
  ];
  for (const [more, message] of faults)
    assert.match((await judge(get(more))).issues.join('\n'), message);
});

test('a schema that no value can be held against is an error, though its fault is structural', async () => {
  const text = old.replace('name: {type: string}', 'name: {type: string, maxLength: ten}');
  const { issues } = await judge(text.replace("'#/definitions/Gone'", "'#/definitions/Pet'"));
  assert.equal(issues.length, 1);
});

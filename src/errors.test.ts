import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { catalogue, FuncatronError, toFault } from './errors.ts';
import type { ErrorCode } from './errors.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const codes = Object.keys(catalogue) as ErrorCode[];

test('docs/errors.md has a row for every code, and says the same', () => {
  const text = readFileSync(join(root, '../docs/errors.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d+) \| (\w+) \| (.+?) \| (.*) \|$/gm)];
  const documented = rows.map(([, code, status, component, title]) => {
    return [code, [Number(status), component, title]];
  });
  assert.deepEqual(documented, Object.entries(catalogue));
  for (const [, code, , , , mend] of rows) assert.ok(mend, `${code} says what to do`);
});

test('every code is used', () => {
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|fixture|conformance/.test(path))
    .filter((path) => path !== 'errors.ts')
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  assert.deepEqual(
    codes.filter((code) => !sources.includes(`'${code}'`)),
    [],
  );
});

test('every row is an HTTP error with a title for people', () => {
  for (const code of codes) {
    const [status, , title] = catalogue[code];
    assert.ok(status >= 400 && status <= 599, code);
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.match(title, /^[A-Z][^.]+$/);
  }
});

test('a problem has what a caller needs, and nothing that is not there', () => {
  const plain = new FuncatronError('bad_body', 'the body is wrong');
  assert.deepEqual(plain.toProblem(), {
    code: 'bad_body',
    status: 400,
    title: 'The request body breaks the contract',
    detail: 'the body is wrong',
    component: 'contract',
  });
  const errors = [{ in: 'body', at: '/name', message: 'must be string' }];
  const headers = { allow: 'GET' };
  const options = { errors, headers, status: 422, funcStack: 'at hello (src/index.ts:1)' };
  const { stack, ...rest } = new FuncatronError('bad_body', 'x', options).toProblem();
  assert.equal(stack, 'at hello (src/index.ts:1)');
  assert.deepEqual([rest.errors, rest.headers, rest.status], [errors, headers, 422]);
});

test('whatever is thrown becomes an error, its cause kept', () => {
  const cause = new TypeError('x is not a function');
  const fault = toFault(cause);
  assert.equal(fault.code, 'internal');
  assert.equal(fault.cause, cause);
  assert.equal(toFault('text').message, 'text');
  assert.equal(toFault(fault), fault);
});

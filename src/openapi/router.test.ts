import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FuncatronError } from '../errors.ts';
import { createRouter } from './router.ts';

function route(...keys: string[]) {
  const operations = keys.map((key) => {
    const [method = '', template = ''] = key.split(' ');
    return { method, template, key };
  });
  const router = createRouter(operations);
  return (method: string, path: string) => {
    const match = router.match(method, path);
    if (!match) return undefined;
    return 'allow' in match ? match.allow : { key: match.operation.key, ...match.raw };
  };
}

test('the most specific path wins, segment by segment from the left', () => {
  const match = route(
    'GET /users/{id}',
    'GET /users/me',
    'GET /{kind}/me/posts',
    'GET /users/{id}/posts',
    'GET /users/v{version}',
  );
  assert.deepEqual(match('GET', '/users/me'), { key: 'GET /users/me' });
  assert.deepEqual(match('GET', '/users/7'), { key: 'GET /users/{id}', id: '7' });
  assert.deepEqual(match('GET', '/users/v2'), { key: 'GET /users/v{version}', version: '2' });
  assert.deepEqual(match('GET', '/users/me/posts'), { key: 'GET /users/{id}/posts', id: 'me' });
  assert.deepEqual(match('GET', '/cats/me/posts'), { key: 'GET /{kind}/me/posts', kind: 'cats' });
  assert.equal(match('GET', '/users'), undefined);
  assert.equal(match('GET', '/users/7/posts/1'), undefined);
});

test('a branch that leads nowhere is left again', () => {
  const match = route('GET /a/{x}/c', 'GET /{y}/b/d', 'GET /a/b/{z}/e');
  assert.deepEqual(match('GET', '/a/b/d'), { key: 'GET /{y}/b/d', y: 'a' });
  assert.deepEqual(match('GET', '/a/b/c'), { key: 'GET /a/{x}/c', x: 'b' });
  assert.deepEqual(match('GET', '/a/b/d/e'), { key: 'GET /a/b/{z}/e', z: 'd' });
});

test('segments hold several parameters, and text around them', () => {
  const match = route(
    'GET /files/{name}.{ext}',
    'GET /files/{name}.json',
    'POST /jobs/{id}:run',
    'GET /map/({lat},{lon})',
  );
  assert.deepEqual(match('GET', '/files/a.tar.gz'), {
    key: 'GET /files/{name}.{ext}',
    name: 'a.tar',
    ext: 'gz',
  });
  assert.deepEqual(match('GET', '/files/a.json'), { key: 'GET /files/{name}.json', name: 'a' });
  assert.deepEqual(match('POST', '/jobs/a%3Ab:run'), { key: 'POST /jobs/{id}:run', id: 'a%3Ab' });
  assert.deepEqual(match('POST', '/jobs/7%3arun'), { key: 'POST /jobs/{id}:run', id: '7' });
  assert.deepEqual(match('GET', '/map/(1.5,-2)'), {
    key: 'GET /map/({lat},{lon})',
    lat: '1.5',
    lon: '-2',
  });
  assert.equal(match('GET', '/files/.gz'), undefined);
  assert.equal(match('GET', '/files/a.'), undefined);
  assert.equal(match('POST', '/jobs/:run'), undefined);
});

test('text compares decoded, values stay encoded', () => {
  const match = route('GET /café/{name}', 'GET /a%2Fb', 'GET /100%/{x}', 'GET /{a}é{b}');
  assert.deepEqual(match('GET', '/caf%c3%A9/J%C3%BCrg%2F'), {
    key: 'GET /café/{name}',
    name: 'J%C3%BCrg%2F',
  });
  assert.deepEqual(match('GET', '/a%2fb'), { key: 'GET /a%2Fb' });
  assert.deepEqual(match('GET', '/%61%2Fb'), { key: 'GET /a%2Fb' });
  assert.equal(match('GET', '/a/b'), undefined);
  assert.deepEqual(match('GET', '/100%25/%zz'), { key: 'GET /100%/{x}', x: '%zz' });
  assert.deepEqual(match('GET', '/1%C3%A92'), { key: 'GET /{a}é{b}', a: '1', b: '2' });
});

test('a slash at the end counts only where both paths are declared', () => {
  const one = route('GET /pets', 'GET /cats/', 'GET /pets/{id}', 'GET /');
  assert.deepEqual(one('GET', '/pets/'), { key: 'GET /pets' });
  assert.deepEqual(one('GET', '/cats'), { key: 'GET /cats/' });
  assert.deepEqual(one('GET', '/pets/1/'), { key: 'GET /pets/{id}', id: '1' });
  assert.deepEqual(one('GET', '/'), { key: 'GET /' });
  assert.equal(one('GET', '/pets//'), undefined);
  const both = route('GET /pets', 'GET /pets/');
  assert.deepEqual(both('GET', '/pets'), { key: 'GET /pets' });
  assert.deepEqual(both('GET', '/pets/'), { key: 'GET /pets/' });
});

test('HEAD falls back to GET; other methods are told what there is', () => {
  const match = route('GET /a', 'POST /a', 'DELETE /b', 'GET /c', 'HEAD /c', 'OPTIONS /c');
  assert.deepEqual(match('HEAD', '/a'), { key: 'GET /a' });
  assert.deepEqual(match('HEAD', '/c'), { key: 'HEAD /c' });
  assert.deepEqual(match('OPTIONS', '/c'), { key: 'OPTIONS /c' });
  assert.deepEqual(match('PUT', '/a'), ['GET', 'HEAD', 'OPTIONS', 'POST']);
  assert.deepEqual(match('OPTIONS', '/b'), ['DELETE', 'OPTIONS']);
  assert.deepEqual(match('HEAD', '/b'), ['DELETE', 'OPTIONS']);
});

test('the most specific path decides, even when only another has the method', () => {
  const match = route('GET /users/me', 'DELETE /users/{id}');
  assert.deepEqual(match('DELETE', '/users/me'), ['GET', 'HEAD', 'OPTIONS']);
});

test('templates that cannot be told apart or matched are refused', () => {
  for (const [template, reason] of [
    ['/b/{x}', /match the same requests/],
    ['/{a}{b}', /where one parameter ends/],
    ['/{a', /braces do not pair/],
    ['/{}', /no usable name/],
    ['/{a}/{a}', /twice/],
    ['a', /begin with a slash/],
    ['/a?b={c}', /no query/],
  ] as const)
    assert.throws(
      () => route('GET /b/{y}', `GET ${template}`),
      (error: FuncatronError) => error.code === 'contract_invalid' && reason.test(error.message),
    );
});

/** Every template tried in full by a regular expression, the best of them found by sorting. */
function naive(templates: readonly string[], path: string): [string, ...string[]] | undefined {
  const bare = path.replace(/(?<=.)\/$/, '');
  const matches = templates.flatMap((template): [string, ...string[]][] => {
    const source = template
      .split(/(\{[^{}]*\})/)
      .map((part) => (part.startsWith('{') ? '([^/]+)' : part.replaceAll('.', '\\.')))
      .join('');
    const match = new RegExp(`^${source}$`).exec(bare);
    return match ? [[template, ...match.slice(1)]] : [];
  });
  return matches.sort(([a], [b]) => compareTemplates(a, b))[0];
}

/** Segment by segment: literals first, then the most text; then any order, but always the same. */
function compareTemplates(a: string, b: string): number {
  const [left, right] = [a, b].map((template) =>
    template.split('/').map((segment) => {
      const shape = segment.replaceAll(/\{[^{}]*\}/g, '{}');
      const text = shape.replaceAll('{}', '').length;
      return { shape, weight: shape.includes('{}') ? text : Infinity };
    }),
  ) as [{ shape: string; weight: number }[], { shape: string; weight: number }[]];
  for (const [index, { shape, weight }] of left.entries()) {
    const other = right[index]!;
    if (weight !== other.weight) return other.weight - weight || 0;
    if (shape !== other.shape) return shape < other.shape ? -1 : 1;
  }
  return 0;
}

test('finds what a naive matcher finds', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '{}', 'a{}', '{}b', '{}.{}', 'a{}.{}', '{}-b');
  const templates = fc.uniqueArray(fc.array(segment, { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 12,
    selector: (parts) => parts.join('/'),
  });
  const paths = fc.array(
    fc.array(fc.constantFrom('a', 'b', 'ab', 'aab', 'a.b', 'x.y.b', 'x-b', '', '.', 'a.'), {
      minLength: 1,
      maxLength: 4,
    }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(templates, paths, (shapes, requests) => {
      let number = 0;
      const named = shapes.map(
        (parts) => `/${parts.join('/').replaceAll('{}', () => `{p${number++}}`)}`,
      );
      const match = route(...named.map((template) => `GET ${template}`));
      for (const parts of requests) {
        const path = `/${parts.join('/')}`;
        const [template, ...values] = naive(named, path) ?? [];
        const found = match('GET', path) as Record<string, string> | undefined;
        assert.equal(found?.['key'], template && `GET ${template}`, path);
        if (found) assert.deepEqual(Object.values(found).slice(1), values, path);
      }
    }),
    { numRuns: 300 },
  );
});

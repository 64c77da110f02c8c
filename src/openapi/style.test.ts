import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Headers } from '../message.ts';
import { sampleOperation } from './fixture/operation.ts';

/** Percent-encodes all but RFC 3986's unreserved characters, and the dot when it delimits. */
function encode(text: string, alsoDot: boolean): string {
  const encoded = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (found) => `%${found.charCodeAt(0).toString(16)}`,
  );
  return alsoDot ? encoded.replaceAll('.', '%2E') : encoded;
}

type Value = string | string[] | Record<string, string>;

interface Way {
  place: 'path' | 'query' | 'header' | 'cookie';
  style: string;
  explode: boolean;
}

/** A serialiser of our own, by RFC 6570 and OpenAPI's table, against which the reader is tried. */
function write({ place, style, explode }: Way, name: string, value: Value): string {
  const raw = (text: string) => (place === 'header' ? text : encode(text, style === 'label'));
  const pairs = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
  const items = Array.isArray(value) ? value.map(raw) : [];
  const flat = pairs.flatMap(([key, text]) => [raw(key), raw(text)]);
  const named = pairs.map(([key, text]) => `${raw(key)}=${raw(text)}`);
  const delimiter =
    { spaceDelimited: '%20', pipeDelimited: '|', tabDelimited: '%09' }[style] ?? ',';
  const joiner = place === 'cookie' ? '; ' : '&';
  switch (style) {
    case 'simple':
      if (typeof value === 'string') return raw(value);
      return (items.length > 0 ? items : explode ? named : flat).join(',');
    case 'label':
      if (typeof value === 'string') return `.${raw(value)}`;
      if (items.length > 0) return `.${items.join(explode ? '.' : ',')}`;
      return explode ? `.${named.join('.')}` : `.${flat.join(',')}`;
    case 'matrix':
      if (typeof value === 'string') return `;${name}=${raw(value)}`;
      if (items.length > 0) {
        return explode
          ? items.map((item) => `;${name}=${item}`).join('')
          : `;${name}=${items.join(',')}`;
      }
      return explode ? named.map((pair) => `;${pair}`).join('') : `;${name}=${flat.join(',')}`;
    case 'deepObject':
      return pairs.map(([key, text]) => `${name}[${raw(key)}]=${raw(text)}`).join('&');
    default:
      if (typeof value === 'string') return `${name}=${raw(value)}`;
      if (!explode) return `${name}=${(items.length > 0 ? items : flat).join(delimiter)}`;
      return items.length > 0
        ? items.map((item) => `${name}=${item}`).join(joiner)
        : named.join(joiner);
  }
}

function readBack(way: Way, schema: object, text: string): unknown {
  const { place, ...manner } = way;
  const required = place === 'path';
  const parameters = [{ name: 'p', in: place, required, schema, ...manner }];
  const headers: Headers =
    place === 'header' ? { p: text } : place === 'cookie' ? { cookie: text } : {};
  const query = place === 'query' ? text : '';
  const params = sampleOperation({ parameters }).params({ p: text }, query, headers);
  return params[place]['p'];
}

const ways: Way[] = [true, false].flatMap((explode): Way[] => [
  { place: 'path', style: 'simple', explode },
  { place: 'path', style: 'label', explode },
  { place: 'path', style: 'matrix', explode },
  { place: 'query', style: 'form', explode },
  { place: 'query', style: 'spaceDelimited', explode },
  { place: 'query', style: 'pipeDelimited', explode },
  { place: 'query', style: 'tabDelimited', explode },
  { place: 'header', style: 'simple', explode },
  { place: 'cookie', style: 'form', explode },
]);

/** Some text; a header carries printable ASCII unencoded, so nothing that delimits in one. */
function textFor({ place, style }: Way): fc.Arbitrary<string> {
  if (place === 'header') return fc.stringMatching(/^[!-+\--<>-~]+( [!-+\--<>-~]+)?$/);
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
  const isWhole = text.filter((one) => one.isWellFormed());
  if (style === 'spaceDelimited') return isWhole.filter((one) => !one.includes(' '));
  if (style === 'pipeDelimited') return isWhole.filter((one) => !one.includes('|'));
  return style === 'tabDelimited' ? isWhole.filter((one) => !one.includes('\t')) : isWhole;
}

const few = { numRuns: 60 };

test('a text comes back as it was written, whatever is in it', () => {
  for (const way of ways) {
    fc.assert(
      fc.property(textFor(way), (value) => {
        assert.equal(readBack(way, { type: 'string' }, write(way, 'p', value)), value);
      }),
      few,
    );
  }
});

test('a list comes back', () => {
  const schema = { type: 'array', items: { type: 'string' } };
  for (const way of ways) {
    fc.assert(
      fc.property(fc.array(textFor(way), { minLength: 1, maxLength: 5 }), (value) => {
        assert.deepEqual(readBack(way, schema, write(way, 'p', value)), value);
      }),
      few,
    );
  }
});

test('named parts come back', () => {
  const deep: Way = { place: 'query', style: 'deepObject', explode: true };
  const schema = { type: 'object', additionalProperties: { type: 'string' } };
  for (const way of [...ways, deep]) {
    const isNamed = way.explode && ['form', 'simple'].includes(way.style);
    // A cookie's name is not encoded, and a repeated name is a list.
    const key =
      isNamed || way.place === 'header' ? fc.stringMatching(/^[a-oq-z]{1,5}$/) : textFor(way);
    const name = key.filter((one) => !/[[\]]|^(__proto__|p)$/.test(one));
    fc.assert(
      fc.property(
        fc.dictionary(name, textFor(way), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
        (value) => {
          assert.deepEqual(readBack(way, schema, write(way, 'p', value)), value);
        },
      ),
      few,
    );
  }
});

test('numbers, booleans and null come back as themselves', () => {
  const schema = { type: 'array', items: { type: ['number', 'boolean', 'null'] } };
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  );
  for (const way of ways) {
    // A dot delimits an exploded label, and there is no encoding it away from a number.
    if (way.style === 'label' && way.explode) continue;
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (values) => {
        const text = write(
          way,
          'p',
          values.map((one) => JSON.stringify(one)),
        );
        const expected = JSON.parse(JSON.stringify(values)) as unknown;
        assert.deepEqual(readBack(way, schema, text), expected);
      }),
      few,
    );
  }
});

test('whatever text comes, it is a value or our own error', () => {
  const schemas = [
    { type: 'string' },
    { type: 'array', items: { type: 'integer' } },
    { type: 'object', additionalProperties: { type: 'string' } },
    { type: ['integer', 'array', 'object', 'null'] },
  ];
  const deep: Way = { place: 'query', style: 'deepObject', explode: true };
  const bits = fc.constantFrom(
    'p',
    '=',
    '&',
    '[',
    ']',
    '%',
    '%41',
    '+',
    ',',
    '.',
    ';',
    '|',
    'a',
    '__proto__',
    '1',
  );
  const text = fc.array(bits, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      fc.constantFrom(...ways, deep),
      fc.constantFrom(...schemas),
      text,
      (way, schema, raw) => {
        try {
          readBack(way, schema, raw);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'bad_parameter');
        }
        assert.equal(Object.keys(Object.prototype).length, 0);
      },
    ),
    { numRuns: 500 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { docsAsset, docsPage } from './ui.ts';

test('the page names the document and lets no script run within itself', () => {
  const { headers, body } = docsPage('Pets & "Co" <script>', '/v1/openapi.json?a=1&b="', '/docs');
  const html = Buffer.from(body).toString();
  assert.match(html, /<title>Pets &#38; &#34;Co&#34; &#60;script&#62;<\/title>/);
  assert.match(html, /data-document="\/v1\/openapi.json\?a=1&#38;b=&#34;"/);
  assert.equal(/<script>|<script [^s]/.test(html), false);
  assert.match(headers['content-security-policy']!, /default-src 'none'; script-src 'self';/);
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
});

test('every file the page names is served, and has a type', async () => {
  const html = Buffer.from(docsPage('Pets', '/doc').body).toString();
  const names = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((match) => match[1]!);
  assert.deepEqual(names, [
    'swagger-ui.css',
    'favicon-32x32.png',
    'swagger-ui-bundle.js',
    'start.js',
  ]);
  for (const name of [...names, 'oauth2-redirect.html', 'oauth2-redirect.js']) {
    const file = await docsAsset(name);
    assert.ok(file && file.body.length > 50, name);
    assert.ok(file.headers['content-type'] && file.headers['etag']);
  }
});

test('nothing else is served', async () => {
  const names = [
    '',
    '.',
    'index.html',
    'package.json',
    '../ajv/package.json',
    '%2e%2e/x',
    '__proto__',
  ];
  for (const name of names) assert.equal(await docsAsset(name), undefined, name);
});

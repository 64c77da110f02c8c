/** A stack of functions, and their secrets, by the commands of `funcatron` on a real server. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask } from './fixture/client.ts';
import type { Request } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const stack = `
version: 1.0
provider: { name: openfaas, gateway: "http://127.0.0.1:1" }
functions:
  greet:
    lang: node20
    handler: ./greet
    image: \${REGISTRY:-local}/greet:2.1
    environment: { GREETING: Hello, LOUD: true }
    environment_file: [env.yml]
    secrets: [mark]
    labels: { team: a }
  shout: { lang: python3, handler: ./shout }
  event: { lang: python3-http, handler: ./event, image: event }
  words: { lang: bash-like, handler: ./words }
  docker:
    lang: dockerfile
    handler: ./docker
    build_args: { WHO: world }
  plain: { fprocess: cat, image: "none:1" }
`;

const files: Record<string, string> = {
  'stack.yml': stack,
  'env.yml': 'environment: { GREETING: Hi }',
  'greet/package.json': '{"name": "greet"}',
  'greet/word.js': 'module.exports = (name) => `${process.env.GREETING}, ${name}`;',
  'greet/handler.js': `
    const { readFileSync } = require('node:fs');
    const word = require('./word.js');
    module.exports = async (event, context) => {
      if (event.query.fail) return context.status(418).fail('no tea');
      const mark = readFileSync(process.env.FUNCATRON_SECRETS + '/mark', 'utf8');
      const text = word(event.body.name ?? event.body) + mark + event.path;
      return context.status(201).headers({ 'x-loud': process.env.LOUD }).succeed({ text });
    };`,
  'shout/handler.py': 'def handle(req):\n    print("not an answer")\n    return req.upper()\n',
  'event/handler.py':
    'def handle(event, context):\n' +
    '    return {"statusCode": 202, "headers": {"X-Method": event.method},\n' +
    '            "body": {"path": event.path, "q": event.query, "size": len(event.body)}}\n',
  'words/handler.sh': 'wc -w | tr -d " "; cat function/tail.txt\n',
  'words/tail.txt': 'words\n',
  'docker/Dockerfile': [
    'ARG WHO=nobody',
    'FROM ghcr.io/openfaas/classic-watchdog:0.2 AS watchdog',
    'FROM alpine:3.20',
    'COPY --from=watchdog /fwatchdog /usr/bin/fwatchdog',
    'WORKDIR /home/app',
    'RUN apk add --no-cache bash',
    'COPY src/ .',
    'RUN chmod +x /home/app/hello.sh',
    'ENV fprocess="/home/app/hello.sh" \\',
    '    WHO=$WHO',
    'HEALTHCHECK CMD [ -e /tmp/.lock ]',
    'CMD ["fwatchdog"]',
  ].join('\n'),
  'docker/src/hello.sh': '#!/bin/sh\necho "hello $WHO"\n',
};

describe('a stack of functions', () => {
  const stage = new Stage();
  let server: Server;

  const run = (...args: string[]) =>
    stage.run(...args, '--frontend', server.door, '--tron', server.tron);
  const call = (path: string, request: Request = {}) =>
    ask(`${server.door}/function/${path}`, request);

  before(async () => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(stage.dir, path)), { recursive: true });
      writeFileSync(join(stage.dir, path), text);
    }
    server = await stage.serve();
  });
  after(() => stage.close());

  test('what a function lacks is said before anything is deployed by name', async () => {
    const { code, err } = await run('up', '--filter', 'greet');
    assert.equal(code, 1);
    assert.match(err, /secret_missing.*"mark"/);
    assert.equal((await call('greet')).status, 404);
  });

  test('secrets are made, listed, changed and removed', async () => {
    writeFileSync(join(stage.dir, 'mark'), '!');
    assert.equal((await run('secret', 'create', 'mark', '--from-file', 'mark')).code, 0);
    const again = await run('secret', 'create', 'mark', '--from-literal', '?');
    assert.match(again.err, /secret_exists/);
    const replaced = await run('secret', 'create', 'mark', '--from-literal', '!', '--replace');
    assert.equal(replaced.code, 0, replaced.err);
    assert.equal((await run('secret', 'create', 'other', '--from-literal', 'x')).code, 0);
    assert.equal((await run('secret', 'remove', 'other')).code, 0);
    assert.equal((await run('secret', 'list')).out, 'mark\n');
    assert.match((await run('secret', 'update', 'other', '--from-literal', 'y')).err, /unknown/);
  });

  test('all of it is built and deployed without Docker', async () => {
    const { code, out, err } = await run('up', '-f', 'stack.yml');
    assert.equal(code, 0, err);
    assert.match(err, /Dockerfile:6: RUN is not run/);
    assert.equal(out.split('\n').length, 7);
    const { text } = await ask(`${server.door}/system/function/greet`);
    const { image, labels, secrets } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual([image, labels, secrets], ['local/greet:2.1', { team: 'a' }, ['mark']]);
  });

  test('a handler for Node has its event and context', async () => {
    const answer = await call('greet/deep?x=1', { json: { name: 'Ann' } });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(JSON.parse(answer.text), { text: 'Hi, Ann!/deep' });
    assert.equal(answer.headers['x-loud'], 'true');
    const failed = await call('greet?fail=1', { json: {} });
    assert.deepEqual([failed.status, failed.text], [418, 'no tea']);
    const type = { 'content-type': 'application/json' };
    assert.equal((await call('greet', { body: '{', headers: type })).status, 400);
    assert.equal((await run('secret', 'update', 'mark', '--from-literal', '?')).code, 0);
    const headers = { 'content-type': 'text/plain' };
    await until(async () => (await call('greet', { body: 'Bo', headers })).text.includes('Bo?'));
  });

  test('handlers for Python and the shell, a Dockerfile, and a program alone', async () => {
    assert.equal((await call('shout', { body: 'loud' })).text, 'LOUD');
    const event = await call('event/a%20b?k=v', { body: 'four' });
    assert.deepEqual([event.status, event.headers['x-method']], [202, 'POST']);
    assert.deepEqual(JSON.parse(event.text), { path: '/a b', q: { k: 'v' }, size: 4 });
    assert.equal((await call('words', { body: 'one two three' })).text, '3\nwords\n');
    assert.equal((await call('docker', { method: 'POST' })).text, 'hello world\n');
    assert.equal((await call('plain', { body: 'as it is' })).text, 'as it is');
  });

  test('it is built alone, too, and deployed by that name', async () => {
    const built = await stage.run('build', '-f', 'stack.yml', '--filter', '*o*', '--json');
    assert.equal(built.code, 0, built.err);
    const made = JSON.parse(built.out) as { name: string }[];
    assert.deepEqual(
      made.map(({ name }) => name),
      ['shout', 'words', 'docker'],
    );
    assert.equal((await run('deploy', '-f', 'stack.yml', '--filter', 'shout')).code, 0);
    const nothing = await run('deploy');
    assert.match(nothing.err, /or a stack of functions with -f/);
  });

  test('deployed again, it changes what has changed', async () => {
    writeFileSync(join(stage.dir, 'words/tail.txt'), 'WORDS\n');
    const { code, err } = await run('up', '--filter', 'wo*', '-e', 'UNUSED=1');
    assert.equal(code, 0, err);
    assert.equal((await call('words', { body: 'one' })).text, '1\nWORDS\n');
    assert.equal((await run('up', '--filter', 'plain')).code, 0);
  });

  test('a stack that cannot be is refused, and says where', async () => {
    const bad: [text: string, said: RegExp][] = [
      ['functions: {}', /no functions/],
      ['functions: { a: [] }', /functions\.a: it is no object/],
      ['provider: { name: other }\nfunctions: { a: {} }', /must be openfaas/],
      ['version: 2\nfunctions: { a: {} }', /only "1\.0"/],
      ['functions:\n  a: {\n', /bad\.yml:\d+/],
      ['functions: { a: { lang: cobol, handler: ./greet } }', /cannot be built without Docker/],
      ['functions: { a: { lang: funcatron } }', /names no handler/],
      ['functions: { a: { lang: funcatron, handler: ./words } }', /contract_missing/],
      ['functions: { a: { lang: node, handler: ./words } }', /no handler\.js/],
      ['functions: { a: { lang: node, handler: ./nowhere } }', /no folder/],
      ['functions: { a: { environment: { X: [1] } } }', /X must be a text/],
      ['functions: { a: { environment_file: [gone.yml] } }', /environment_file gone\.yml/],
      ['functions: { a.b: { fprocess: cat } }', /not one for a function/],
    ];
    for (const [text, said] of bad) {
      writeFileSync(join(stage.dir, 'bad.yml'), text);
      const { code, err } = await run('up', '-f', 'bad.yml');
      assert.notEqual(code, 0, text);
      assert.match(err, said, text);
    }
  });
});

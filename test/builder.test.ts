/** The Function Builder on a real server: signed tars become images that deployments find. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const key = 'sign-with-this';

describe('the Function Builder', () => {
  const stage = new Stage();
  let server: Server;
  let made = 0;

  /** A tar as OpenFaaS's clients make it. */
  const pack = (config: unknown, files: Record<string, string>, link?: string): Buffer => {
    const dir = join(stage.dir, `tar-${made++}`);
    const all = { 'com.openfaas.docker.config': JSON.stringify(config), ...files };
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text, { mode: path.endsWith('.sh') ? 0o755 : 0o644 });
    }
    if (link) symlinkSync('/etc/passwd', join(dir, link));
    return spawnSync('tar', ['-C', dir, '-cf', '-', '.']).stdout;
  };
  const sign = (body: Buffer, secret = key): string =>
    `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const build = (body: Buffer, more: Record<string, string> = {}): Promise<Answer> => {
    const headers = { 'x-build-signature': sign(body), ...more };
    return ask(`${server.tron}/build`, { method: 'POST', body, headers });
  };
  const codeOf = ({ status, text }: Answer): string =>
    `${status} ${(JSON.parse(text) as { code: string }).code}`;
  const deploy = async (service: string, image: string): Promise<void> => {
    const { status, text } = await ask(`${server.door}/system/functions`, {
      json: { service, image },
    });
    assert.equal(status, 202, text);
  };

  before(async () => {
    writeFileSync(join(stage.dir, 'key'), `${key}\n`);
    server = await stage.serve({ flags: ['--payload-secret', join(stage.dir, 'key')] });
  });
  after(() => stage.close());

  const dockerfile = [
    'FROM ghcr.io/openfaas/classic-watchdog:latest AS watchdog',
    'FROM alpine',
    'COPY --from=watchdog /fwatchdog /usr/bin/fwatchdog',
    'WORKDIR /app',
    'RUN apk add curl',
    'COPY say.sh .',
    'ARG WORD=hello',
    'ENV fprocess="./say.sh" WORD=$WORD',
    'CMD ["fwatchdog"]',
  ].join('\n');

  test('a context with a Dockerfile is an image that a deployment finds', async () => {
    const files = { 'context/Dockerfile': dockerfile, 'context/say.sh': '#!/bin/sh\necho $WORD\n' };
    const image = 'ghcr.io/me/say:1.0';
    const tar = pack({ image, buildArgs: { WORD: 'built' } }, files);
    const { status, text } = await build(tar);
    const result = JSON.parse(text) as { log: string[]; image: string; status: string };
    assert.deepEqual([status, result.image, result.status], [200, image, 'success'], text);
    assert.match(result.log.join('\n'), /Dockerfile:5: RUN is not run/);
    await deploy('say', image);
    assert.equal((await ask(`${server.door}/function/say`, { body: '' })).text, 'built\n');
    const again = pack({ image }, { ...files, 'context/say.sh': '#!/bin/sh\necho again $WORD\n' });
    const lines = await build(again, { accept: 'application/x-ndjson' });
    const said = lines.text.trimEnd().split('\n');
    const statuses = said.map((line) => (JSON.parse(line) as { status: string }).status);
    assert.deepEqual(statuses, ['in_progress', 'success']);
    await deploy('say2', image);
    assert.equal((await ask(`${server.door}/function/say2`, { body: '' })).text, 'again hello\n');
  });

  test('a context of a template is known by its handler', async () => {
    const files = {
      'context/Dockerfile': 'FROM python:3\nRUN pip install flask\nCMD ["fwatchdog"]',
      'context/index.py': 'from flask import Flask\n',
      'context/function/handler.py':
        'def handle(event, context):\n    return {"body": event.method}\n',
    };
    assert.equal((await build(pack({ image: 'py' }, files))).status, 200);
    await deploy('py', 'py');
    assert.equal((await ask(`${server.door}/function/py`, { method: 'PUT' })).text, 'PUT');
    const wants = { ...files, 'context/function/requirements.txt': 'requests\n' };
    const failed = await build(pack({ image: 'py' }, wants));
    const result = JSON.parse(failed.text) as { status: string; error: string };
    assert.deepEqual([failed.status, result.status], [400, 'failed']);
    assert.match(result.error, /requirements\.txt.*funcatron up/);
  });

  test('what is not signed with the key is refused', async () => {
    const body = pack({ image: 'x' }, { 'context/Dockerfile': dockerfile });
    const bad = ['', 'sha256=', 'sha256=zz', sign(body, 'guess'), sign(Buffer.from('other'))];
    for (const signature of bad)
      assert.equal(codeOf(await build(body, { 'x-build-signature': signature })), '403 forbidden');
    assert.equal((await ask(`${server.tron}/build`)).status, 405);
  });

  test('what is no context is refused, hostile or not', async () => {
    const files = { 'context/Dockerfile': dockerfile, 'context/say.sh': '' };
    const cases: [body: Buffer, said: string | RegExp][] = [
      [Buffer.from('no tar'), '400 bundle_invalid'],
      [pack({ image: 'x' }, files, 'context/link'), '400 bundle_invalid'],
      [pack({}, files), '400 bundle_invalid'],
      [pack({ image: 'x' }, {}), /nothing in context/],
      [pack({ image: '../../x' }, files), /no name for an image/],
      [pack({ image: 'x' }, { 'context/a': '' }), /there is no Dockerfile/],
      [pack({ image: 'x' }, { 'context/Dockerfile': 'COPY a b' }), /begins with no FROM/],
      [
        pack({ image: 'x' }, { 'context/Dockerfile': 'FROM a\nCOPY ../../etc/passwd x' }),
        /no \.\./,
      ],
      [pack({ image: 'x' }, { 'context/Dockerfile': 'FROM a\nADD http://a/b c' }), /not fetched/],
    ];
    for (const [body, said] of cases) {
      const answer = await build(body);
      if (typeof said === 'string') assert.equal(codeOf(answer), said);
      else assert.match((JSON.parse(answer.text) as { error: string }).error, said);
    }
  });

  test('without a key there are no builds', async () => {
    const bare = await stage.serve({ data: 'bare' });
    const body = pack({ image: 'x' }, { 'context/Dockerfile': dockerfile });
    const headers = { 'x-build-signature': sign(body) };
    const answer = await ask(`${bare.tron}/build`, { method: 'POST', body, headers });
    assert.equal(codeOf(answer), '403 forbidden');
    assert.match(answer.text, /--payload-secret/);
  });
});

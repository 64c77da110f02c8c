/** Every folder of examples/functions is deployed to a real server, and called by its name. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../src/cli/run.ts';
import { examplesDir } from './example/place.ts';
import { ask, verdict } from './fixture/client.ts';
import type { Answer } from './fixture/client.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import { whyMissing } from './server/server.ts';

const dir = join(examplesDir, 'functions');

/** What curl says of a body given with -d. */
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Programs that a function needs beyond those of any system. */
const needs: Record<string, string[]> = {
  'captains-intent': ['node'],
  hubstats: ['python3'],
  markdown: ['perl'],
  nodeinfo: ['node'],
  resize: ['convert', 'identify'],
  sentiment: ['python3'],
};

describe('examples/functions', () => {
  const stage = new Stage();
  let server: Server;
  let hub: HttpServer;
  const tried = new Set<string>();

  const funcatron = async (...argv: string[]): Promise<void> => {
    const said: string[] = [];
    const terminal = {
      out: () => undefined,
      write: () => undefined,
      say: (text: string) => void said.push(text),
      read: async () => new Uint8Array(),
      unread: new AbortController().signal,
      isTty: false,
      env: { FUNCATRON_TRON: server.tron, HUB_URL: hubUrl() },
      cwd: dir,
    };
    assert.equal(await run(argv, terminal), 0, said.join('\n'));
  };
  const deploy = (folder: string, ...flags: string[]) => funcatron('deploy', folder, ...flags);
  const hubUrl = (): string => `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  const call = (name: string, body: string | Uint8Array = '', headers = {}): Promise<Answer> =>
    ask(`${server.door}/function/${name}`, { body, headers: { ...form, ...headers } });
  const output = async (name: string, body: string | Uint8Array = ''): Promise<string> => {
    const { status, text } = await call(name, body);
    assert.equal(status, 200, text);
    return text;
  };
  /** A test of one folder, deployed, and skipped by name where a program is missing. */
  const sample = (folder: string, tryOut: () => Promise<void>, flags?: () => string[]): void => {
    tried.add(folder);
    test(folder, async (t) => {
      const missing = whyMissing(...(needs[folder] ?? []));
      if (missing !== false) return t.skip(missing);
      await deploy(folder, ...(flags?.() ?? []));
      await tryOut();
    });
  };

  before(async () => {
    hub = createServer(({ url }, response) => {
      const known: Record<string, number> = { alexellis2: 99, library: 128 };
      const [, name = ''] = /^\/v2\/repositories\/([^/]+)\/\?page_size=1$/.exec(url!) ?? [];
      const count = known[name];
      response.statusCode = count === undefined ? 404 : 200;
      response.end(JSON.stringify(count === undefined ? { message: 'none' } : { count }));
    });
    await once(hub.listen(0, '127.0.0.1'), 'listening');
    server = await stage.serve({ flags: ['--services', join(dir, 'services.json')] });
  });
  after(async () => {
    hub.close();
    await stage.close();
  });

  sample('catservice', async () => {
    const file = readFileSync(join(dir, 'README.md'));
    assert.equal(await output('catservice', file), file.toString());
    const headers = { ...form, 'x-function': 'catservice' };
    const named = await ask(`${server.door}/`, { body: file, headers });
    assert.deepEqual([named.status, named.text], [200, file.toString()]);
    const list = await ask(`${server.door}/system/functions`);
    const [{ name, image }] = JSON.parse(list.text) as [Record<string, string>];
    assert.deepEqual([name, image], ['catservice', 'funcatron/catservice']);
  });

  sample('echoit', async () => assert.equal(await output('echoit', 'hello'), 'hello'));

  sample('wordcount', async () => {
    assert.match(await output('wordcount', 'the cat\nand the hat\n'), /^\s*2\s+5\s+20\n$/);
  });

  sample('base64', async () => assert.equal(await output('base64', 'Funcatron'), 'RnVuY2F0cm9u\n'));

  sample('decodebase64', async () => {
    const { text, headers } = await call('decodebase64', 'RnVuY2F0cm9u');
    assert.deepEqual([text, headers['content-type']], ['Funcatron', 'application/octet-stream']);
    const bad = await call('decodebase64', '***');
    assert.equal(bad.status, 500);
    assert.match(bad.text, /^exit status 1\n/);
  });

  sample('hostname', async () => assert.equal((await output('hostname')).trim(), hostname()));

  sample('nodeinfo', async () => {
    assert.match(await output('nodeinfo'), /^linux \w+ \[\s+\{\s+model: /);
  });

  sample('markdown', async () => {
    const { text, headers } = await call('markdown', '# Cats & **dogs**\n\n- [a](javascript:x)\n');
    assert.match(String(headers['content-type']), /^text\/html/);
    const list = '<ul>\n<li><a href="#">a</a></li>\n</ul>\n';
    assert.equal(text, `<h1>Cats &amp; <strong>dogs</strong></h1>\n${list}`);
    const code = await output('markdown', '> a `<b>`\nc\n\n```\n<script>\n');
    const quote = '<blockquote>\n<p>a <code>&lt;b&gt;</code></p>\n</blockquote>\n<p>c</p>\n';
    assert.equal(code, `${quote}<pre><code>&lt;script&gt;\n</code></pre>\n`);
  });

  sample('sentiment', async () => {
    const { text, headers } = await call('sentiment', 'What a lovely day. It is not bad!');
    assert.match(String(headers['content-type']), /^application\/json/);
    const { polarity, sentence_count: sentences } = JSON.parse(text) as Record<string, number>;
    assert.deepEqual([polarity, sentences], [0.525, 2]);
    const bad = JSON.parse(await output('sentiment', 'Awful.')) as Record<string, number>;
    assert.equal(bad.polarity, -1);
  });

  sample('webhookstash', async () => {
    const body = '{"event": "fork", "repo": "alexellis2/faas"}';
    await deploy('webhookstash', '--base-path', '/function/func_webhookstash');
    assert.equal(await output('func_webhookstash', body), 'Webhook stashed\n');
    assert.equal(await output('webhookstash', 'another'), 'Webhook stashed\n');
    const folder = join(stage.temporary, 'webhookstash');
    const files = readdirSync(folder).toSorted();
    const kept = files.map((name) => readFileSync(join(folder, name), 'utf8'));
    assert.deepEqual(kept, [body, 'another']);
    for (const name of files) assert.match(name, /^\d{19}-\d+\.txt$/);
  });

  sample('captains-intent', async () => {
    const alexa = (applicationId: string, intent: object): Promise<Answer> => {
      const session = { sessionId: 'session-1', application: { applicationId } };
      const request = { type: 'IntentRequest', intent };
      return ask(`${server.door}/`, { json: { version: '1.0', session, request } });
    };
    const ours = 'amzn1.ask.skill.captains';
    const spoken = async (intent: object): Promise<string> => {
      const answer = await alexa(ours, intent);
      assert.equal(answer.status, 200, answer.text);
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      const { version, response } = JSON.parse(answer.text) as Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- what a test looks into
      assert.deepEqual([version, response.shouldEndSession], ['1.0', true]);
      return response.outputSpeech.text;
    };
    const all = 'I know 4 captains: Ahab, Nemo, Hook and Smollett.';
    assert.equal(await spoken({ name: 'CaptainsIntent' }), all);
    const slots = { Ship: { name: 'Ship', value: 'nautilus' } };
    const one = 'The captain of the Nautilus is Nemo.';
    assert.equal(await spoken({ name: 'CaptainsIntent', slots }), one);
    const stranger = await alexa('amzn1.ask.skill.other', { name: 'CaptainsIntent' });
    assert.equal(verdict(stranger), '401 unauthorized frontend');
    assert.equal(verdict(await alexa(ours, { name: 'MatesIntent' })), '404 no_route frontend');
  });

  sample(
    'api-key-protected',
    async () => {
      const unlock = (key: string): Promise<Answer> =>
        call('api-key-protected', '', { 'x-api-key': key });
      assert.match(
        (await unlock('opensesame')).text,
        /^Unlocked the function! [{]"scheme":"key","subject":"alice"/,
      );
      assert.equal(verdict(await unlock('guessed')), '401 unauthorized contract');
      assert.equal(verdict(await call('api-key-protected')), '401 unauthorized contract');
    },
    () => ['--props', join(dir, 'api-key-protected', 'props.dev.json')],
  );

  sample(
    'hubstats',
    async () => {
      const has = (name: string, count: number): string =>
        `The organisation or user ${name} has ${count} repositories on the Docker hub.\n`;
      assert.equal(await output('func_hubstats', 'alexellis2'), has('alexellis2', 99));
      assert.equal(await output('func_hubstats', 'library\n'), has('library', 128));
      const none = await call('func_hubstats', 'nobody-here');
      assert.equal(none.status, 500);
      assert.match(none.text, /no organisation or user nobody-here/);
      const bad = await call('func_hubstats', '../../etc');
      assert.match(bad.text, /Send the name/);
    },
    () => {
      const overlay = join(stage.dir, 'hub.json');
      const action = { target: "$['x-funcatron'].env", update: { HUB_URL: hubUrl() } };
      const info = { title: 'Our hub', version: '1' };
      writeFileSync(overlay, JSON.stringify({ overlay: '1.0.0', info, actions: [action] }));
      return ['--overlay', overlay, '--base-path', '/function/func_hubstats'];
    },
  );

  sample('resize', async () => {
    const convert = (args: string[], input?: Uint8Array): Buffer =>
      spawnSync('convert', args, { input: input ?? '' }).stdout;
    for (const kind of ['png', 'jpeg']) {
      const picture = convert(['-size', '64x48', 'xc:red', `${kind}:-`]);
      const headers = { 'content-type': `image/${kind}` };
      for (const [query, size] of [
        ['', '32x24'],
        ['?percent=25', '16x12'],
      ]) {
        const answer = await fetch(`${server.door}/function/resize${query}`, {
          method: 'POST',
          headers,
          body: new Uint8Array(picture),
        });
        assert.equal(answer.headers.get('content-type'), headers['content-type']);
        const resized = new Uint8Array(await answer.arrayBuffer());
        const told = spawnSync('identify', ['-format', '%m %wx%h', '-'], { input: resized });
        assert.equal(String(told.stdout), `${kind.toUpperCase()} ${size}`);
      }
    }
    const trick = await call('resize', 'push graphic-context\nimage over 0,0 0,0 "/etc/passwd"');
    assert.equal(trick.status, 500);
    assert.match(trick.text, /Send a picture/);
  });

  test('all of them are a stack', async () => {
    await funcatron('up', '-f', 'stack.yml', '--frontend', server.door);
    const listed = await ask(`${server.door}/system/functions`);
    const functions = JSON.parse(listed.text) as Record<string, string>[];
    const images = functions
      .map(({ image = '' }) => /^funcatron[/](.*):latest$/.exec(image)?.[1])
      .filter((name) => name !== undefined);
    assert.deepEqual(images.toSorted(), [...tried].toSorted());
    assert.equal(await output('wordcount', 'one'), '      0       1       3\n');
    if (whyMissing(...needs.hubstats!) === false)
      assert.match(await output('hubstats', 'library'), /library has 128/);
    assert.equal((await call('api-key-protected')).status, 503);
  });

  test('every folder is tried out', () => {
    const entries = readdirSync(dir, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    assert.deepEqual([...tried].toSorted(), folders.toSorted());
  });
});

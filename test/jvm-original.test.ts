/**
 * Uberjars as they were made for the first Funcatron, with a contract as its samples have: uploaded
 * and called by plain HTTP, as its scripts did.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { enable } from './fixture/bundle.ts';
import { ask, problemOf } from './fixture/client.ts';
import type { Answer, Request } from './fixture/client.ts';
import { whyNoJars } from './fixture/jar.ts';
import { makeOriginal, props } from './fixture/original.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

interface Accepted {
  accepted: true;
  type: string;
  host: null;
  route: string;
  swagger: { info: object; paths: object };
  sha: string;
  warnings: string[];
}

describe('original uberjars', { skip: whyNoJars() }, () => {
  const stage = new Stage();
  let jar: string;
  let server: Server;
  let accepted: Accepted;

  before(async () => {
    jar = await makeOriginal(stage.dir);
    server = await stage.serve();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = await readFile(jar);
    const answer = await ask(`${server.tron}/api/v1/add_func`, { method: 'POST', headers, body });
    assert.equal(answer.status, 200, answer.text);
    accepted = JSON.parse(answer.text) as Accepted;
    const enabled = await enable(server, { sha: accepted.sha, props });
    const msg = `Deployed Func bundle host:  basePath /sample/java sha ${accepted.sha}`;
    assert.deepEqual([enabled.status, JSON.parse(enabled.text)], [200, { success: true, msg }]);
  });
  after(() => stage.close());

  const call = (path: string, request?: Request): Promise<Answer> =>
    ask(`${server.door}/sample/java${path}`, request);

  async function json(path: string, request?: Request): Promise<Record<string, unknown>> {
    const answer = await call(path, request);
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text) as Record<string, unknown>;
  }

  /** Fails like a 500 that tells its caller no more than the words of the exception. */
  async function failing(path: string, request?: Request): Promise<string> {
    const answer = await call(path, request);
    const { code, detail } = problemOf(answer);
    assert.deepEqual([answer.status, code], [500, 'func_failed']);
    assert.doesNotMatch(answer.text, /\tat |\.java:\d|Caused by/);
    return detail;
  }

  test('an upload is answered as it was, and tells what was let pass', async () => {
    const { swagger, sha, warnings, ...rest } = accepted;
    assert.deepEqual(rest, { accepted: true, type: 'jar', host: null, route: '/sample/java' });
    assert.match(sha, /^[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(Object.keys(swagger.paths).slice(0, 2), ['/simple', '/simple/{num}']);
    assert.equal(warnings.length, 8);
    assert.match(warnings[0]!, /^funcatron\.yaml:\d+ .*#\/definitions\/Error leads nowhere/);
    assert.match(warnings[1]!, /operationId original\.SimpleGet is taken by GET \/simple/);
    const routes = JSON.parse((await ask(`${server.tron}/api/v1/routes`)).text) as object[];
    const route = { host: null, path: '/sample/java', queue: 'lyPwPnarP5wfYF4i', sha };
    assert.deepEqual(
      routes.map((one) => ({ ...one, ...route })),
      routes,
    );
    assert.equal(routes.length, 1);
    const known = JSON.parse((await ask(`${server.tron}/api/v1/known_funcs`)).text) as object;
    assert.deepEqual(known, { 'func-bundles': [{ sha, host: null, path: '/sample/java' }] });
    const url = `${server.tron}/api/v1/bundle/${encodeURIComponent(sha)}`;
    assert.equal((await ask(url)).headers['content-length'], `${(await readFile(jar)).length}`);
  });

  test('samples answer as they did', async () => {
    const simple = await json('/simple?cool=yes&cool=no&x=1');
    assert.ok(String(simple['time']).length > 5);
    assert.deepEqual(simple['query-params'], { cool: ['yes', 'no'], x: '1' });
    const changed = await json('/change/3', { json: { name: 'David', age: 33 } });
    assert.deepEqual(
      (changed as unknown as { age: number }[]).map(({ age }) => age),
      [34, 35, 36],
    );
    assert.deepEqual(await json('/change/45', { method: 'DELETE' }), { name: 'Deleted', age: 45 });
    assert.match(await failing('/change/45'), /secret words of get/);
    const wrong = await call('/change/many', { method: 'DELETE' });
    assert.deepEqual([wrong.status, problemOf(wrong).code], [400, 'bad_parameter']);
    const bare = await call('/change/1', { json: { name: 'no age' } });
    assert.deepEqual([bare.status, problemOf(bare).code], [400, 'bad_body']);
    assert.equal((await call('/nothing')).status, 404);
  });

  test('operations of one operationId are told apart', async () => {
    assert.deepEqual(
      [await json('/simple'), await json('/simple/7')].map((one) => [
        one['operation'],
        one['numero'],
      ]),
      [
        ['/simple', 42],
        ['/simple/{num}', 7],
      ],
    );
    const name = await ask(`${server.door}/async-function/original.SimpleGet`, { method: 'POST' });
    assert.match(problemOf(name).detail, /\(GET \/simple\), .*\(GET \/simple\/\{num\}\)/);
    const tron = ['--tron', server.tron, '--frontend', server.door];
    const several = await stage.run('invoke', 'original.SimpleGet', ...tron);
    assert.match(several.err, /"GET \/simple", "GET \/simple\/\{num\}"; name one of them instead/);
    const one = await stage.run('invoke', 'GET /simple/{num}', '--param', 'num=8', ...tron);
    assert.equal((JSON.parse(one.out) as { numero: number }).numero, 8);
  });

  test('the request map has what it had, and what it promised', async () => {
    const path = '/told/5/2020-01-02?ratio=1.5&exact=2.5&tags=a&tags=b&sure=true';
    const body = '{"big": 9007199254740993}';
    const headers = { 'content-type': 'application/json', 'x-level': '3', host: 'Api.Example:80' };
    const told = await json(path, { body, headers });
    const typed = {
      path: { id: 'Integer 5', when: 'LocalDate 2020-01-02' },
      query: {
        ...{ ratio: 'Float 1.5', exact: 'Double 2.5', sure: 'Boolean true', tags: ['a', 'b'] },
        ...{ absent: null, 'absent-list': [] },
      },
      header: { 'x-level': 'Long 3' },
      body: { told: { big: 'Long 9007199254740993' } },
    };
    assert.deepEqual(told['parameters'], typed);
    assert.deepEqual(told['merged'], { ...typed.query, ...typed.path });
    const raw = { ratio: '1.5', exact: '2.5', tags: ['a', 'b'], sure: 'true' };
    for (const key of ['query-params', 'params']) assert.deepEqual(told[key], raw);
    for (const key of ['form-params', 'multipart-params']) assert.deepEqual(told[key], {});
    const { 'request-method': method, uri, scheme, protocol } = told;
    const line = [method, uri, scheme, protocol, told['query-string'], told['remote-addr']];
    const [uriSent, query] = path.split('?');
    assert.deepEqual(line, [
      'post',
      `/sample/java${uriSent}`,
      'http',
      'HTTP/1.1',
      query,
      '127.0.0.1',
    ]);
    assert.deepEqual([told['body'], told['body-bytes']], ['InputStream', `byte[] ${body}`]);
    assert.equal(told['the argument'], `byte[] ${body}`);
    assert.deepEqual([told['$logger'], told['server-port']], ['Logger', null]);
    for (const key of ['host', 'server-name', 'the host']) assert.equal(told[key], 'api.example');
    assert.equal(told['the content type'], 'application/json');
    const { headers: seen, swagger } = told as Record<string, Record<string, unknown>>;
    assert.deepEqual([seen!['content-type'], seen!['x-level']], ['application/json', '3']);
    assert.deepEqual(Object.keys(swagger!).toSorted(), ['context', 'key', 'request']);
    assert.deepEqual(told['the props'], {
      mainLedger: { type: 'ledger', isSmall: true },
      'jdbc.url': 'jdbc:none',
      someProp: { inNer: [{ aB: 1 }] },
    });
  });

  test('bodies are read into what the Func takes', async () => {
    assert.deepEqual(await json('/starter'), { name: 'Nobody', age: 0 });
    const older = { name: 'David', age: 53 };
    assert.deepEqual(await json('/starter', { json: { name: 'David', age: 52 } }), older);
    const quoted = {
      body: "{'name':'David','age':52}",
      headers: { 'content-type': 'application/json' },
    };
    assert.deepEqual(await json('/starter', quoted), older);
    const more = { json: { name: 'David', age: 52, more: 1 } };
    assert.match(await failing('/starter', more), /Unrecognized field "more"/);
    assert.equal((await call('/typed/text', { json: 'a' })).text, '"a!"');
    const plain = { body: 'raw text', headers: { 'content-type': 'text/plain' } };
    assert.match(await failing('/typed/text', plain), /Unrecognized token 'raw'/);
    assert.equal((await call('/typed/map', { json: { b: 1, a: [2] } })).text, '{"a":[2],"b":1}');
    assert.equal((await call('/typed/stream', plain)).text, 'raw text');
    const xml = await call('/typed/xml', {
      body: '<a/>',
      headers: { 'content-type': 'application/xml' },
    });
    assert.equal(xml.headers['content-type'], 'text/xml');
    assert.match(xml.text, /<a seen="yes"\/>/);
    const own = await call('/typed/own', { body: '12345' });
    assert.deepEqual([own.status, own.text, own.headers['x-own']], [202, '<10>', 'yes']);
    assert.equal(own.headers['content-type'], 'text/angular');
    const none = await call('/typed/none', { method: 'POST' });
    const type = none.headers['content-type'];
    assert.deepEqual([none.status, none.text, type], [200, '', 'application/json']);
  });

  test('a MetaResponse has its own type, and streams what is large', async () => {
    const small = await call('/meta/small');
    const { 'content-type': type, 'x-meta': header } = small.headers;
    assert.deepEqual([small.status, small.text, type, header], [203, 'a,b\n', 'text/csv', 'yes']);
    const large = await call('/meta/large');
    assert.deepEqual(
      [large.text.length, large.headers['transfer-encoding']],
      [3_000_000, 'chunked'],
    );
  });

  test('result maps of a dispatcher are taken as they are', async () => {
    const shown = async (kind: string) => {
      const { status, text, headers } = await call(`/custom/${kind}`);
      return [status, headers['content-type'], text];
    };
    assert.deepEqual(await shown('bytes'), [200, 'application/octet-stream', 'hi']);
    assert.deepEqual(await shown('text'), [200, 'text/plain; charset=utf-8', 'hi']);
    assert.deepEqual(await shown('stream'), [200, 'application/octet-stream', 'hi']);
    assert.deepEqual(await shown('object'), [200, 'application/json', '{"hi":[1,2]}']);
    assert.deepEqual(await shown('status'), [204, undefined, '']);
    const { headers } = await call('/custom/headers');
    assert.deepEqual([headers['set-cookie'], headers['x-n']], [['a=1', 'b=2'], '7']);
    assert.match(await failing('/custom/other'), /java\.lang\.Error: no such kind/);
  });

  test('middleware, services and class loaders of providers are at work', async () => {
    const { headers } = await call('/simple');
    assert.equal(headers['x-around'], 'Inside, Around', 'the highest order is nearest to the Func');
    assert.equal((await call('/custom/layer')).text, 'original.Data');
    const before = (await json('/vended')) as unknown as string[];
    assert.match(await failing('/vended?fail=true'), /no more ink/);
    const now = (await json('/vended')) as unknown as string[];
    assert.deepEqual(now.slice(before.length), ['mainLedger! true', 'mainLedger! false']);
  });

  test('log lines have the commit and the request', async () => {
    const { headers } = await call('/simple');
    const id = String(headers['x-request-id']);
    const line = `[original.SimpleGet:GIT:0123abcd&REQ:${id}] - In Java uri /sample/java/simple`;
    await server.line(({ msg }) => msg === line);
    const logs = await stage.run('logs', '--tron', server.tron);
    assert.ok(logs.out.includes(line), logs.out);
  });

  test('a bundle is told of its end, when another takes its place and when it is disabled', async () => {
    const ends = () => server.lines.filter(({ msg }) => msg.endsWith('the layer is gone')).length;
    const second = await makeOriginal(stage.dir, { 'second.txt': 'two' });
    const headers = { 'content-type': 'application/octet-stream' };
    const request = { method: 'POST', headers, body: await readFile(second) };
    const { sha } = JSON.parse(
      (await ask(`${server.tron}/api/v1/add_func`, request)).text,
    ) as Accepted;
    assert.equal(
      (await enable(server, { sha, props: { 'main-ledger': { type: 'ledger' } } })).status,
      200,
    );
    await until(() => ends() === 1);
    assert.deepEqual(await json('/vended'), [], 'static fields are of one bundle');
    const disabled = await ask(`${server.tron}/api/v1/disable`, { json: { sha } });
    assert.match(
      disabled.text,
      /"success": true,\s+"msg": "Deployed Func bundle host: {2}basePath/,
    );
    await until(() => ends() === 2);
    const closed = server.lines.filter(({ msg }) =>
      msg.includes('the ledger mainLedger is closed'),
    );
    assert.equal(closed.length, 2);
    assert.equal((await call('/simple')).status, 404);
    assert.equal((await enable(server, { sha: accepted.sha, props })).status, 200);
    assert.ok((await json('/simple'))['time'], 'enabled again');
  });

  test('check and upload tell what is let pass, and go on', async () => {
    const checked = await stage.run('check', jar);
    assert.equal(checked.code, 0, checked.err);
    assert.match(checked.err, /warning: funcatron\.yaml:\d+ .*Error leads nowhere/);
    assert.match(checked.err, /nothing keeps it from being served/);
    const told = JSON.parse((await stage.run('check', jar, '--json')).out) as {
      warnings: object[];
    };
    assert.equal(told.warnings.length, 8);
  });
});

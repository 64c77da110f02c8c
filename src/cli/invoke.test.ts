import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPlace } from './fixture/place.ts';
import type { Place } from './fixture/place.ts';
import { createProject, helloCode, jsProject } from './fixture/project.ts';
import { freePort } from './fixture/port.ts';

const contract = `
openapi: 3.1.0
info: { title: echo, version: 1.0.0 }
servers: [{ url: /echo }]
x-funcatron: { handler: dist/main.js }
paths:
  /at/{place}:
    get:
      operationId: where
      parameters:
        - { name: place, in: path, required: true, schema: { type: string } }
        - { name: tag, in: query, schema: { type: array, items: { type: string } } }
      responses: { '200': { description: fine } }
  /body:
    post:
      operationId: take
      requestBody: { required: true, content: { '*/*': {} } }
      responses: { '200': { description: fine } }
  /bytes:
    get:
      operationId: bytes
      responses: { '200': { description: fine } }
  /fail:
    get:
      operationId: fail
      responses: { '200': { description: fine } }
`;

const code = `
exports.where = (_, { params, headers }) => ({ params, host: headers.host, tag: headers['x-tag'] });
exports.take = (data, { headers }) => ({
  type: headers['content-type'],
  text: data instanceof Uint8Array ? Buffer.from(data).toString('hex') : data,
});
exports.bytes = () => new Uint8Array([0, 255, 10, 128]);
exports.fail = () => { throw new Error('on purpose'); };
`;

let place: Place;
before(async () => {
  place = await openPlace();
  const echo = createProject({ 'funcatron.yaml': contract, 'dist/main.js': code });
  const { code: exit, said } = await place.run(['deploy', echo.dir, '--host', 'echo.example']);
  echo.close();
  assert.equal(exit, 0, said);
});
after(() => place.close());

test('fills in path and query, sends headers, and asks for the host the bundle is bound to', async () => {
  const { code: exit, output } = await place.run([
    'invoke',
    'where',
    ...['--param', 'place=a b/c', '--param', 'tag=x', '--param', 'tag=y=z'],
    ...['--header', 'X-Tag: one: two'],
  ]);
  assert.equal(exit, 0);
  const { params, host, tag } = JSON.parse(output);
  assert.equal(params.path.place, 'a b/c');
  assert.deepEqual(params.query.tag, ['x', 'y=z']);
  assert.equal(host, 'echo.example');
  assert.equal(tag, 'one: two');
});

test('sends a body: JSON as such, text as such, a file or standard input as its bytes', async () => {
  const take = async (given: string, more: string[] = [], input = Buffer.of()) => {
    const argv = ['invoke', 'take', '--data', given, ...more];
    const { output, said } = await place.run(argv, { read: async () => input });
    assert.equal(said, '');
    return JSON.parse(output);
  };
  assert.equal((await take('{"a":1}')).type, 'application/json');
  assert.equal((await take('plain text')).type, 'text/plain');
  const binary = ['--header', 'content-type: application/octet-stream'];
  assert.equal((await take('-', binary, Buffer.of(0, 255, 128))).text, '00ff80');
  const files = createProject({ 'body.txt': 'from a file' });
  const said = await take(`@${files.dir}/body.txt`, binary);
  files.close();
  assert.equal(Buffer.from(said.text, 'hex').toString(), 'from a file');
});

test('writes the body as it is, or all of the answer as JSON', async () => {
  const written: Uint8Array[] = [];
  const write = (bytes: Uint8Array): void => void written.push(bytes);
  const { output } = await place.run(['invoke', 'bytes'], { write });
  assert.equal(output, '');
  assert.deepEqual([...Buffer.concat(written)], [0, 255, 10, 128]);
  const { status, headers } = JSON.parse((await place.run(['invoke', 'bytes', '--json'])).output);
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'application/octet-stream');
});

test('an answer that is an error: its body, and exit code 1', async () => {
  const { code: exit, output, said } = await place.run(['invoke', 'fail']);
  assert.equal(exit, 1);
  assert.equal(JSON.parse(output).code, 'func_failed');
  assert.match(said, /call_refused: GET .* answered 500/);
});

test('says what it cannot find or needs', async () => {
  const other = jsProject(
    { title: 'other', base: '/other', paths: { '/fail': 'fail' } },
    helloCode('').replace('hello', 'fail'),
  );
  await place.run(['deploy', other.dir]);
  other.close();
  for (const [argv, part] of [
    [['nothing'], /no enabled bundle has an operation "nothing"; there are where, take/],
    [['fail'], /several bundles have "fail": .*echo \(.*other \(.*--bundle/],
    [['fail', '--bundle', 'third'], /no enabled bundle "third"/],
    [['where'], /--param is missing for \{place\}.*--param place=VALUE/],
    [['where', '--param', 'place'], /--param "place": must be NAME=VALUE/],
    [['where', '--param', 'place=1', '--header', 'x'], /--header "x": must be NAME:VALUE/],
    [['take', '--data', '@/no/such/file'], /--data @\/no\/such\/file: ENOENT/],
    [['bytes', '--frontend', 'x'], /--frontend "x": must be a URL/],
  ] as const) {
    const { code: exit, said } = await place.run(['invoke', ...argv]);
    assert.equal(exit, 2, said);
    assert.match(said, part);
  }
  assert.equal((await place.run(['invoke', 'fail', '--bundle', 'other'])).code, 0);
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const { code: exit, said } = await place.run(['invoke', 'bytes', '--frontend', nowhere]);
  assert.equal(exit, 1);
  assert.match(said, /unreachable: no frontend answers at .*--frontend/);
});

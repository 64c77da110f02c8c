import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { empty } from '../message.ts';
import type { CallHead } from '../message.ts';
import { plainType } from './plain-type.ts';
import { callVariables, goName } from './process-variable.ts';
import type { WorkerCall } from './runtime.ts';

function call(head: Partial<CallHead> = {}, over: Partial<WorkerCall> = {}): WorkerCall {
  return {
    operationId: 'op',
    kind: 'none',
    body: empty,
    head: {
      v: 1,
      action: 'call',
      id: 'id',
      method: 'GET',
      scheme: 'http',
      host: 'host',
      path: '/p',
      query: '',
      headers: {},
      remote: '127.0.0.1',
      deadline: 1234,
      ...head,
    },
    ...over,
  };
}

test('names are as Go writes them', () => {
  const names = {
    'x-github-event': 'X_Github_Event',
    'X-GitHub-Event': 'X_Github_Event',
    'content-type': 'Content_Type',
    etag: 'Etag',
    'x-3d-id': 'X_3d_Id',
    x_foo: 'X_foo',
  };
  for (const [name, wanted] of Object.entries(names)) assert.equal(goName(name), wanted);
});

test('the variables of a call', () => {
  const head = {
    method: 'POST',
    path: '/base/a%20b',
    query: 'a=%20&b',
    headers: { host: 'h:8080', 'content-type': 'text/plain', accept: ['a', 'b'] },
    auth: { scheme: 'key', subject: 'alice' },
    params: {
      path: { petId: 5 },
      query: { 'page-size': [1, 2], flag: false, none: null },
      header: { 'X-Name': 'ü' },
      cookie: { absent: undefined },
    },
  };
  assert.deepEqual(callVariables(call(head, { body: Buffer.from('12345') })), {
    Http_Method: 'POST',
    Http_Path: '/base/a b',
    Http_Query: 'a=%20&b',
    Http_Host: 'h:8080',
    Http_ContentLength: '5',
    Http_Content_Length: '5',
    Http_Content_Type: 'text/plain',
    Http_Accept: 'a',
    FUNCATRON_REQUEST_ID: 'id',
    FUNCATRON_OPERATION: 'op',
    FUNCATRON_DEADLINE: '1234',
    FUNCATRON_AUTH: '{"scheme":"key","subject":"alice"}',
    FUNCATRON_PARAM_PATH_PETID: '5',
    FUNCATRON_PARAM_QUERY_PAGE_SIZE: '[1,2]',
    FUNCATRON_PARAM_QUERY_FLAG: 'false',
    FUNCATRON_PARAM_QUERY_NONE: 'null',
    FUNCATRON_PARAM_HEADER_X_NAME: 'ü',
  });
});

test('what is empty is left out; a length nobody knows is -1', () => {
  const body = (async function* () {})();
  const variables = callVariables(call({ path: '', host: '' }, { body }));
  assert.equal(variables['Http_ContentLength'], '-1');
  for (const name of ['Http_Path', 'Http_Query', 'Http_Host', 'Http_Transfer_Encoding'])
    assert.ok(!(name in variables), name);
  const headers = { 'content-length': '7', 'transfer-encoding': 'chunked' };
  const known = callVariables(call({ headers }, { body }));
  assert.equal(known['Http_ContentLength'], '7');
  assert.equal(known['Http_Transfer_Encoding'], 'chunked');
});

test('no header passes for a fact of the call, nor for another header', () => {
  const headers = { query: 'evil', path: '/evil', method: 'EVIL', contentlength: '9', host: 'h' };
  const variables = callVariables(call({ headers, path: '' }));
  assert.ok(!('Http_Query' in variables) && !('Http_Path' in variables));
  assert.equal(variables['Http_Method'], 'GET');
  assert.equal(variables['Http_ContentLength'], '0');
  const both = callVariables(call({ headers: { 'x-user': 'real', x_user: 'forged' } }));
  assert.equal(both['Http_X_User'], 'real');
  assert.equal(both['Http_X_user'], 'forged');
});

test('bytes of UTF-8 in a header and a path reach the program as they were', () => {
  const utf8 = Buffer.from('grüße').toString('latin1');
  const headers = { a: utf8, b: 'gr\xfc\xdfe', c: '世' };
  const variables = callVariables(call({ headers, path: '/gr%C3%BC' }));
  assert.equal(variables['Http_A'], 'grüße');
  assert.equal(variables['Http_B'], 'grüße');
  assert.equal(variables['Http_C'], '世');
  assert.equal(variables['Http_Path'], '/grü');
  assert.equal(callVariables(call({ path: '/%ff%00' }))['Http_Path'], '/%ff%00');
  assert.equal(callVariables(call({ path: '/%00' }))['Http_Path'], '/%00');
});

test('a NUL byte is refused, never dropped', () => {
  const params = { path: {}, query: { name: 'a\0b' }, header: {}, cookie: {} };
  assert.throws(() => callVariables(call({ params })), {
    code: 'bad_parameter',
    status: 400,
    message: /query parameter "name"/,
  });
  const list = { ...params, query: { list: ['\0'] } };
  assert.equal(callVariables(call({ params: list }))['FUNCATRON_PARAM_QUERY_LIST'], '["\\u0000"]');
  const headers = { 'x-evil': 'a\0b' };
  assert.throws(() => callVariables(call({ headers })), { code: 'bad_request', message: /X_Evil/ });
});

test('whatever the headers, the facts stand and every variable can be set', () => {
  const facts = callVariables(call({ query: 'q' }));
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (headers) => {
      let variables: Record<string, string>;
      try {
        variables = callVariables(call({ query: 'q', headers }));
      } catch (error) {
        assert.equal((error as { code: string }).code, 'bad_request');
        return;
      }
      for (const [name, value] of Object.entries(facts))
        if (!/^Http_Content|^Http_Host/.test(name)) assert.equal(variables[name], value, name);
      for (const [name, value] of Object.entries(variables))
        assert.ok(!/[=\0]/.test(name) && !value.includes('\0'));
    }),
  );
});

test('undeclared output is text if it is UTF-8 without NUL', () => {
  const text = 'text/plain; charset=utf-8';
  const octets = 'application/octet-stream';
  assert.equal(plainType(Buffer.from('grüße 🎈')), text);
  assert.equal(plainType(Buffer.from([0xff, 0xfe])), octets);
  assert.equal(plainType(Buffer.from('a\0b')), octets);
  const cut = Buffer.from('grüße 🎈').subarray(0, -1);
  assert.equal(plainType(cut), octets);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), (string, at) => {
      const bytes = Buffer.from(string.replaceAll('\0', ''));
      assert.equal(plainType(bytes.subarray(0, at % (bytes.length + 1)), true), text);
    }),
  );
});

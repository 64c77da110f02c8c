/**
 * Serves the handler of an OpenFaaS function for Node: `function/handler.js` exports
 * `async (event, context)`, with the event and context that OpenFaaS's template gives it. The
 * platform starts this and says in PORT where it listens.
 */
import { createServer } from 'node:http';

const loaded = await import('./function/handler.js');
const handler = [loaded.default, loaded.handler, loaded.default?.handler].find(
  (one) => typeof one === 'function',
);
if (!handler)
  throw new Error(
    'function/handler.js exports no function: module.exports = async (event, context) => ...',
  );

class Context {
  #done;
  statusCode = 200;
  headerValues = {};
  cbCalled = 0;

  constructor(done) {
    this.#done = done;
  }

  status(code) {
    if (code === undefined) return this.statusCode;
    this.statusCode = code;
    return this;
  }

  headers(values) {
    if (values === undefined) return this.headerValues;
    this.headerValues = values;
    return this;
  }

  succeed(value) {
    this.cbCalled++;
    this.#done(undefined, value);
    return value;
  }

  fail(error) {
    this.cbCalled++;
    this.#done(error ?? new Error('failed'));
  }
}

const isPlain = (value) =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { promise, resolve, reject } = Promise.withResolvers();
  // Before that, what fails is the request's JSON.
  let isCalled = false;
  const context = new Context((error, value) => (error ? reject(error) : resolve(value)));
  try {
    const event = eventOf(request, Buffer.concat(chunks));
    isCalled = true;
    const done = (error, value) => (error ? context.fail(error) : context.succeed(value));
    void Promise.resolve(handler(event, context, done)).then(
      (value) => {
        // A handler with a callback returns nothing, and answers later.
        if (context.cbCalled === 0 && (value !== undefined || handler.length < 3)) resolve(value);
      },
      (error) => reject(error),
    );
    answer(response, context, await promise);
  } catch (error) {
    console.error(error);
    if (context.statusCode === 200)
      context.status(error instanceof SyntaxError && !isCalled ? 400 : 500);
    const text = error instanceof Error ? error.toString() : error;
    answer(response, context, text);
  }
}).listen(Number(process.env.PORT), '127.0.0.1');

function eventOf(request, bytes) {
  const url = new URL(request.url, 'http://function');
  const query = {};
  for (const [name, value] of url.searchParams)
    query[name] = name in query ? [query[name], value].flat() : value;
  const { headers, method } = request;
  return {
    body: bodyOf(headers['content-type'] ?? '', bytes),
    headers,
    method,
    query,
    path: url.pathname,
  };
}

function bodyOf(type, bytes) {
  if (process.env.RAW_BODY === 'true') return bytes;
  if (bytes.length === 0) return {};
  if (/^application\/([\w.-]+\+)?json/i.test(type)) return JSON.parse(bytes.toString());
  if (/^application\/x-www-form-urlencoded/i.test(type))
    return Object.fromEntries(new URLSearchParams(bytes.toString()));
  return /^text\//i.test(type) ? bytes.toString() : bytes;
}

function answer(response, context, value) {
  const isJson = isPlain(value) || Array.isArray(value);
  const body = isJson
    ? JSON.stringify(value)
    : value instanceof Uint8Array
      ? value
      : String(value ?? '');
  const type = isJson ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8';
  const names = Object.keys(context.headers()).map((name) => name.toLowerCase());
  if (!names.includes('content-type')) response.setHeader('content-type', type);
  for (const [name, said] of Object.entries(context.headers())) response.setHeader(name, said);
  response.statusCode = context.status();
  response.end(body);
}

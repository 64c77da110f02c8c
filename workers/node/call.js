/** One call: from the arguments of its Func to the frames of its answer. */
import { Log, stackOf } from './output.js';
import { decode, toAnswer } from './value.js';
import { bodyBytesMax, type } from './wire.js';

const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
/** What streams need is loaded with the first of them, at once: its frames follow. */
const streams = () => require('./stream.js');

const empty = new Uint8Array(0);
/** Above this, text becomes bytes before it is sent, so that the batch stays small. */
const textLengthMax = 16 * 1024;
/** A stream that has not begun by then has its head sent without a chunk. */
const openAfterMs = 50;
const codes = new Set(['func_bad_result', 'func_missing', 'func_exited', 'malformed_body']);

export class Call {
  session;
  stream;
  head;
  answered = false;
  cancelled = false;
  /** @type {import('./stream.js').Inbound | undefined} The request body, while it comes. */
  inbound;
  /** @type {import('./stream.js').Outbound | undefined} The response body, while it goes. */
  outbound;
  #iterator;
  #controller;
  #services;

  /**
   * @param {import('./main.js').Session} session
   * @param {number} stream
   * @param {Record<string, any>} head
   */
  constructor(session, stream, head) {
    this.session = session;
    this.stream = stream;
    this.head = head;
  }

  get signal() {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.cancelled) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  get services() {
    return (this.#services ??= this.session.services?.forCall())?.view ?? {};
  }

  /** Takes a call whose body still comes, of which `first` is there. */
  receive(func, first) {
    const { Inbound, collect } = streams();
    const inbound = (this.inbound = new Inbound(this.session.writer, this.stream));
    if (first.length > 0) inbound.push(first);
    const { kind, stream } = this.head;
    if (stream) return this.run(func, inbound);
    collect(inbound)
      .then((bytes) => decode(kind, bytes))
      .then(
        (data) => this.run(func, data),
        (error) => this.fail(error),
      );
  }

  /** Runs a Func that takes bodies as streams with one that is whole. */
  runWhole(func, body) {
    this.receive(func, body);
    this.inbound.end();
  }

  /** @param {import('./bundle.js').Func} func */
  run(func, data) {
    this.session.output.calls.run(this, begin, this, func, data);
  }

  /** Takes what the Func returned, or what its promise resolved to. */
  settle(value) {
    let answer;
    try {
      answer = toAnswer(value);
    } catch (error) {
      return this.fail(error);
    }
    const { head, body, brief } = answer;
    if (typeof body === 'string' || body instanceof Uint8Array) this.#finish(head, body);
    else if (brief) void this.#sendBrief(head, streams().iterate(body));
    else void this.#pump(head, streams().iterate(body));
  }

  /** Nobody waits any more. */
  cancel(reason) {
    if (this.cancelled) return;
    this.cancelled = true;
    const text = reason === 'deadline' ? 'the deadline has passed' : 'the caller went away';
    const name = reason === 'deadline' ? 'TimeoutError' : 'AbortError';
    // Who listens runs here and now, and speaks for the call all the same.
    this.session.output.calls.run(this, () =>
      this.#controller?.abort(new DOMException(text, name)),
    );
    this.inbound?.break(new Error(`the request body broke off: ${text}`));
    this.#stop();
  }

  /** Fails the call with what its Func threw. */
  fail(error) {
    if (!this.#services) return this.#failed(error);
    this.#services.rollback().then((failures) => {
      for (const failure of failures)
        this.session.output.line('error', `rollback failed: ${stackOf(failure)}`, undefined, this);
      this.#failed(error);
    });
  }

  #failed(error) {
    const { status } = error ?? {};
    const failure = { message: String(error?.message ?? error), name: error?.name };
    if (codes.has(error?.code)) failure.code = error.code;
    else failure.stack = stackOf(error);
    if (Number.isInteger(status) && status >= 400 && status <= 599) failure.status = status;
    this.#end(type.fail, JSON.stringify(failure));
  }

  /** Commits what the Func began, then answers. */
  #finish(head, body) {
    if (!this.#services) return this.#answer(head, body);
    this.#services.commit().then(
      () => this.#answer(head, body),
      (error) => this.fail(error),
    );
  }

  #answer(head, body) {
    const { writer } = this.session;
    if (typeof body === 'string' && body.length <= textLengthMax) {
      this.#over();
      return writer.sendReply(this.stream, head, body);
    }
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (bytes.length > bodyBytesMax) return void this.#pump(head, [bytes].values());
    this.#over();
    writer.send(type.reply, this.stream, head, bytes, true);
  }

  /** Sends a stream that may well be whole already as the one piece it then is. */
  async #sendBrief(head, iterator) {
    const { rejoin, whatIsThere } = streams();
    try {
      const { chunks, next } = await whatIsThere(iterator);
      if (next) await this.#pump(head, rejoin(chunks, next, iterator));
      else this.#finish(head, Buffer.concat(chunks));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Sends a body in chunks, as its reader takes them. */
  async #pump(head, iterator) {
    const { writer } = this.session;
    const { Outbound, chunkOf } = streams();
    const outbound = (this.outbound = new Outbound(writer, this.stream));
    this.#iterator = iterator;
    if (this.cancelled) this.#stop();
    let opened = false;
    const open = () => {
      if (opened || this.answered) return;
      opened = true;
      writer.send(type.replyOpen, this.stream, head, empty, true);
    };
    const opener = setTimeout(open, openAfterMs);
    try {
      for (;;) {
        const { done, value } = await iterator.next();
        if (outbound.stopped) return this.fail(new Error('nobody reads the answer any more'));
        if (done) break;
        open();
        await outbound.send(chunkOf(value));
      }
      await this.#services?.commit();
      open();
      this.#end(type.end);
    } catch (error) {
      this.#stop();
      this.fail(error);
    } finally {
      clearTimeout(opener);
    }
  }

  /** Ends the answer's stream; the Func's side of it cleans up. */
  #stop() {
    this.outbound?.stop();
    const closed = this.#iterator?.return?.();
    closed?.catch?.((error) => this.session.output.line('warn', error, undefined, this));
  }

  #end(frame, text) {
    if (this.answered) return;
    this.#over();
    this.session.writer.send(frame, this.stream, text);
  }

  #over() {
    this.answered = true;
    this.session.over(this);
  }
}

/** `ctx`: what a Func is told of its call. What costs anything is made when it is asked for. */
class Context {
  #call;
  #log;

  /** @param {Call} call */
  constructor(call) {
    const { head } = call;
    this.#call = call;
    this.requestId = head.id;
    this.method = head.method;
    this.path = head.path;
    this.params = head.params;
    this.headers = head.headers;
    this.auth = head.auth;
  }

  get operationId() {
    return this.#call.head.op;
  }

  get scheme() {
    return this.#call.head.scheme;
  }

  get host() {
    return this.#call.head.host;
  }

  /** The raw query, without its question mark. */
  get query() {
    return this.#call.head.query;
  }

  /** Address of the client. */
  get remote() {
    return this.#call.head.remote;
  }

  get props() {
    return this.#call.session.assignment.props;
  }

  get bundle() {
    return this.#call.session.bundle;
  }

  get log() {
    return (this.#log ??= new Log(this.#call.session.output, this.#call));
  }

  /** Aborts when the deadline passes or the caller goes away. */
  get signal() {
    return this.#call.signal;
  }

  /** Services by the key of their props; transactions begin when they are first asked for. */
  get services() {
    return this.#call.services;
  }
}

/** Runs within the call's async context, so that what it logs is known to be the call's. */
function begin(call, func, data) {
  let result;
  try {
    result = func(data, new Context(call));
  } catch (error) {
    return call.fail(error);
  }
  if (typeof result?.then !== 'function') return call.settle(result);
  Promise.resolve(result).then(
    (value) => call.settle(value),
    (error) => call.fail(error),
  );
}

/**
 * A node worker: connects to the socket its runner listens on, says hello, loads one bundle and
 * runs its Funcs, as docs/worker-protocol.md describes. It has few modules, and few of node's,
 * because each costs a cold call half a millisecond.
 */
import { connect } from 'node:net';
import { loadBundle } from './bundle.js';
import { Call } from './call.js';
import { Output, stackOf } from './output.js';
import { decode } from './value.js';
import { FrameReader, FrameWriter, splitHead, type } from './wire.js';

/** How long the last frames may take to leave before the process ends all the same. */
const flushMs = 1000;

/** Says hello, then serves what the runner asks for. @param {import('node:net').Socket} socket */
function serve(socket) {
  const session = new Session(socket);
  const facts = { protocol: 1, runtime: 'node', version: process.versions.node, pid: process.pid };
  session.writer.send(type.hello, 0, JSON.stringify(facts));
  // Sooner than by itself: the modules are loaded, and the runner waits.
  session.writer.flush();
  const reader = new FrameReader((frame, stream, payload) => session.on(frame, stream, payload));
  socket.on('data', (chunk) => reader.push(chunk));
  socket.on('error', () => process.exit(1));
  // Without a runner there is nobody to work for.
  socket.on('close', () => process.exit(session.draining ? 0 : 1));
  process.on('exit', () => session.writer.flush());
  process.on('uncaughtException', (error) => session.crash(error));
  process.on('unhandledRejection', (error) => session.crash(error));
}

/** The bundle this worker serves and the calls in hand. */
class Session {
  writer;
  output;
  /** @type {Record<string, any>} */
  assignment;
  /** What ctx.bundle is. */
  bundle;
  /** @type {import('./service.js').Services | undefined} */
  services;
  draining = false;
  #ending = false;
  #socket;
  #funcs = new Map();
  #mends = new Map();
  /** @type {Map<number, Call>} */
  #calls = new Map();

  constructor(socket) {
    this.#socket = socket;
    this.writer = new FrameWriter(socket);
    this.output = new Output(this.writer);
  }

  on(frame, stream, payload) {
    switch (frame) {
      case type.call:
        return this.#call(stream, payload, false);
      case type.callOpen:
        return this.#call(stream, payload, true);
      case type.data:
        return this.#calls.get(stream)?.inbound?.push(payload);
      case type.end:
        return this.#calls.get(stream)?.inbound?.end();
      case type.window:
        return this.#calls.get(stream)?.outbound?.grant(payload.readUInt32BE());
      case type.cancel:
        return this.#calls.get(stream)?.cancel(JSON.parse(payload.toString()).reason);
      case type.ping:
        return this.writer.send(type.pong, 0, undefined, payload);
      case type.assign:
        return void this.#assign(JSON.parse(payload.toString()));
      case type.drain:
        this.draining = true;
        return this.#endWhenIdle();
      default:
        throw new Error(`the runner sent a frame of unknown type ${frame}`);
    }
  }

  /** A call is over: its answer is on its way. */
  over(call) {
    if (this.output.hasPartial) this.output.flush();
    this.#calls.delete(call.stream);
    if (this.draining) this.#endWhenIdle();
  }

  /** What nobody caught may have left anything half done: fails the calls in hand and ends. */
  crash(error) {
    const text = `nobody caught this, so the worker ends: ${stackOf(error)}`;
    this.output.line('error', text);
    const failure = new Error('the worker ended: an error in the background was not caught');
    failure.code = 'func_exited';
    for (const call of this.#calls.values()) call.fail(failure);
    this.#exit(1);
  }

  async #assign(assignment) {
    const { props, env, dir, name, sha, version } = assignment;
    this.assignment = assignment;
    this.bundle = { name, sha, version };
    Object.assign(process.env, env);
    this.output.capture();
    process.setSourceMapsEnabled(true);
    try {
      process.chdir(dir);
      const { funcs, missing, services } = await loadBundle(assignment);
      this.#funcs = funcs;
      this.#mends = new Map(missing.map(({ operationId, mend }) => [operationId, mend]));
      if (services) {
        const { Services } = await import('./service.js');
        this.services = await Services.open(services, props, this.output);
      }
      this.writer.send(type.assigned, 0, JSON.stringify({ missing }));
    } catch (error) {
      const message = String(error?.message ?? error);
      this.writer.send(type.refused, 0, JSON.stringify({ message, stack: stackOf(error) }));
    }
  }

  #call(stream, payload, open) {
    const { head, body } = splitHead(payload);
    const call = new Call(this, stream, head);
    this.#calls.set(stream, call);
    const func = this.#funcs.get(head.op);
    if (!func) return call.fail(this.#missing(head.op));
    if (open) return call.receive(func, body);
    if (head.stream) return call.runWhole(func, body);
    let data;
    try {
      data = decode(head.kind, body);
    } catch (error) {
      return call.fail(error);
    }
    call.run(func, data);
  }

  #missing(operationId) {
    const how = this.#mends.get(operationId) ?? `the bundle has no Func ${operationId}`;
    return Object.assign(new Error(`Func ${operationId} is missing: ${how}`), {
      code: 'func_missing',
    });
  }

  #endWhenIdle() {
    if (this.#calls.size > 0 || this.#ending) return;
    this.#ending = true;
    const close = async () => this.services?.close();
    void close()
      .catch((error) => this.output.line('error', error))
      .then(() => this.#exit(0));
  }

  /** Ends the process once what was said has left it. */
  #exit(code) {
    setTimeout(() => process.exit(code), flushMs);
    setImmediate(() => {
      this.output.flush();
      this.writer.flush();
      this.#socket.end(() => process.exit(code));
    });
  }
}

const path = process.env.FUNCATRON_SOCKET;
delete process.env.FUNCATRON_SOCKET;
if (path) serve(connect(path));
else {
  process.stderr.write('FUNCATRON_SOCKET is not set: a Funcatron runner starts this program\n');
  process.exitCode = 2;
}

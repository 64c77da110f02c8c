/** `ctx`: what a Func is told of its call. What costs anything is made when it is asked for. */
import { Log } from './output.js';

export class Context {
  #call;
  #log;

  /** @param {import('./call.js').Call} call */
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

/** A worker under test: started, assigned the fixture, its log lines and its exit watched. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { empty } from '../message.ts';
import type { Body, BodyKind, Cancellation, Headers, Params, Reply } from '../message.ts';
import type { Assigned, Assignment, FuncLog, Runtime, RuntimeKind } from './runtime.ts';
import type { Worker, WorkerCall, WorkerExit } from './runtime.ts';

export interface ConformanceOptions {
  kind: RuntimeKind;
  runtime: Runtime;
  assignment: Assignment;
  /** What it answers with status 500, where others fail the call with an error. */
  answers?: readonly ('failure' | 'crash')[];
  /** Names of cases this runtime cannot pass, each with why. */
  exclusions?: { name: string; reason: string }[];
  /** What the suite is called, when a runtime is run more than once. */
  label?: string;
}

export interface Case {
  name: string;
  /** The kinds the case is about; all, when absent. */
  only?: readonly RuntimeKind[];
  /** Needs a worker of its own. */
  fresh?: boolean;
  run(subject: Subject): Promise<void>;
}

/** Kinds whose Funcs have a ctx and whose workers speak the wire. */
export const wired: readonly RuntimeKind[] = ['node', 'python', 'jvm'];

export interface Request {
  id?: string;
  method?: string;
  query?: Record<string, number | string>;
  headers?: Headers;
  kind?: BodyKind;
  body?: Body;
  /** The Func gets the body as a stream. */
  stream?: boolean;
  data?: unknown;
  params?: Partial<Params>;
  cancellation?: Cancellation;
}

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
}

export interface Subject {
  kind: RuntimeKind;
  answers: readonly ('failure' | 'crash')[];
  assignment: Assignment;
  worker: Worker;
  assigned: Assigned;
  logs: FuncLog[];
  exit: Promise<WorkerExit>;
  /** Calls a fixture Func and hands over the reply as it is. */
  open(operationId: string, request?: Request): Promise<Reply>;
  /** Calls a fixture Func and collects its body. */
  call(operationId: string, request?: Request): Promise<Answer>;
  /** Resolves when such a line was logged. */
  logged(matches: (line: FuncLog) => boolean): Promise<FuncLog>;
  close(): Promise<void>;
}

export async function openSubject(options: ConformanceOptions): Promise<Subject> {
  const socketDir = await mkdtemp(join(tmpdir(), 'fct-'));
  const logs: FuncLog[] = [];
  const watchers = new Set<() => void>();
  const { promise: exit, resolve: onExit } = Promise.withResolvers<WorkerExit>();
  const onLog = (line: FuncLog): void => {
    logs.push(line);
    for (const watch of watchers) watch();
  };
  const worker = await options.runtime.start({ socketDir }, { onLog, onExit });
  const close = async (): Promise<void> => {
    worker.kill();
    if (options.kind !== 'process') await exit;
    await rm(socketDir, { recursive: true, force: true });
  };
  const assigned = await worker.assign(options.assignment).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const open: Subject['open'] = (operationId, request = {}) =>
    worker.call(workerCall(operationId, request));
  return {
    kind: options.kind,
    answers: options.answers ?? [],
    assignment: options.assignment,
    worker,
    assigned,
    logs,
    exit,
    open,
    async call(operationId, request) {
      const reply = await open(operationId, request);
      const { status, headers } = reply.head;
      return { status, headers, bytes: await collect(reply.body) };
    },
    logged(matches) {
      return new Promise((resolve) => {
        const watch = (): void => {
          const line = logs.find(matches);
          if (!line) return;
          watchers.delete(watch);
          resolve(line);
        };
        watchers.add(watch);
        watch();
      });
    },
    close,
  };
}

function workerCall(operationId: string, request: Request): WorkerCall {
  const { kind = 'none', body = empty, stream, query = {}, data, cancellation } = request;
  const id = request.id ?? randomUUID();
  const length: Headers =
    body instanceof Uint8Array ? { 'content-length': String(body.length) } : {};
  return {
    operationId,
    kind,
    body,
    ...(stream && { stream }),
    ...(data !== undefined && { data }),
    ...(cancellation && { cancellation }),
    head: {
      v: 1,
      action: 'call',
      id,
      method: request.method ?? 'POST',
      scheme: 'http',
      host: 'fixture.test',
      path: `/base/${operationId}`,
      query: new URLSearchParams(query as Record<string, string>).toString(),
      headers: { host: 'fixture.test', ...length, ...request.headers },
      remote: '127.0.0.1',
      deadline: Date.now() + 30_000,
      operation: `${request.method ?? 'POST'} /${operationId}`,
      params: { path: {}, query, header: {}, cookie: {}, ...request.params },
      auth: { scheme: 'key', subject: 'alice' },
    },
  };
}

/** The whole of a body, in however many chunks it comes. */
export async function collect(body: Body): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes i mod 251. */
export function pattern(size: number): Buffer {
  return Buffer.alloc(
    size,
    Uint8Array.from({ length: 251 }, (_, index) => index),
  );
}

/** The sum of all bytes; a loop, since `reduce` takes ten times as long. */
export function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
}

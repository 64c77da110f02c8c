/** That the types for Funcs say what a worker gives them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Answer, Context, Middleware, ServiceProvider } from './index.ts';
import { fixtureAssignment } from './runtime/conformance.ts';
import { openSubject } from './runtime/conformance-subject.ts';
import { openRuntime } from './runtime/runtime.ts';

/** Every member of the type, with what `typeof` says of it. */
const members: Record<keyof Context, string> = {
  requestId: 'string',
  operationId: 'string',
  method: 'string',
  scheme: 'string',
  host: 'string',
  path: 'string',
  query: 'string',
  remote: 'string',
  params: 'object',
  headers: 'object',
  auth: 'object',
  props: 'object',
  services: 'object',
  bundle: 'object',
  log: 'object',
  signal: 'object',
};

const handler = `
  const names = ${JSON.stringify(Object.keys(members))};
  export function look(_data, ctx) {
    const types = Object.fromEntries(names.map((name) => [name, typeof ctx[name]]));
    const own = [];
    for (let one = ctx; one !== Object.prototype; one = Object.getPrototypeOf(one))
      own.push(...Object.getOwnPropertyNames(one));
    const logs = ['debug', 'info', 'warn', 'error'].filter((name) => typeof ctx.log[name] !== 'function');
    return { types, own, logs, bundle: Object.keys(ctx.bundle) };
  }
`;

test('a context has what its type says, and nothing else', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'types-'));
  await writeFile(join(dir, 'handler.mjs'), handler);
  const funcs = [{ operationId: 'look' }];
  const assignment = fixtureAssignment(dir, { handler: 'handler.mjs', funcs });
  const runtime = await openRuntime('node');
  const subject = await openSubject({ kind: 'node', runtime, assignment });
  try {
    const { bytes } = await subject.call('look');
    const { types, own, logs, bundle } = JSON.parse(bytes.toString());
    assert.deepEqual(types, members);
    const known = new Set([...Object.keys(members), 'constructor']);
    assert.deepEqual(
      own.filter((name: string) => !known.has(name)),
      [],
    );
    assert.deepEqual(logs, []);
    assert.deepEqual(bundle.toSorted(), ['name', 'sha', 'version']);
  } finally {
    await subject.close();
    await rm(dir, { recursive: true, force: true });
  }
});

test('the types fit what Funcs are written like', () => {
  interface Database {
    all(text: string): object[];
  }
  const provider: ServiceProvider<string, Database> = {
    open: (_name, props) => String(props.file),
    begin: (file) => ({ all: (text) => [{ file, text }] }),
    rollback() {},
  };
  const timed: Middleware = (_data, ctx, next) => (ctx.log.info('timed', { ms: 1 }), next());
  type Ctx = Context<{ path: { id: number } }, { db: Database }, { greeting: string }>;
  const func = (_body: undefined, { params, services, props, auth }: Ctx): Answer => {
    const id: number = params.path.id;
    const asked: unknown = params.query.anything;
    const body = [services.db.all(`${id} ${String(asked)}`), props.greeting, auth?.subject];
    return { status: 201, headers: { 'x-id': id, 'set-cookie': ['a=1'] }, body };
  };
  assert.ok([provider.open, timed, func].every((one) => typeof one === 'function'));
});

/** What goes over the control topics is what docs/control-messages.schema.json says, and nothing else. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openBroker } from '../src/broker/broker.ts';
import { writeBundle } from '../src/bundle/write.ts';
import { ContractCache } from '../src/cli/contract-cache.ts';
import { createFrontend } from '../src/frontend/frontend.ts';
import { createLog } from '../src/log.ts';
import type { ControlMessage } from '../src/message.ts';
import { Metrics } from '../src/metrics.ts';
import { Runner } from '../src/runner/runner.ts';
import { openBundleFiles, openStores } from '../src/store/store.ts';
import { createTron } from '../src/tron/tron.ts';
import { ask } from './fixture/client.ts';
import { until } from './fixture/process.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const schema = JSON.parse(
  readFileSync(join(root, 'docs/control-messages.schema.json'), 'utf8'),
) as {
  oneOf: { $ref: string }[];
};
const page = readFileSync(join(root, 'docs/control-messages.md'), 'utf8');
const actions = schema.oneOf.map(({ $ref }) => $ref.split('/').at(-1)!);

test('the page has every action, and no other', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (?:node|Tron)/gm)].map(
    ([, action]) => action!,
  );
  assert.deepEqual(rows.toSorted(), actions.toSorted());
});

test('every message that is sent is as its schema says', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'cm-'));
  const log = createLog({ level: 'silent' });
  const broker = await openBroker('memory:', { log });
  const said: ControlMessage[] = [];
  for (const topic of ['control', 'for_tron'])
    await broker.subscribe(topic, (message) => void said.push(message));
  const stores = await openStores('memory:');
  const files = await openBundleFiles(join(dir, 'bundles'), log);
  const contracts = new ContractCache((sha) => files.path(sha));
  const parts = { broker, contracts, log, metrics: new Metrics() };
  const { state: store, calls, letters } = stores;
  const trons = [1, 2].map(() =>
    createTron({ ...parts, store, calls, letters, files }, { alone: false }),
  );
  const runner = new Runner({
    ...{ ...parts, bundles: files, dir, socketDir: dir, warm: 0, prefetch: 10, drainMs: 1_000 },
    ...{ stacks: false, responseMode: 'report' },
  });
  const frontend = createFrontend(parts);
  t.after(() => rmSync(dir, { recursive: true }));

  for (const tron of trons) await tron.listen({ port: 0, host: '127.0.0.1' });
  await runner.start();
  await frontend.listen({ port: 0, host: '127.0.0.1' });
  const json = (path: string, body: object) => ask(`${trons[0]!.url}${path}`, { json: body });
  const { sha, bytes } = await writeBundle(bundle());
  await ask(`${trons[0]!.url}/api/v1/add_func`, { method: 'POST', body: bytes });
  assert.equal((await json('/api/v1/enable', { sha })).status, 200);
  assert.equal((await ask(`${frontend.url}/said`)).text, '"so"');
  // No Java: what matters here is that the runner is asked, and answers.
  process.env.FUNCATRON_JAVA = join(dir, 'no-java');
  const bare = await writeBundle(bareJar());
  const refused = await ask(`${trons[0]!.url}/api/v1/add_func`, { body: bare.bytes });
  assert.match(refused.text, /no runner could ask its code/);
  await json('/api/v1/stats', { enable: false });
  await json('/api/v1/disable', { sha });
  await until(() => said.some(({ action }) => action === 'log'));
  await runner.close();
  await frontend.close();
  for (const tron of trons) await tron.close();
  await stores.close();
  await broker.close();

  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(schema, 'control');
  for (const message of said) {
    assert.ok(actions.includes(message.action), message.action);
    const validate = ajv.getSchema(`control#/$defs/${message.action}`)!;
    assert.ok(validate(message), `${JSON.stringify(message)}: ${ajv.errorsText(validate.errors)}`);
  }
  const seen = new Set(said.map(({ action }) => action));
  const rare = ['heartbeat', 'load', 'taken', 'check', 'secrets', 'cancel'];
  assert.deepEqual(
    actions.filter((action) => !seen.has(action) && !rare.includes(action)),
    [],
  );
});

function bundle() {
  const contract = {
    openapi: '3.1.0',
    info: { title: 'said', version: '1' },
    servers: [{ url: '/said' }],
    'x-funcatron': { handler: 'handler.mjs' },
    paths: { '/': { get: { operationId: 'main', responses: { 200: { description: 'so' } } } } },
  };
  const code = 'export const main = (_, ctx) => { ctx.log.info("so"); return "so"; };';
  return [
    { path: 'funcatron.json', bytes: Buffer.from(JSON.stringify(contract)) },
    { path: 'handler.mjs', bytes: Buffer.from(code) },
  ];
}

/** A JAR whose code would have to give the contract. */
function bareJar() {
  const paths = ['META-INF/MANIFEST.MF', 'funcatron/intf/impl/ContextImpl.class'];
  return paths.map((path) => ({ path, bytes: Buffer.alloc(0) }));
}

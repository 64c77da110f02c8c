import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { settingKeys } from './setting.ts';
import { readDocumentSettings, readOperationSettings, settingsSchema } from './settings.ts';

function read(source: unknown) {
  const { settings, issues } = readDocumentSettings(source, false);
  return { settings, told: issues.map(({ at, message, mend }) => `${at}: ${message}; ${mend}`) };
}

test('without x-funcatron there are defaults', () => {
  assert.deepEqual(read(undefined), {
    settings: {
      timeoutMs: 30_000,
      instances: { min: 0, max: 4, idleMs: 60_000 },
      memoryBytesMax: 536_870_912,
      env: {},
      validate: { request: 'enforce' },
      direct: false,
      async: false,
    },
    told: [],
  });
});

test('every setting is read, into the unit its name says', () => {
  const { settings, told } = read({
    name: 'orders',
    host: 'api.example.com',
    handler: 'src/orders.ts',
    timeout: '1.5s',
    concurrency: 8,
    instances: { min: 1, idle: '5m' },
    memory: '256Mi',
    env: { STAGE: 'live', RETRIES: 3, LOUD: true },
    validate: { response: 'off' },
    cors: { origins: 'https://shop.example.com', credentials: true, maxAge: '1h' },
    direct: true,
    async: true,
    retry: { tries: 3, wait: '2s' },
  });
  assert.deepEqual(told, []);
  assert.deepEqual(settings, {
    name: 'orders',
    host: 'api.example.com',
    runtime: 'node',
    handler: 'src/orders.ts',
    timeoutMs: 1500,
    concurrency: 8,
    instances: { min: 1, max: 4, idleMs: 300_000 },
    memoryBytesMax: 268_435_456,
    env: { STAGE: 'live', RETRIES: '3', LOUD: 'true' },
    validate: { request: 'enforce', response: 'off' },
    cors: { origins: ['https://shop.example.com'], credentials: true, maxAgeMs: 3_600_000 },
    direct: true,
    async: true,
    retry: { triesMax: 3, waitMs: 2000 },
  });
});

test("an operation's settings go over the document's", () => {
  const { settings } = read({
    timeout: 5,
    validate: { request: 'report' },
    cors: true,
    retry: { tries: 2, waitMax: '1m' },
  });
  const { settings: own, issues } = readOperationSettings(
    {
      timeout: '200ms',
      validate: { response: 'enforce' },
      cors: false,
      retry: { tries: 7 },
      schedule: '0  3 * * *',
      on: { queue: 'orders' },
      // oxlint-disable-next-line unicorn/no-thenable -- an object of data, which nobody awaits
      then: 'sendMail',
    },
    settings,
    '/paths/~1a/get',
  );
  assert.deepEqual(issues, []);
  assert.equal(own.timeoutMs, 200);
  assert.deepEqual(own.validate, { request: 'report', response: 'enforce' });
  assert.equal(own.cors, false);
  assert.deepEqual(own.retry, { triesMax: 7, waitMsMax: 60_000 });
  assert.deepEqual(own.schedule, { cron: '0 3 * * *' });
  assert.deepEqual(own.on, [{ queue: 'orders' }]);
  assert.equal(own.then, 'sendMail');
  assert.equal(readOperationSettings(undefined, settings, '').settings, settings);
});

test('the runtime follows from handler and process', () => {
  assert.equal(read({ handler: 'a/b.py' }).settings.runtime, 'python');
  assert.equal(read({ handler: 'b.mjs' }).settings.runtime, 'node');
  assert.equal(read({ handler: 'b' }).settings.runtime, undefined);
  assert.equal(read({ process: 'wc -w' }).settings.runtime, 'process');
  assert.equal(readDocumentSettings({}, true).settings.runtime, 'process');
  assert.deepEqual(read({ runtime: 'http', process: 'serve' }).told, []);
  assert.match(read({ runtime: 'http' }).told[0]!, /names no program; add process/);
  assert.match(read({ runtime: 'node', process: 'wc' }).told[0]!, /runtime node runs no process/);
  assert.match(read({ process: 'wc', handler: 'a.js' }).told[0]!, /process takes no handler/);
});

test('what is of the JVM stands with the runtime jvm alone', () => {
  assert.equal(read({ jvm: { own: false } }).settings.runtime, 'jvm');
  const { settings, told } = read({ runtime: 'jvm', jvm: { own: true, options: ['-Xss4m'] } });
  assert.deepEqual([settings.jvm, told], [{ own: true, options: ['-Xss4m'] }, []]);
  const cases: [source: object, told: RegExp][] = [
    [{ runtime: 'jvm', process: 'wc' }, /runtime jvm runs no process/],
    [
      { runtime: 'jvm', handler: 'a.Func' },
      /^\/x-funcatron\/handler: runtime jvm takes no handler/,
    ],
    [{ runtime: 'python', jvm: { own: true } }, /^\/x-funcatron\/jvm: runtime python has no JVM/],
    [{ handler: 'a.js', jvm: {} }, /runtime node has no JVM/],
    [{ jvm: { options: ['-Xss4m'] } }, /^\/x-funcatron\/jvm\/options: .*own; add own: true/],
    [{ jvm: { own: true, options: ['Xss4m'] } }, /"Xss4m" is no option/],
    [{ jvm: { own: true, options: ['--class-path=x'] } }, /--class-path=x would run another/],
    [{ jvm: { own: true, options: '-Xss4m' } }, /"-Xss4m" is no list/],
    [{ jvm: { onw: true } }, /^\/x-funcatron\/jvm\/onw: .*did you mean own\?/],
  ];
  for (const [source, told] of cases) assert.match(read(source).told.join(), told);
});

test('what is wrong is named by pointer, with what would do', () => {
  const cases: [source: unknown, told: RegExp][] = [
    ['fast', /^\/x-funcatron: "fast" is no object; use name, host/],
    [{ timeuot: 1 }, /^\/x-funcatron\/timeuot: timeuot is no setting; did you mean timeout\?/],
    [{ constructor: 1 }, /constructor is no setting/],
    [{ schedule: '@daily' }, /schedule is a setting of the operation, not of the document; move/],
    [{ timeout: '30 sec' }, /timeout: "30 sec" is no duration; write a number of seconds/],
    [{ timeout: 0 }, /0 is not between 1 ms and 24 h/],
    [{ timeout: '25h' }, /"25h" is not between/],
    [{ memory: '1Ti' }, /"1Ti" is no size/],
    [{ memory: 100 }, /100 is not between 1 MiB and 1 TiB/],
    [{ instances: { min: 5, max: 2 } }, /^\/x-funcatron\/instances\/min: .*min 5 is over max 2/],
    [{ instances: { mix: 5 } }, /^\/x-funcatron\/instances\/mix: .*did you mean m(in|ax)\?/],
    [{ instances: { idle: -1 } }, /^\/x-funcatron\/instances\/idle: /],
    [{ concurrency: 1.5 }, /1.5 is no whole number from 1 to 10000/],
    [{ env: { 'A-B': 1 } }, /^\/x-funcatron\/env\/A-B: .*cannot be the name of a variable/],
    [{ env: { FUNCATRON_SOCKET: 'x' } }, /cannot be the name of a variable/],
    [{ env: { A: [] } }, /\[\] is no value of a variable/],
    [{ runtime: 'nodejs' }, /"nodejs" is not one of node, python.*did you mean node\?/],
    [{ handler: '../x.js' }, /"..\/x.js" does not fit; write a path inside the bundle/],
    [{ handler: '/x.js' }, /does not fit/],
    [{ host: 'Example.com' }, /does not fit; write a host name in lower case/],
    [{ validate: { request: 'on' } }, /^\/x-funcatron\/validate\/request: /],
    [{ cors: { origins: '*', credentials: true } }, /credentials need named origins/],
    [{ cors: {} }, /origins is missing/],
    [{ retry: 5 }, /^\/x-funcatron\/retry: /],
    [{ retry: { trie: 5 } }, /^\/x-funcatron\/retry\/trie: .*did you mean tries\?/],
    [{ retry: { tries: 0 } }, /^\/x-funcatron\/retry\/tries: .*0 is no whole number from 1/],
    [{ retry: { wait: '5s', waitMax: '1s' } }, /wait is over waitMax/],
    [{ direct: 'yes' }, /"yes" is not true or false/],
    [{ process: 'a | b' }, /\| in "a \| b" has no meaning: no shell.*\["sh", "-c"/],
    [{ process: [] }, /the command is empty/],
    [{ process: 'echo "x' }, /ends inside "/],
  ];
  for (const [source, told] of cases) {
    assert.equal(read(source).told.length, 1, JSON.stringify(source));
    assert.match(read(source).told[0]!, told);
  }
  const misplaced = readOperationSettings({ memory: '1Gi' }, read({}).settings, '/paths/~1a/get');
  assert.match(misplaced.issues[0]!.mend!, /move it to x-funcatron of the document/);
});

test('the published schema is the one in docs', async () => {
  const url = new URL('../../docs/x-funcatron.schema.json', import.meta.url);
  assert.deepEqual(JSON.parse(await readFile(url, 'utf8')), settingsSchema);
});

test('what is read, the published schema allows', () => {
  const ajv = new Ajv2020({ allowUnionTypes: true, strictTypes: false, strictRequired: false });
  const allows = ajv.compile(settingsSchema);
  const text = fc.constantFrom('30s', '256Mi', '1.5 h', '10 MB', 'wc -w', '*', 'a/b.py', '@daily');
  const plain = fc.oneof(text, fc.boolean(), fc.integer(), fc.double(), fc.constant(null));
  const member = fc.constantFrom('min', 'max', 'idle', 'request', 'origins', 'maxAge', 'A_B');
  const value = fc.oneof(plain, fc.array(plain), fc.dictionary(member, plain));
  const keys = fc.constantFrom(...Object.keys(settingKeys));
  let read = 0;
  fc.assert(
    fc.property(keys, value, (key, value) => {
      const { issues } = readDocumentSettings({ [key]: value }, false);
      if (issues.some((issue) => issue.at.startsWith(`/x-funcatron/${key}`))) return;
      read++;
      assert.ok(allows({ [key]: value }), JSON.stringify({ [key]: value }));
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 20);
});

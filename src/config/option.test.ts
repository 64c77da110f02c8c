import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, choice, count, duration, flag, flagOnly, grouped } from './option.ts';
import { list, longName, optional, port, readOptions, text } from './option.ts';
import { serveOptions } from './options.ts';

const table = {
  port: port('--port <port>', 'a port', 8080),
  bodyMax: bytes('--body-max <size>', 'a size', 10),
  wait: duration('--wait <time>', 'a time', 5),
  warm: count('--warm <count>', 'a count', 1, 1),
  name: text('--name <name>', 'a name', 'x'),
  loud: flag('--loud', 'a switch'),
};

test('a flag wins over the environment, the environment over the default', () => {
  const env = { FUNCATRON_PORT: '1', FUNCATRON_BODY_MAX: '2Ki' };
  const values = readOptions(table, { port: '2' }, env);
  assert.equal(values.port, 2);
  assert.equal(values.bodyMax, 2048);
  assert.equal(values.wait, 5);
  assert.equal(readOptions(table, { loud: true }, {}).loud, true);
});

for (const [flags, env, part] of [
  [{ port: '70000' }, {}, '--port "70000"'],
  [{}, { FUNCATRON_PORT: 'x' }, 'FUNCATRON_PORT "x"'],
  [{ bodyMax: '10 parsecs' }, {}, '--body-max'],
  [{ wait: 'soon' }, {}, '--wait'],
  [{ warm: '0' }, {}, 'at least 1'],
  [{ warm: '1.5' }, {}, '--warm'],
  [{}, { FUNCATRON_LOUD: 'maybe' }, 'true or false'],
] as const)
  test(`refuses ${JSON.stringify({ ...flags, ...env })}`, () => {
    assert.throws(
      () => readOptions(table, flags, env),
      (error: { code: string; message: string }) =>
        error.code === 'option_invalid' && error.message.includes(part),
    );
  });

test('no two options share a flag, and every default reads back', () => {
  const all = Object.entries(serveOptions);
  assert.equal(new Set(all.map(([, one]) => one.flag.split(' ')[0])).size, all.length);
  for (const [key, one] of all) {
    const camel = one.flag
      .split(' ')[0]!
      .slice(2)
      .replace(/-(.)/g, (_, c: string) => c.toUpperCase());
    assert.equal(camel, key, 'the flag names the key');
  }
});

test('a flag alone gives what no variable may', () => {
  const own = {
    tags: list('--tag <tag>', 'tags'),
    file: optional('-f, --file <file>', 'a file'),
    json: flagOnly(flag('--json', 'as JSON')),
  };
  const env = { FUNCATRON_TAG: 'x', FUNCATRON_FILE: 'x', FUNCATRON_JSON: '1' };
  assert.deepEqual(readOptions(own, {}, env), { tags: [], file: undefined, json: false });
  const flags = { tags: ['a', 'b'], file: '', json: true };
  assert.deepEqual(readOptions(own, flags, env), flags);
  assert.equal(longName(own.file.flag), '--file');
});

test('what help shows of a default can be typed again', () => {
  const shown = Object.values(serveOptions).filter((one) => one.shown !== '');
  assert.ok(shown.length > 30);
  for (const one of shown) assert.deepEqual(one.read(one.shown), one.default, one.flag);
});

test('a group is for help only', () => {
  const level = choice('--level <level>', 'a level', 'low', ['low', 'high']);
  const { level: put } = grouped('Levels', { level });
  assert.deepEqual({ ...put, group: '' }, { ...level, group: '' });
  assert.equal(put.group, 'Levels');
});

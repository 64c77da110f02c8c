import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, count, duration, flag, port, readOptions, text } from './option.ts';
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

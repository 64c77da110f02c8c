import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWatchdogSettings } from './setting.ts';

test('what nobody says is as OpenFaaS has it', () => {
  const settings = readWatchdogSettings({ fprocess: 'cat' });
  assert.equal(settings.mode, 'classic');
  assert.deepEqual(settings.command, ['cat']);
  assert.equal(settings.execTimeoutMs, 0);
  assert.equal(settings.writeTimeoutMs, 30_000);
  assert.equal(settings.healthcheckIntervalMs, 30_000);
  assert.ok(settings.cgiHeaders && settings.combineOutput && settings.prefixLogs);
  assert.deepEqual([settings.port, settings.metricsPort], [8080, 8081]);
  assert.equal(readWatchdogSettings({ mode: 'serializing' }).execTimeoutMs, 30_000);
});

test('an interval follows the write timeout, and later names win', () => {
  const settings = readWatchdogSettings({
    write_timeout: '5',
    fprocess: 'old',
    function_process: 'new one',
    upstream_url: 'http://127.0.0.1:1',
    http_upstream_url: 'http://127.0.0.1:2/base',
    log_buffer_size: '-1',
  });
  assert.equal(settings.healthcheckIntervalMs, 5_000);
  assert.deepEqual(settings.command, ['new', 'one']);
  assert.equal(settings.upstream?.href, 'http://127.0.0.1:2/base');
  assert.ok(settings.lineBytesMax > 2 ** 20);
});

test('a command is split at single spaces; quotes stay', () => {
  const split = (fprocess: string) => readWatchdogSettings({ fprocess }).command;
  assert.deepEqual(split(`sh -c 'echo "a b"'`), ['sh', '-c', `'echo`, `"a`, `b"'`]);
  assert.deepEqual(split('a  b'), ['a', '', 'b']);
  assert.deepEqual(split(''), []);
});

test('a bad value is an error that names its variable', () => {
  const bad: Record<string, string> = {
    exec_timeout: 'soon',
    write_timeout: '-1s',
    max_inflight: 'many',
    port: '99999',
    mode: 'afterburn',
    combine_output: 'perhaps',
    content_type: 'a\r\nSet-Cookie: x',
    upstream_url: 'ftp://x',
    ready_path: 'ready',
    log_buffer_size: '0',
    warm_processes: '0',
    jwt_auth: 'true',
  };
  for (const [name, value] of Object.entries(bad))
    assert.throws(
      () => readWatchdogSettings({ [name]: value }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'option_invalid', name);
        assert.match(error.message, new RegExp(`the variable ${name} is `));
        return true;
      },
    );
  assert.throws(() => readWatchdogSettings({ mode: 'http', write_timeout: '0' }), /write_timeout/);
  assert.equal(readWatchdogSettings({ write_timeout: '0' }).writeTimeoutMs, 0);
});

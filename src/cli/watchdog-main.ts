import { watchdog } from './watchdog.ts';
import { Batch } from './watchdog/line.ts';

const args = process.argv.slice(2);
const [out, err] = [process.stdout, process.stderr].map(
  (stream) => new Batch((text) => void stream.write(text)),
) as [Batch, Batch];
// No `await` here: within an executable this is no module.
void watchdog(args[0] === 'watchdog' ? args.slice(1) : args, process.env, {
  out: (line) => out.add(line),
  err: (line) => err.add(line),
}).then((code) => {
  out.flush();
  err.flush();
  process.exit(code);
});

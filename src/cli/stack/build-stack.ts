/** `funcatron build -f`: the functions of a stack as bundles, a file for each. */
import { resolve } from 'node:path';
import { fillLimits } from '../../bundle/limit.ts';
import { writeBundle, writeWhole } from '../../bundle/write.ts';
import { readDeployment } from '../../tron/gateway/deployment.ts';
import { functionFiles } from '../../tron/gateway/function-contract.ts';
import { build } from '../build.ts';
import { limitsOf } from '../bundle-limit.ts';
import type { LimitValues } from '../bundle-limit.ts';
import { printJson } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { bundleLang } from './bundle-function.ts';
import { buildImage } from './function-image.ts';
import { readWanted } from './wanted.ts';
import type { StackOptions } from './wanted.ts';

type BuildOptions = StackOptions & LimitValues & { json: boolean };

/** Writes `<name>.zip` here for each; what is but an image is passed over, and that is said. */
export async function buildStack(options: BuildOptions, terminal: Terminal): Promise<void> {
  const { functions } = await readWanted(options, terminal);
  const made = [];
  for (const fn of functions) {
    const output = `${fn.name}.zip`;
    if (fn.lang === undefined || fn.skipBuild) {
      terminal.say(`${fn.name} is but an image: there is nothing to build`);
      continue;
    }
    if (fn.lang === bundleLang && fn.handler !== undefined) {
      await build(fn.handler, { ...options, output }, terminal);
      continue;
    }
    const image = await buildImage(fn, fillLimits(limitsOf(options)));
    for (const warning of image.warnings) terminal.say(`warning: ${warning}`);
    const { bytes, sha } = await writeBundle(functionFiles(readDeployment(fn.deployment), image));
    const file = resolve(terminal.cwd, output);
    await writeWhole(file, bytes);
    made.push({ name: fn.name, file, sha });
    if (!options.json) terminal.out(file);
  }
  if (options.json) printJson(terminal, made);
}

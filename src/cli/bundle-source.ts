/** A bundle from what a command names: a folder that is built, or a file taken as it is. */
import { resolve } from 'node:path';
import { createBuilder } from '../bundle/build.ts';
import type { Builder, BuiltBundle } from '../bundle/build.ts';
import { bundleDocument } from '../openapi/bundle-document.ts';
import type { Terminal } from './terminal.ts';

/** A builder of a folder or of a ready-made bundle; close it in the end. */
export function openBuilder(path: string, terminal: Terminal): Promise<Builder> {
  return createBuilder(resolve(terminal.cwd, path), { bundleDocument });
}

/** Builds once and says the warnings. Throws `build_failed` and what else a build may. */
export async function buildOnce(path: string, terminal: Terminal): Promise<BuiltBundle> {
  const builder = await openBuilder(path, terminal);
  try {
    const built = await builder.build();
    for (const warning of built.warnings) terminal.say(`warning: ${warning}`);
    return built;
  } finally {
    await builder.close();
  }
}

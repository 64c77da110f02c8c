/** Which runtime a bundle needs and which module holds its Funcs. */
import { FuncatronError } from '../errors.ts';
import type { BuildSettings } from './contract-setting.ts';

export const builtRuntimes = ['node', 'python', 'jvm', 'process', 'http', 'watchdog'] as const;
export type BuiltRuntime = (typeof builtRuntimes)[number];

/** What the build of a node bundle is called; a contract may go on naming its source. */
export const builtHandler = 'handler.mjs';

const nodeStems = ['src/index', 'index', 'handler', 'src/handler', 'funcs'];
const nodeEndings = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.cts'];
const nodeHandlers = nodeStems.flatMap((stem) => nodeEndings.map((ending) => stem + ending));

/** Modules of a bundle, in order, where its contract names none that is there. */
export const bundledHandlers = ['handler', 'index'].flatMap((stem) =>
  ['.mjs', '.js', '.cjs'].map((ending) => stem + ending),
);

/**
 * The handler module of an unpacked node bundle: the one its contract names, if it is there; else
 * `handler.mjs`, which a build makes; else `handler` or `index` with `.mjs .js .cjs`.
 */
export function findBundledHandler(
  handler: string | undefined,
  exists: (path: string) => boolean,
): string | undefined {
  return [...(handler === undefined ? [] : [handler]), ...bundledHandlers].find(exists);
}

/**
 * The runtime the contract says or implies: `process` where programs are named, else by the ending
 * of the handler, else node where a handler of node is there. Throws `runtime_unsupported`.
 */
export function chooseRuntime(
  settings: BuildSettings,
  exists: (path: string) => boolean,
): BuiltRuntime {
  const { runtime, handler, programs } = settings;
  const said = builtRuntimes.find((one) => one === runtime);
  if (said) return said;
  if (runtime !== undefined)
    throw new FuncatronError(
      'runtime_unsupported',
      `x-funcatron.runtime "${runtime}" is not supported; use one of ${builtRuntimes.join(', ')}`,
    );
  if (programs.length > 0) return 'process';
  if (handler?.endsWith('.py')) return 'python';
  if (handler !== undefined && /\.[cm]?[jt]sx?$/.test(handler)) return 'node';
  if (handler === undefined && nodeHandlers.some(exists)) return 'node';
  throw new FuncatronError(
    'runtime_unsupported',
    'the contract does not tell the runtime; ' +
      `set x-funcatron.runtime to one of ${builtRuntimes.join(', ')}`,
  );
}

/** The source of a node handler in a folder. Throws `build_failed` naming what was looked for. */
export function findNodeHandler(
  handler: string | undefined,
  exists: (path: string) => boolean,
): string {
  const plain = handler?.replace(/^\.\//, '');
  assertInside(plain);
  const found = plain === undefined ? nodeHandlers.find(exists) : [plain].find(exists);
  if (found) return found;
  if (plain !== undefined) throw noSuchHandler(plain, nodeEndings, exists);
  throw new FuncatronError(
    'build_failed',
    `no handler: add ${nodeStems.join(', ')} with one of ${nodeEndings.join(' ')}, ` +
      'or name yours in x-funcatron.handler',
  );
}

function assertInside(handler: string | undefined): void {
  if (handler === undefined || !/^\/|(^|\/)\.\.(\/|$)/.test(handler)) return;
  throw new FuncatronError(
    'build_failed',
    `x-funcatron.handler names ${handler}, which is outside of the folder; move it inside`,
  );
}

function noSuchHandler(
  handler: string,
  endings: readonly string[],
  exists: (path: string) => boolean,
): FuncatronError {
  const meant = endings.map((ending) => handler + ending).find(exists);
  const mend = meant ? `write ${meant}` : 'correct it or add the file';
  return new FuncatronError(
    'build_failed',
    `x-funcatron.handler names ${handler}, which is not there; ${mend}`,
  );
}

/** Throws `build_failed` unless the Python module that a handler names is there. */
export function assertPythonHandler(
  handler: string | undefined,
  exists: (path: string) => boolean,
): void {
  if (handler === undefined) return;
  assertInside(handler);
  const stem = handler.replace(/^\.\//, '').replace(/\.py$/, '');
  const folder = stem.replaceAll('.', '/');
  const candidates = [`${stem}.py`, `${folder}.py`, `${folder}/__init__.py`];
  if (!candidates.some(exists)) throw noSuchHandler(handler, [], exists);
}

/** Throws `build_failed` unless each program that is a file of the bundle is there and runs. */
export function assertPrograms(
  programs: readonly string[],
  files: readonly { path: string; executable: boolean }[],
): void {
  for (const program of programs) {
    if (!/^[\w.-]+\//.test(program)) continue;
    const path = program.replace(/^\.\//, '');
    const file = files.find((one) => one.path === path);
    if (!file)
      throw new FuncatronError(
        'build_failed',
        `x-funcatron.process names ${program}, which is not in the bundle; correct it or add it`,
      );
    if (!file.executable)
      throw new FuncatronError(
        'build_failed',
        `${path} is not executable, but x-funcatron.process names it; run: chmod +x ${path}`,
      );
  }
}

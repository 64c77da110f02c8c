/** Bundles a JavaScript or TypeScript handler, and what it imports, into one ES module. */
import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BuildContext, BuildResult, Message, Metafile, OutputFile } from 'esbuild';
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { builtHandler } from './handler.ts';
import type { BundleFile } from './zip-writer.ts';

export interface NodeBuild {
  files: (BundleFile & { stamp: string })[];
  /** What the handler exports; undefined when that shows only when it runs (CommonJS). */
  exports: string[] | undefined;
  /** Sources that went in, relative to the folder; those of dependencies left out. */
  sources: string[];
  warnings: string[];
}

type Context = BuildContext<{ write: false; metafile: true }>;
type Result = BuildResult<{ write: false; metafile: true }>;

/** Packages that load native addons by a path they make up at run time. */
const addonLoaders = /node_modules\/(bindings|node-gyp-build|@mapbox\/node-pre-gyp)\//;

/** Builds one handler again and again; a rebuild takes a few milliseconds. */
export class NodeBuilder {
  readonly handler: string;
  readonly #context: Context;

  private constructor(handler: string, context: Context) {
    this.handler = handler;
    this.#context = context;
  }

  /** `handler` is relative to `dir`. */
  static async open(dir: string, handler: string): Promise<NodeBuilder> {
    const { context } = await import('esbuild');
    const root = await realpath(dir);
    const entry = basename(builtHandler, '.mjs');
    return new NodeBuilder(
      handler,
      await context({
        absWorkingDir: root,
        entryPoints: { [entry]: `./${handler}` },
        outdir: root,
        outExtension: { '.js': '.mjs' },
        write: false,
        allowOverwrite: true,
        metafile: true,
        bundle: true,
        format: 'esm',
        platform: 'node',
        target: 'node24',
        sourcemap: 'linked',
        charset: 'utf8',
        logLevel: 'silent',
        // CommonJS packages use them; names that a module declares itself are left alone.
        define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
      }),
    );
  }

  /** Throws `build_failed` with every error's file and line. */
  async build(): Promise<NodeBuild> {
    const result = await this.#context.rebuild().catch((thrown) => {
      throw asFault(thrown);
    });
    const { metafile } = result;
    const inputs = Object.keys(metafile.inputs);
    return {
      files: withRequire(result).map((file) => ({
        path: basename(file.path),
        bytes: file.contents,
        stamp: file.hash,
      })),
      exports: listExports(metafile, this.handler),
      sources: inputs.filter((path) => !/[<(]|^[\w-]{2,}:|(^|\/)node_modules\//.test(path)),
      warnings: [...result.warnings.map(showMessage), ...warnOfAddons(inputs)],
    };
  }

  async close(): Promise<void> {
    await this.#context.dispose();
  }
}

/** The one line that gives `require` to CommonJS code in an ES module. */
const requireLine =
  "import { createRequire as __createRequire } from 'node:module'; " +
  'const require = __createRequire(import.meta.url);\n';

/**
 * Adds `requireLine` where the code calls `require` for modules of Node. esbuild renames whatever
 * the code itself calls `require` whenever its own stand-in is there, so that nothing clashes.
 */
function withRequire({ outputFiles }: Result): OutputFile[] {
  const code = outputFiles.find((file) => file.path.endsWith('.mjs'))!;
  if (!/^var __require = /m.test(code.text)) return outputFiles;
  return outputFiles.map((file) => {
    const text =
      file === code
        ? requireLine + file.text
        : // A semicolon in `mappings` is a line of generated code without mappings.
          file.text.replace(/^(\s*"mappings": ")/m, '$1;');
    return { ...file, contents: Buffer.from(text), text };
  });
}

function listExports(metafile: Metafile, handler: string): string[] | undefined {
  if (metafile.inputs[handler]?.format !== 'esm') return undefined;
  return metafile.outputs[builtHandler]?.exports;
}

function warnOfAddons(inputs: string[]): string[] {
  const loaders = new Set(inputs.flatMap((path) => addonLoaders.exec(path)?.[1] ?? []));
  return Array.from(
    loaders,
    (name) => `${name} loads a native addon when it runs, and a bundle carries none`,
  );
}

function asFault(thrown: unknown): FuncatronError {
  const messages = (thrown as { errors?: Message[] }).errors;
  if (!messages?.length)
    return new FuncatronError('build_failed', `esbuild failed: ${String(thrown)}`, {
      cause: thrown,
    });
  const errors = messages.map(describeMessage);
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const { mend } = errors[0]!;
  const detail = `${showMessage(messages[0]!)}${mend ? `; ${mend}` : ''}${more}`;
  return new FuncatronError('build_failed', detail, { cause: thrown, errors });
}

function describeMessage(message: Message): Issue {
  const { location, text } = message;
  const mend = findMend(text);
  return {
    in: 'handler',
    at: location ? `column ${location.column + 1}` : '',
    message: text,
    ...(location && { file: location.file, line: location.line }),
    ...(mend && { mend }),
  };
}

function findMend(text: string): string | undefined {
  const addon = /"\.node" files: (\S+)/.exec(text);
  if (addon)
    return `${addon[1]} is a native addon, which a bundle cannot carry: use a package without one`;
  const name = /^Could not resolve "([^."/][^"]*)"/.exec(text)?.[1];
  if (name) return `install it: npm install ${/^(@[^/]+\/)?[^/]+/.exec(name)![0]}`;
  return undefined;
}

/** `src/index.ts:3:7: text`. */
function showMessage({ location, text }: Message): string {
  return location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text;
}

/** Files that change a build without being part of it. */
export function configurationOf(dir: string): string[] {
  return ['package.json', 'tsconfig.json'].map((name) => join(dir, name));
}

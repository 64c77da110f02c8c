/**
 * Builds a folder of JVM code with the project's own tool, and takes the uberjar that makes as the
 * bundle. A contract at the folder's root, and not among the resources, goes into it.
 */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import type { BuildOptions, Builder, BuiltBundle } from './build.ts';
import { readBuildSettings } from './contract-setting.ts';
import { findJvmContract } from './jvm-contract.ts';
import { provideLibraries } from './jvm-library.ts';
import { findIssues, lastWords } from './jvm-output.ts';
import { listSources } from './jvm-source.ts';
import { findTool, ignoredByTools } from './jvm-tool.ts';
import type { BuildTool } from './jvm-tool.ts';
import { findUberjar } from './jvm-uberjar.ts';
import { fillLimits } from './limit.ts';
import type { ContractFile } from './read.ts';
import { findLocalRepository } from './maven-repository.ts';
import { takeReady } from './ready.ts';
import { howItEnded, runTool } from './tool-run.ts';
import type { ToolResult } from './tool-run.ts';

/** The first build of a project fetches all it depends on. */
const buildTimeoutMs = 1_200_000;
const patienceMs = 2_000;

/** What Gradle says where nobody told it of the local Maven repository. */
const noIntf =
  /Could not find funcatron:\S+\s+Searched in the following locations:(?!\s+(- )?file:)/;

/** What a tool says where there is Java, but no compiler. */
const noCompiler = /No compiler is provided in this environment|JAVA_HOME.{0,40} not (set|defined)/;

export class JvmBuilder implements Builder {
  readonly ignored = ignoredByTools;
  readonly isSlow = true;
  readonly #folder: string;
  readonly #options: BuildOptions;
  readonly #closing = new AbortController();
  #hasLibraries = false;
  #hasBuilt = false;

  constructor(folder: string, options: BuildOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  async build(): Promise<BuiltBundle> {
    const dir = await realpath(this.#folder);
    const tool = findTool(dir);
    if (!tool) throw new FuncatronError('build_failed', `${dir} has no build file any more`);
    const limits = fillLimits(this.#options.limits);
    const contract = await findJvmContract(dir);
    // Before the build, so that what is saved while it runs is seen.
    const inputs = await listSources(dir);
    await this.#provideLibraries(dir);
    await this.#run(tool, dir);
    const jar = await findUberjar(dir, tool);
    const isOutside = contract !== undefined && !contract.file.includes('/');
    const outside = isOutside ? await this.#readOutside(dir, contract) : undefined;
    const describe = outside ? async () => outside.contract : this.#options.describe;
    const { bytes, sha, files, contract: taken } = await takeReady(jar, limits, describe);
    return {
      ...{ bytes, sha, files, contract: taken, jar, warnings: [], exports: undefined },
      inputs: [...new Set([...inputs, ...(outside?.inputs ?? [])])],
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #provideLibraries(dir: string): Promise<void> {
    if (this.#hasLibraries) return;
    await provideLibraries(dir, this.#say);
    this.#hasLibraries = true;
  }

  readonly #say = (text: string): void => this.#options.say?.(text);

  async #run(tool: BuildTool, dir: string): Promise<void> {
    const result = await this.#startPatiently(tool, dir);
    if (result.code === 0) return;
    if (this.#closing.signal.aborted)
      throw new FuncatronError('build_failed', `${tool.name} was ended with this command`);
    throw failed(tool, dir, result);
  }

  /** The first time it may take minutes, and says nothing. */
  async #startPatiently(tool: BuildTool, dir: string): Promise<ToolResult> {
    const wait = `${tool.name} is building; the first time, it fetches what the project needs`;
    const timer = this.#hasBuilt ? undefined : setTimeout(() => this.#say(wait), patienceMs);
    this.#hasBuilt = true;
    try {
      return await this.#start(tool, dir);
    } finally {
      clearTimeout(timer);
    }
  }

  async #start(tool: BuildTool, dir: string): Promise<ToolResult> {
    const common = { cwd: dir, timeoutMs: buildTimeoutMs, signal: this.#closing.signal };
    const option = tool.localRepository;
    const where = option === undefined ? [] : [option + (await findLocalRepository(dir))];
    try {
      return await runTool({ ...common, program: tool.program, args: [...tool.args, ...where] });
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw notRunning(tool, thrown);
      const { fetchSbt } = await import('./sbt-launch.ts');
      const launcher =
        tool.name === 'sbt' && (await fetchSbt(dir, this.#closing.signal, this.#say));
      if (!launcher) throw notRunning(tool, thrown);
      return runTool({ ...common, ...launcher, args: [...launcher.args, ...tool.args] });
    }
  }

  /** The contract at the folder's root, as one document. */
  async #readOutside(
    dir: string,
    contract: ContractFile,
  ): Promise<{ contract: ContractFile; inputs: string[] }> {
    const path = join(dir, contract.file);
    const { bundleDocument } = this.#options;
    if (!readBuildSettings(contract).refersToFiles || !bundleDocument)
      return { contract, inputs: [path] };
    const { text, files } = await bundleDocument(path);
    return { contract: { file: contract.file, text }, inputs: [path, ...files] };
  }
}

function notRunning({ name, file, program, install }: BuildTool, cause: unknown): FuncatronError {
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  const why = isMissing ? `${program} is not there` : (cause as Error).message;
  const detail = `${file} is built with ${name}, and ${why}; get it from ${install}`;
  return new FuncatronError('dependency_missing', detail, { cause });
}

function failed(tool: BuildTool, dir: string, result: ToolResult): FuncatronError {
  const { output, timedOut } = result;
  if (noCompiler.test(output))
    return new FuncatronError(
      'dependency_missing',
      `${tool.name} finds no JDK: install one (Debian: apt-get install default-jdk-headless), or ` +
        `set JAVA_HOME to it; it said:\n${lastWords(output)}`,
    );
  const issues = timedOut ? [] : findIssues(output, dir);
  const [first] = issues;
  if (!first) {
    const how = howItEnded(result, buildTimeoutMs);
    const words = lastWords(output) || `it said nothing; run ${tool.program} in ${dir}`;
    const mend = noIntf.test(output)
      ? `add mavenLocal() to the repositories of ${tool.file}; `
      : '';
    const detail = `${mend}${tool.name} ${how}; its last lines:\n${words}`;
    return new FuncatronError('build_failed', detail);
  }
  const column = /\d+/.exec(first.at)?.[0];
  const where = [first.file, first.line, ...(column ? [column] : [])].join(':');
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const detail = `${where}: ${first.message}${more}`;
  return new FuncatronError('build_failed', detail, { errors: issues });
}

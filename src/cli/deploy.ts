/** `funcatron deploy`: from a folder to a line one can call it with. */
import type { BuiltBundle } from '../bundle/build.ts';
import { toFault } from '../errors.ts';
import { contractId, loadContract } from '../openapi/load.ts';
import { showPlace } from './bundle-info.ts';
import { buildSound } from './bundle-source.ts';
import type { LimitValues } from './bundle-limit.ts';
import { findMissingFuncs } from './check-code.ts';
import { curlLine } from './curl-line.ts';
import { enableBundle, readGiven } from './enable.ts';
import type { EnableOptions } from './enable.ts';
import { findFrontend } from './frontend-url.ts';
import { lacking } from './check.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';
import { uploadBundle } from './upload.ts';

type DeployOptions = LimitValues & EnableOptions & RemoteOptions & { frontend: string };

/** Where a frontend is unless somebody knows better. */
const usualFrontend = 'http://localhost:8080';

/** Refuses what is wrong before anything is sent: contract, build, missing Funcs. */
export async function deploy(
  path: string,
  options: DeployOptions,
  terminal: Terminal,
): Promise<void> {
  const client = new TronClient(options);
  const given = await readGiven(options, terminal);
  const built = await buildSound(path, options, terminal, given.overlay);
  await assertWhole(built, given.overlay, terminal);
  const { swagger } = await uploadBundle(client, built);
  await enableBundle(client, built.sha, given, terminal);
  const { overlay } = given;
  const source = { file: 'funcatron.json', text: JSON.stringify(swagger) };
  const contract = await loadContract(source, { id: contractId(built.sha, overlay), overlay });
  const { host = contract.host, basePath = contract.basePath } = given;
  const origin = await findFrontend(client, options.frontend).catch(() => usualFrontend);
  const curl = curlLine(contract, { origin, basePath, ...(host !== null && { host }) });
  const { name, version } = contract;
  if (options.json) return printJson(terminal, { sha: built.sha, name, host, basePath, curl });
  terminal.say(`${name} ${version} is enabled at ${showPlace({ host, basePath })}`);
  terminal.out(built.sha);
  terminal.out(curl);
}

/** Throws `handlers_missing`. Where the code cannot run, the Tron's runners find out. */
async function assertWhole(built: BuiltBundle, overlay: unknown, terminal: Terminal) {
  const missing = await findMissingFuncs(built, overlay).catch((thrown: unknown) => {
    const fault = toFault(thrown);
    if (fault.code !== 'dependency_missing') throw fault;
    terminal.say(`warning: the code was not loaded here: ${fault.message}`);
    return [];
  });
  if (missing.length > 0) throw lacking(missing);
}

/** Deploying and removing functions: each is a bundle that is made, uploaded and enabled. */
import { writeBundle } from '../../bundle/write.ts';
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { BundleRecord, EnabledRoute, Store } from '../../store/store.ts';
import type { Bundles } from '../bundles.ts';
import { jsonReply } from '../call-view.ts';
import type { Placement } from '../placement.ts';
import type { RouteTable } from '../route-table.ts';
import { readDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import type { GatewayEndpoints } from './endpoint.ts';
import { readJson } from './endpoint.ts';
import { functionFiles } from './function-contract.ts';
import { nameOf } from './function-list.ts';
import type { FunctionList } from './function-list.ts';
import type { Catalogue } from './image.ts';
import { basePathOf, bundleName } from './name.ts';
import type { Namespaces } from './namespace.ts';

interface Parts {
  store: Store;
  bundles: Bundles;
  placement: Placement;
  table: RouteTable;
  functions: FunctionList;
  namespaces: Namespaces;
  catalogue: Catalogue;
  log: Log;
}

/** A bundle that another Tron may be about to enable is not tidied away. */
const tidyAfterMs = 60_000;

type Judge = (before: EnabledRoute | undefined) => Promise<void>;

export class FunctionDeploys {
  readonly #parts: Parts;
  /** SHAs of bundles that are being deployed; of those deployed twice at once, twice. */
  readonly #underway: string[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Rejects with `function_exists`, and as `update` does. */
  create(deployment: Deployment): Promise<void> {
    return this.#deploy(deployment, async (before) => {
      if (!before) return;
      const name = bundleName(deployment);
      const own = await this.#parts.functions.deploymentOf(before);
      const what = own ? `there is a function "${name}" already` : taken(before);
      throw new FuncatronError('function_exists', what);
    });
  }

  /** Rejects with `function_unknown`, `function_invalid`, or what a bundle is refused for. */
  update(deployment: Deployment): Promise<void> {
    return this.#deploy(deployment, async (before) => {
      const own = before && (await this.#parts.functions.deploymentOf(before));
      if (own) return;
      if (before) throw new FuncatronError('function_exists', taken(before));
      const detail = `there is no function "${bundleName(deployment)}"; deploy it with POST`;
      throw new FuncatronError('function_unknown', detail);
    });
  }

  /** Rejects with `function_unknown`, or `function_invalid` for an operation of a bundle. */
  async remove(name: string, namespace: string | null): Promise<void> {
    const { functions, placement, log } = this.#parts;
    const { route, deployment, isOperation } = await functions.get(nameOf(name, namespace));
    if (isOperation)
      throw new FuncatronError(
        'function_invalid',
        `"${deployment.service}" is an operation of the bundle "${route.name}"; ` +
          'disable that with: funcatron disable SHA',
      );
    const { host, basePath } = route;
    // Whoever updates it meanwhile has another SHA there: then that goes, too.
    for (let now: EnabledRoute | undefined = route; now && (await functions.deploymentOf(now));) {
      await placement.disable(now.sha, { host, basePath });
      now = await this.#parts.table.find(host, basePath);
    }
    await this.#tidy(deployment, true);
    log.info({ function: bundleName(deployment) }, 'function removed');
  }

  async #deploy(deployment: Deployment, judge: Judge): Promise<void> {
    const { bundles, catalogue, namespaces, placement, table, log } = this.#parts;
    const basePath = basePathOf(deployment);
    // Looked at before anything is made, and once more when it is this deployment's turn.
    await judge(await table.find(null, basePath));
    await namespaces.assertKnown(deployment.namespace);
    const files = functionFiles(deployment, await catalogue.find(deployment.image));
    const { bytes, sha } = await writeBundle(files);
    this.#underway.push(sha);
    const isNew = (await bundles.find(sha)) === undefined;
    let bundle: BundleRecord | undefined;
    let isPlaced = false;
    try {
      ({ bundle } = await bundles.upload(once(bytes), bytes.length));
      const { warnings } = await placement.enable({ bundle, props: {}, judge });
      isPlaced = true;
      log.info({ function: bundleName(deployment), sha, warnings }, 'function deployed');
    } finally {
      this.#underway.splice(this.#underway.indexOf(sha), 1);
      if (bundle && isNew && !isPlaced) await this.#discard(bundle);
    }
    await this.#tidy(deployment, false);
  }

  /** Removes the function's bundles that nothing leads to any more; with `all`, no way back. */
  async #tidy(deployment: Deployment, all: boolean): Promise<void> {
    const { bundles, store, log } = this.#parts;
    const basePath = basePathOf(deployment);
    try {
      const past = all ? [] : await store.past(null, basePath);
      const kept = new Set(past.map(({ sha }) => sha));
      for (const { sha } of await store.routes()) kept.add(sha);
      const name = bundleName(deployment);
      const newest = all ? Infinity : Date.now() - tidyAfterMs;
      const isOld = ({ sha, uploadedAt }: BundleRecord): boolean =>
        !kept.has(sha) && uploadedAt < newest;
      for (const bundle of await bundles.list())
        if (bundle.basePath === basePath && bundle.name === name && isOld(bundle))
          await this.#discard(bundle);
    } catch (err) {
      log.warn({ err }, 'older bundles of a function were not removed');
    }
  }

  /** Somebody may have enabled the very same one meanwhile: then it stays. */
  async #discard(bundle: BundleRecord): Promise<void> {
    if (this.#underway.includes(bundle.sha)) return;
    await this.#parts.bundles.remove(bundle).catch((err: unknown) => {
      this.#parts.log.debug({ err, sha: bundle.sha }, 'a bundle of a function stays');
    });
  }
}

function taken({ name, basePath }: EnabledRoute): string {
  return `the bundle "${name}" is enabled at ${basePath}; disable it, or choose another name`;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export function deployEndpoints(deploys: FunctionDeploys): GatewayEndpoints {
  return {
    'POST /system/functions': async (request) => {
      await deploys.create(readDeployment(readJson(request)));
      return jsonReply(202, undefined);
    },
    'PUT /system/functions': async (request) => {
      await deploys.update(readDeployment(readJson(request)));
      return jsonReply(202, undefined);
    },
    'DELETE /system/functions': async (request) => {
      const { functionName, namespace } = readJson(request);
      if (typeof functionName !== 'string' || functionName === '')
        throw new FuncatronError('function_invalid', 'functionName is missing: give its name');
      const asked = typeof namespace === 'string' && namespace !== '' ? namespace : undefined;
      await deploys.remove(functionName, asked ?? request.query.get('namespace'));
      return jsonReply(202, undefined);
    },
  };
}

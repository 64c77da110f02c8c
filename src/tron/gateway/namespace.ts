/** Namespaces of functions: names alone, kept with what their makers say of them. */
import { FuncatronError } from '../../errors.ts';
import { jsonReply } from '../call-view.ts';
import type { Store } from '../../store/store.ts';
import type { GatewayEndpoints } from './endpoint.ts';
import { readJson } from './endpoint.ts';
import { checkNamespace, defaultNamespace } from './name.ts';

const settingName = 'function-namespaces';

interface About {
  annotations?: unknown;
  labels?: unknown;
}
type Known = Record<string, About>;

export class Namespaces {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async list(): Promise<string[]> {
    return Object.keys(await this.#read());
  }

  /** Rejects with `function_namespace_unknown`. */
  async assertKnown(name: string): Promise<About> {
    const about = (await this.#read())[name];
    if (about) return about;
    const detail = `there is no namespace ${JSON.stringify(name)}`;
    throw new FuncatronError('function_namespace_unknown', detail);
  }

  async #read(): Promise<Known> {
    const kept = (await this.#store.setting(settingName)) as Known | undefined;
    return Object.assign(Object.create(null), { [defaultNamespace]: {} }, kept) as Known;
  }

  /** Changes what is kept; tries again when somebody else did meanwhile. */
  async change(change: (known: Known) => void): Promise<void> {
    for (;;) {
      const was = await this.#store.setting(settingName);
      const known = await this.#read();
      change(known);
      try {
        await this.#store.commit([{ put: 'setting', name: settingName, value: known, was }]);
        return;
      } catch (thrown) {
        if (!(thrown instanceof FuncatronError) || thrown.code !== 'route_conflict') throw thrown;
      }
    }
  }
}

/** `functionsIn`: how many functions a namespace has. */
export function namespaceEndpoints(
  namespaces: Namespaces,
  functionsIn: (namespace: string) => Promise<number>,
): GatewayEndpoints {
  return {
    'GET /system/namespaces': async () => jsonReply(200, await namespaces.list()),
    'GET /system/namespace/': async ({ name }) =>
      jsonReply(200, { name, ...(await namespaces.assertKnown(name)) }),
    'POST /system/namespace/': async (request) => {
      const about = readJson(request);
      const name = typeof about.name === 'string' ? about.name : request.name;
      checkNamespace(name);
      await namespaces.change((known) => {
        if (known[name]) throw conflict(`there is a namespace "${name}" already`);
        known[name] = aboutOf(about);
      });
      return jsonReply(202, undefined);
    },
    'PUT /system/namespace/': async (request) => {
      const { name } = request;
      const about = readJson(request);
      await namespaces.assertKnown(name);
      await namespaces.change((known) => void (known[name] = aboutOf(about)));
      return jsonReply(202, undefined);
    },
    'DELETE /system/namespace/': async ({ name }) => {
      await namespaces.assertKnown(name);
      if (name === defaultNamespace) throw conflict(`"${name}" is always there`);
      const count = await functionsIn(name);
      if (count > 0) throw conflict(`"${name}" has functions (${count}); remove them first`);
      await namespaces.change((known) => void delete known[name]);
      return jsonReply(202, undefined);
    },
  };
}

function aboutOf({ annotations, labels }: Record<string, unknown>): About {
  return { ...(annotations != null && { annotations }), ...(labels != null && { labels }) };
}

function conflict(detail: string): FuncatronError {
  return new FuncatronError('function_namespace_conflict', detail);
}

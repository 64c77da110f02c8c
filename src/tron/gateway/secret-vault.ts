/** The secrets of functions: encrypted in the store, told to runners, and to nobody else. */
import { randomBytes } from 'node:crypto';
import { defaultNamespace } from '../../control/secret-wire.ts';
import type { SecretFound, SecretSource, SecretWant } from '../../control/secret-wire.ts';
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Settings } from '../../openapi/settings.ts';
import type { Change, Store } from '../../store/store.ts';
import type { SecretKey } from './secret-key.ts';

/** Version by `namespace/name`. */
type Index = Record<string, string>;

interface Sealed {
  version: string;
  sealed: string;
}

export interface SecretName {
  name: string;
  namespace: string;
}

const indexName = 'function-secrets';
const valueName = (full: string): string => `function-secret/${full}`;
const fullName = ({ namespace, name }: SecretName): string => `${namespace}/${name}`;

const valueBytesMax = 2 ** 20;
const secretsMax = 10_000;

interface Parts {
  store: Store;
  key: SecretKey;
  log: Log;
}

export class Vault implements SecretSource {
  readonly #parts: Parts;
  /** Has runners look again: some are new. */
  onChange: (names: readonly string[]) => void = () => undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Names of a namespace's. */
  async list(namespace: string): Promise<string[]> {
    const start = `${namespace}/`;
    const names = Object.keys(await this.#index()).filter((full) => full.startsWith(start));
    return names.map((full) => full.slice(start.length)).toSorted();
  }

  /** Rejects with `secret_exists`, `secret_invalid` or `secret_unavailable`. */
  create(secret: SecretName, value: Uint8Array): Promise<void> {
    return this.#put(secret, value, (is) => {
      if (!is) return;
      const detail = `there is a secret "${secret.name}" already; PUT changes it`;
      throw new FuncatronError('secret_exists', detail);
    });
  }

  /** Rejects with `secret_unknown`, `secret_invalid` or `secret_unavailable`. */
  update(secret: SecretName, value: Uint8Array): Promise<void> {
    return this.#put(secret, value, (is) => {
      if (!is) throw unknown(secret);
    });
  }

  /** Rejects with `secret_unknown`. Functions that run keep what they have. */
  async remove(secret: SecretName): Promise<void> {
    const full = fullName(secret);
    await this.#change((index) => {
      if (!Object.hasOwn(index, full)) throw unknown(secret);
      delete index[full];
      return { put: 'setting', name: valueName(full), value: null };
    });
    this.#parts.log.info({ secret: full }, 'secret removed');
  }

  /** Rejects with `secret_missing` when one that a contract names does not exist. */
  async assertKnownOf({ secrets: names = [], function: sent }: Settings): Promise<void> {
    if (names.length === 0) return;
    const namespace = String(sent?.['namespace'] || defaultNamespace);
    const index = await this.#index();
    const missing = names.filter((name) => !Object.hasOwn(index, fullName({ name, namespace })));
    if (missing.length === 0) return;
    const list = missing.map((name) => `"${name}"`).join(', ');
    const detail = `there is no secret ${list} in the namespace "${namespace}"; make it first: funcatron secret create ${missing[0]}`;
    throw new FuncatronError('secret_missing', detail);
  }

  async read(wants: readonly SecretWant[]): Promise<SecretFound[]> {
    const found = await Promise.all(wants.map((want) => this.#find(want)));
    return found.filter((one) => one !== undefined);
  }

  async #find({ name, version: known }: SecretWant): Promise<SecretFound | undefined> {
    const kept = (await this.#parts.store.setting(valueName(name))) as Sealed | null | undefined;
    if (!kept) return undefined;
    const { version, sealed } = kept;
    if (version === known) return { name, version };
    const value = await this.#parts.key.open(sealed, `${name}@${version}`);
    return { name, version, value };
  }

  async #put(secret: SecretName, value: Uint8Array, judge: (is: boolean) => void): Promise<void> {
    checkSecret(secret, value);
    const full = fullName(secret);
    const version = randomBytes(8).toString('hex');
    const sealed = await this.#parts.key.seal(value, `${full}@${version}`);
    await this.#change((index) => {
      judge(Object.hasOwn(index, full));
      index[full] = version;
      if (Object.keys(index).length > secretsMax)
        throw new FuncatronError('secret_invalid', `there are ${secretsMax} secrets: no more fit`);
      return { put: 'setting', name: valueName(full), value: { version, sealed } };
    });
    this.#parts.log.info({ secret: full }, 'secret set');
    this.onChange([full]);
  }

  /** Tries again when somebody else changed something meanwhile. */
  async #change(change: (index: Index) => Change): Promise<void> {
    for (;;) {
      const was = await this.#parts.store.setting(indexName);
      const index = { ...(was as Index | undefined) };
      const also = change(index);
      try {
        const put = { put: 'setting', name: indexName, value: index, was } as const;
        return await this.#parts.store.commit([put, also]);
      } catch (thrown) {
        if (!(thrown instanceof FuncatronError) || thrown.code !== 'route_conflict') throw thrown;
      }
    }
  }

  async #index(): Promise<Index> {
    return ((await this.#parts.store.setting(indexName)) ?? {}) as Index;
  }
}

/** A name is that of a file, as Kubernetes has it for keys of secrets. */
const namePattern = /^(?!\.{1,2}$)[-._A-Za-z0-9]{1,253}$/;

function checkSecret({ name }: SecretName, value: Uint8Array): void {
  if (!namePattern.test(name))
    throw new FuncatronError(
      'secret_invalid',
      `the name ${JSON.stringify(name.slice(0, 80))} is not one for a secret: use 1 to 253 letters, digits, "-", "_" and "."`,
    );
  if (value.length === 0)
    throw new FuncatronError('secret_invalid', `the secret "${name}" has no value`);
  if (value.length > valueBytesMax)
    throw new FuncatronError(
      'secret_invalid',
      `the secret "${name}" is over ${valueBytesMax} bytes; put what is larger elsewhere`,
    );
}

function unknown({ name, namespace }: SecretName): FuncatronError {
  const detail = `there is no secret ${JSON.stringify(name.slice(0, 80))} in the namespace ${JSON.stringify(namespace)}`;
  return new FuncatronError('secret_unknown', detail);
}

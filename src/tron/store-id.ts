/** The name of a store: Trons that hear another one's know that they should not be together. */
import { randomUUID } from 'node:crypto';
import { FuncatronError } from '../errors.ts';
import type { Store } from '../store/store.ts';

const setting = 'store-id';

/** Made at the first start of a Tron on a store. */
export async function readStoreId(store: Store): Promise<string> {
  const known = await store.setting(setting);
  if (typeof known === 'string') return known;
  const value = randomUUID();
  try {
    await store.commit([{ put: 'setting', name: setting, value, was: undefined }]);
    return value;
  } catch (thrown) {
    // Another Tron made one at the same moment.
    if (!(thrown instanceof FuncatronError) || thrown.code !== 'route_conflict') throw thrown;
    return readStoreId(store);
  }
}

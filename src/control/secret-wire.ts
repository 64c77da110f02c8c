/** How runners ask Trons for the secrets of what they serve, with the key that opens bundles. */

/** Where a Tron gives them to whoever has its fetch key, and to nobody else. */
export const secretsPath = '/api/v1/secret';

/** The namespace of secrets that are not said to be in another. */
export const defaultNamespace = 'openfaas-fn';

/** A secret by `namespace/name`. */
export interface SecretWant {
  name: string;
  /** The version that is known already. */
  version?: string;
}

export interface SecretFound {
  name: string;
  version: string;
  /** Absent where the version is the one that is known. */
  value?: Uint8Array;
}

/** Where a runner has them from; those that do not exist are left out. */
export interface SecretSource {
  read(wants: readonly SecretWant[]): Promise<SecretFound[]>;
}

export function writeWants(wants: readonly SecretWant[]): string {
  const query = new URLSearchParams();
  for (const { name, version } of wants)
    query.append('name', version === undefined ? name : `${name}@${version}`);
  return query.toString();
}

export function readWants(query: string): SecretWant[] {
  return new URLSearchParams(query).getAll('name').map((text) => {
    const [name = '', version] = text.split('@', 2);
    return version === undefined ? { name } : { name, version };
  });
}

export function writeFound(found: readonly SecretFound[]): Record<string, unknown> {
  const secrets = found.map(({ value, ...rest }) =>
    value ? { ...rest, value: Buffer.from(value).toString('base64') } : rest,
  );
  return { secrets };
}

/** Throws where the text is not what a Tron writes. */
export function readFound(text: string): SecretFound[] {
  const { secrets } = JSON.parse(text) as {
    secrets: { name: string; version: string; value?: string }[];
  };
  return secrets.map(({ name, version, value }) => {
    if (value === undefined) return { name, version };
    return { name, version, value: Buffer.from(value, 'base64') };
  });
}

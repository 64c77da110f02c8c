/** The shapes of the Tron's requests and answers. */
type Json = Record<string, unknown>;

const text = { type: 'string' };
const number = { type: 'integer', minimum: 0 };
const texts = { type: 'array', items: text };
const maybe = { type: ['string', 'null'] };
const props = {
  type: 'object',
  description: 'Structure, booleans and `type` names; other values are "***"',
};
const base64Sha = { type: 'string', minLength: 44, maxLength: 44 };
const sourceSha = { ...base64Sha, description: 'Of the JAR it was made of, as that was sent' };
const hexSha = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const issues = { type: 'array', items: { $ref: '#/components/schemas/Issue' } };
const list = (name: string): Json => ({
  type: 'array',
  items: { $ref: `#/components/schemas/${name}` },
});

/** An object with these members, all of them there but those named. */
function object(properties: Json, optional: string[] = []): Json {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, properties, additionalProperties: false };
}

/** What an answer of the first Funcatron says besides, when something was wrong. */
const reason = { error: text, code: text, detail: text, errors: issues };
const reasonOptional = ['code', 'detail', 'errors'];

const place = {
  host: { ...maybe, description: 'Null or "*" for any host' },
  basePath: { type: 'string', minLength: 1 },
};

/** How many workers there are of something, and how many are wanted. */
const scale = {
  replicas: { ...number, description: 'Wanted over all runners; absent: as calls need' },
  instances: { ...number, description: 'Workers that are ready' },
  decision: {
    ...object({ at: number, replicas: number, reason: text }, ['replicas']),
    description: 'The last one since this Tron started',
  },
};

const usage = {
  ...object(
    {
      calls: number,
      statuses: { type: 'object', additionalProperties: number },
      latencyMs: object({
        mean: { type: 'number' },
        p50: { type: 'number' },
        p95: { type: 'number' },
      }),
      lastAt: number,
      lastError: object({ at: number, status: number, code: text, detail: text }, [
        'code',
        'detail',
      ]),
    },
    ['lastError'],
  ),
  description: 'How it was called so far, over all restarts; absent: never',
};

const bundle = {
  sha: base64Sha,
  hex: hexSha,
  type: { enum: ['zip', 'jar', 'pex'] },
  bytes: number,
  name: text,
  version: text,
  host: maybe,
  basePath: text,
  uploadedAt: number,
  enabled: list('Enabled'),
  sourceSha,
};

export const schemas: Json = {
  Issue: object({ in: text, at: text, message: text, file: text, line: number, mend: text }, [
    'file',
    'line',
    'mend',
  ]),
  Problem: {
    ...object(
      {
        type: text,
        title: text,
        status: number,
        detail: text,
        code: text,
        component: text,
        errors: issues,
      },
      ['errors'],
    ),
    description: 'RFC 9457',
  },
  Accepted: object(
    {
      accepted: { const: true },
      type: { enum: ['zip', 'jar', 'pex'] },
      host: maybe,
      route: text,
      swagger: { type: 'object', description: 'The contract as it is written' },
      sha: base64Sha,
      sourceSha,
      warnings: texts,
    },
    ['sourceSha', 'warnings'],
  ),
  NotAccepted: object({ accepted: { const: false }, ...reason }, reasonOptional),
  Enable: {
    ...object({ sha: text, props: { type: 'object' }, overlay: { type: 'object' }, ...place }, [
      'props',
      'overlay',
      'host',
      'basePath',
    ]),
    description: '`host` and `basePath` stand over those of the contract',
  },
  Disable: object({ sha: text, ...place }, ['host', 'basePath']),
  Success: object({ success: { const: true }, msg: text, warnings: texts }, ['warnings']),
  NoSuccess: object({ success: { const: false }, ...reason }, reasonOptional),
  KnownFuncs: object({ 'func-bundles': list('KnownFunc') }),
  KnownFunc: object({ sha: base64Sha, host: maybe, path: text }),
  Route: object(
    { host: maybe, path: text, queue: text, sha: base64Sha, props, name: text, ...scale },
    ['replicas', 'decision'],
  ),
  Stats: object({
    network: {
      type: 'object',
      additionalProperties: { type: 'object', required: ['type', 'last-seen'] },
    },
    'route-map': list('Route'),
  }),
  SetStats: {
    oneOf: [
      { type: 'object', required: ['enable'], properties: { enable: { const: false } } },
      {
        type: 'object',
        required: ['enable', 'host', 'port'],
        properties: {
          enable: { const: true },
          host: { type: 'string', minLength: 1 },
          port: { type: 'integer', minimum: 1, maximum: 65_535 },
        },
      },
    ],
  },
  StatsSet: object({ accepted: { const: true }, msg: text }),
  Bundle: object(bundle, ['sourceSha']),
  BundleDescription: object(
    {
      ...bundle,
      operations: list('Operation'),
      settings: { type: 'object', description: '`x-funcatron`; values of `env` are not shown' },
    },
    ['sourceSha'],
  ),
  Operation: object({ operationId: text, method: text, path: text, usage }, ['usage']),
  Enabled: object(
    {
      host: maybe,
      basePath: text,
      queue: text,
      revision: number,
      enabledAt: number,
      props,
      overlay: { type: 'boolean' },
      ...scale,
    },
    ['replicas', 'instances', 'decision'],
  ),
  Scale: object({
    name: { ...text, minLength: 1, description: 'Of a bundle or function, or its place' },
    replicas: {
      type: ['integer', 'null'],
      minimum: 0,
      maximum: 10_000,
      description: 'Null: as the load needs',
    },
  }),
  Scaled: object({ name: text, host: maybe, basePath: text, ...scale }, ['replicas', 'decision']),
  Place: object(place, ['host']),
  RolledBack: object(
    {
      success: { const: true },
      sha: base64Sha,
      hex: hexSha,
      name: text,
      host: maybe,
      basePath: text,
      warnings: texts,
    },
    ['warnings'],
  ),
  Node: {
    type: 'object',
    required: ['id', 'type', 'lastSeen'],
    properties: {
      id: text,
      type: { enum: ['tron', 'frontend', 'runner'] },
      lastSeen: number,
      leads: { type: 'boolean', description: 'Of a Tron: whether it is the one that leads' },
    },
  },
  Token: object({ name: text, createdAt: number }),
  NewToken: object({ name: text }),
  CreatedToken: object({ name: text, token: text }),
  Health: object({ status: { const: 'ok' } }),
};

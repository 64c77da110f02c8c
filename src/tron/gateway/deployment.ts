/** What a function is deployed with (FunctionDeployment), and how it is shown (FunctionStatus). */
import { FuncatronError } from '../../errors.ts';
import { refuseScaleLabels } from '../../openapi/scale.ts';
import { checkName, defaultNamespace } from './name.ts';
import type { FunctionName } from './name.ts';

type Json = Record<string, unknown>;
type Texts = Record<string, string>;

export interface Deployment extends FunctionName {
  image: string;
  envProcess: string;
  envVars: Texts;
  secrets: string[];
  labels: Texts;
  annotations: Texts;
  limits: Texts;
  /** As it was sent, but for fields that are not known: they may hold credentials. */
  sent: Json;
}

const kinds = {
  service: 'text',
  image: 'text',
  namespace: 'text',
  envProcess: 'text',
  envVars: 'texts',
  constraints: 'list',
  secrets: 'list',
  labels: 'texts',
  annotations: 'texts',
  limits: 'texts',
  requests: 'texts',
  readOnlyRootFilesystem: 'flag',
} as const;

type Kind = (typeof kinds)[keyof typeof kinds];

const imageLengthMax = 512;

/** Reads what was sent: null is as good as absent. Throws `function_invalid`. */
export function readDeployment(given: Json): Deployment {
  const sent: Json = {};
  for (const [name, kind] of Object.entries(kinds)) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (!fits[kind](value)) throw invalid(name, value, words[kind]);
    sent[name] = value;
  }
  const { service = '', image = '', namespace } = sent as Partial<Deployment>;
  const name = { service, namespace: namespace || defaultNamespace };
  checkName(name);
  if (image === '' || image.length > imageLengthMax)
    throw new FuncatronError('function_invalid', 'image is missing: give its name');
  const deployment = withDefaults(name, sent);
  const wrong = refuseScaleLabels(deployment.labels);
  if (wrong !== undefined) throw new FuncatronError('function_invalid', wrong);
  return deployment;
}

/** A deployment as a contract has it. */
export function recallDeployment(sent: Json): Deployment {
  const { service, namespace } = sent as Partial<Deployment>;
  return withDefaults({ service: service ?? '', namespace: namespace || defaultNamespace }, sent);
}

function withDefaults(name: FunctionName, sent: Json): Deployment {
  const {
    image = '',
    envProcess = '',
    envVars = {},
    secrets = [],
    labels = {},
    annotations = {},
    limits = {},
  } = sent as Partial<Deployment>;
  return { ...name, image, envProcess, envVars, secrets, labels, annotations, limits, sent };
}

const isText = (value: unknown): value is string => typeof value === 'string';

const fits: Record<Kind, (value: unknown) => boolean> = {
  text: isText,
  flag: (value) => typeof value === 'boolean',
  list: (value) => Array.isArray(value) && value.every(isText),
  texts: (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(isText),
};

const words: Record<Kind, string> = {
  text: 'a text',
  flag: 'true or false',
  list: 'a list of texts',
  texts: 'an object of texts',
};

function invalid(name: string, value: unknown, right: string): FuncatronError {
  const shown = JSON.stringify(value).slice(0, 80);
  return new FuncatronError('function_invalid', `${name} is ${shown}: it must be ${right}`);
}

/** What is known of a function beyond its deployment. */
export interface StatusFacts {
  /** Milliseconds since 1970. */
  enabledAt: number;
  replicas: number;
  availableReplicas: number;
  invocationCount?: number | undefined;
}

/** As OpenFaaS's clients read it: what is empty is left out. */
export function showStatus({ service, namespace, sent }: Deployment, facts: StatusFacts): Json {
  const { service: _service, namespace: _namespace, ...rest } = sent;
  const { enabledAt, replicas, availableReplicas, invocationCount } = facts;
  const filled = Object.entries(rest).filter(([, value]) => !isEmpty(value));
  return {
    name: service,
    namespace,
    ...Object.fromEntries(filled),
    ...(invocationCount && { invocationCount }),
    replicas,
    availableReplicas,
    createdAt: new Date(enabledAt).toISOString(),
  };
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === false;
}

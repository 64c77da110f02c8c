/**
 * Requests of Amazon's Alexa at `POST /`: the intent names the function. Whose requests those may be
 * is in a file (`--services`), and who is not in it calls nothing.
 */
import { FuncatronError } from '../errors.ts';

/** What is looked at of a request (the Alexa Skills Kit's request body). */
export interface AlexaRequest {
  applicationId: string;
  intent: string;
}

/** Undefined for a body that is none: one that lacks a session, an application or an intent. */
export function readAlexa(body: Uint8Array): AlexaRequest | undefined {
  const whole = parse(Buffer.from(body).toString());
  const session = member(whole, 'session');
  const applicationId = member(member(session, 'application'), 'applicationId');
  const intent = member(member(member(whole, 'request'), 'intent'), 'name');
  const texts = [member(session, 'sessionId'), applicationId, intent];
  if (!texts.every((text) => typeof text === 'string' && text !== '')) return undefined;
  return { applicationId: applicationId as string, intent: intent as string };
}

/** By intent, the applications whose requests may call it. */
export type AlexaServices = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Reads `services.json`: `{"version":"1.0","services":[{"type":"alexa","service":"HelloIntent",
 * "applicationId":"amzn1..."}]}`; services of other types are passed over. Throws a plain Error.
 */
export function parseServices(text: string): AlexaServices {
  const whole = JSON.parse(text) as unknown;
  const services = member(whole, 'services');
  if (!Array.isArray(services)) throw new Error('it has no list of services');
  const byIntent = new Map<string, Set<string>>();
  for (const one of services) {
    if (member(one, 'type') !== 'alexa') continue;
    const service = member(one, 'service');
    if (typeof service !== 'string' || service === '')
      throw new Error('a service of type alexa has no name: service is the name of its intent');
    const ids = [member(one, 'applicationId') ?? member(whole, 'applicationId') ?? []].flat();
    if (ids.length === 0 || !ids.every((id) => typeof id === 'string' && id !== ''))
      throw new Error(`service "${service}" does not say whose it is: add applicationId`);
    const known = byIntent.get(service) ?? new Set<string>();
    for (const id of ids) known.add(id as string);
    byIntent.set(service, known);
  }
  return byIntent;
}

/** Throws `unauthorized`, or `no_route` for an intent that is not in the file. */
export function judgeAlexa(services: AlexaServices | undefined, request: AlexaRequest): void {
  const { applicationId, intent } = request;
  const isKnown = [...(services?.values() ?? [])].some((ids) => ids.has(applicationId));
  const ids = services?.get(intent);
  if (isKnown && !ids)
    throw new FuncatronError('no_route', `Cannot find service: ${intent}. --services has it not`);
  if (ids?.has(applicationId)) return;
  const mend = 'name its applicationId in the file of --services';
  const detail = services
    ? `this application may not call ${intent}; ${mend}`
    : `no application may call anything here; ${mend}`;
  throw new FuncatronError('unauthorized', detail, { component: 'frontend' });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

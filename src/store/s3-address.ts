/** What an `s3://` URL says, and what is wrong when S3 refuses. */
import { FuncatronError } from '../errors.ts';
import { blot } from '../secret.ts';

export interface S3Address {
  bucket: string;
  /** Empty, or ends with a slash. */
  prefix: string;
  /** Of a server that is compatible with S3; undefined for that of AWS. */
  endpoint?: string;
  region?: string;
  /** The bucket is in the path, not in the host. */
  pathStyle: boolean;
  /** For messages. */
  shown: string;
}

const form = 's3://bucket/prefix?endpoint=https://host&region=name&pathStyle=1';
const known = ['endpoint', 'region', 'pathStyle'];

/** Throws `option_invalid` for a URL it cannot read, without showing what may be a secret. */
export function readS3Address(url: string): S3Address {
  if (!URL.canParse(url)) throw invalid(`is no URL; write ${form}`);
  const { hostname: bucket, pathname, username, password, searchParams, port } = new URL(url);
  if (username || password)
    throw invalid('names credentials; give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  if (!/^[a-z0-9][a-z0-9._-]{1,62}$/i.test(bucket) || port)
    throw invalid(`names no bucket; write ${form}`);
  const strange = [...searchParams.keys()].find((name) => !known.includes(name));
  if (strange !== undefined) throw invalid(`has no "${strange}", only ${known.join(', ')}`);
  const path = decode(pathname).replaceAll(/^\/+|\/+$/g, '');
  const endpoint = readEndpoint(searchParams.get('endpoint'));
  const region = searchParams.get('region') ?? '';
  const pathStyle = searchParams.get('pathStyle') ?? '';
  if (!['', '0', '1', 'true', 'false'].includes(pathStyle)) throw invalid('pathStyle is 1 or 0');
  return {
    bucket,
    prefix: path && `${path}/`,
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    pathStyle: ['1', 'true'].includes(pathStyle),
    shown: `s3://${bucket}${path && `/${path}`}`,
  };
}

function readEndpoint(text: string | null): string | undefined {
  if (!text) return undefined;
  if (!URL.canParse(text) || !/^https?:/.test(text) || /\/\/[^/]*@/.test(text))
    throw invalid('endpoint is a URL such as https://host:9000, with no credentials in it');
  return text;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`has a bad % in its path; write ${form}`);
  }
}

function invalid(what: string): FuncatronError {
  return new FuncatronError('option_invalid', `--bundle-store ${what}`);
}

const mends: Record<string, string> = {
  NoSuchBucket: 'create the bucket, or name another in --bundle-store',
  AccessDenied: 'allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket',
  InvalidAccessKeyId: 'check AWS_ACCESS_KEY_ID',
  SignatureDoesNotMatch: 'check AWS_SECRET_ACCESS_KEY',
  CredentialsProviderError: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give it a role',
  PermanentRedirect: 'the bucket is in another region: set ?region= or AWS_REGION',
  AuthorizationHeaderMalformed: 'the bucket is in another region: set ?region= or AWS_REGION',
};

/**
 * As `store_failed`. The error of the SDK is not kept as its cause: it carries the request, which a
 * log would show.
 */
export function s3Failed(address: S3Address, what: string, cause: unknown): FuncatronError {
  if (cause instanceof FuncatronError) return cause;
  const name = nameOf(cause);
  const { AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = process.env;
  const secrets = [AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN].filter((secret) => secret !== '');
  const why = blot(describe(cause), secrets);
  const mend = /region is missing/i.test(why) ? 'set ?region= or AWS_REGION' : mends[name];
  const detail = `the bundle store ${address.shown} could not be ${what}: ${why}`;
  return new FuncatronError('store_failed', mend ? `${detail}; ${mend}` : detail);
}

export const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : '');

/** Whether it is the network or the server that failed, which may be well again soon. */
export function mayPass(cause: unknown): boolean {
  const { code, $metadata } = cause as { code?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return status >= 500;
  return nameOf(cause) === 'TimeoutError' || code !== undefined;
}

function describe(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '')
    return cause.errors.map(describe).join('; ');
  if (!(cause instanceof Error)) return String(cause);
  const { name, message } = cause;
  const text = message && message !== 'UnknownError' ? `${name}: ${message}` : name;
  return name === 'Error' ? message : text;
}

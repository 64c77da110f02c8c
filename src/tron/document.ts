/**
 * The Tron's own contract. Requests are matched and checked by it, the docs show it, and the tests
 * check every answer against it.
 */
import { callPaths, callSchemas } from './call-document.ts';
import { schemas } from './schema.ts';

type Json = Record<string, unknown>;

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

const content = (schema: Json, type = 'application/json'): Json => ({
  content: { [type]: { schema } },
});

const ok = (description: string, schema: Json, type?: string): Json => ({
  description,
  ...content(schema, type),
});

/** What any operation may answer when it does not do what it is asked. */
const refusals: Json = {
  default: ok('Refused; `code` says why', ref('Problem'), 'application/problem+json'),
};

const sha: Json = {
  name: 'sha',
  in: 'path',
  required: true,
  description: 'SHA-256 of the bundle: Base64 (URL-encoded), hex, or at least 8 hex digits of it',
  schema: { type: 'string' },
};

const body = (schema: Json): Json => ({ required: true, ...content(schema) });

/** The paths of the first Funcatron, as it had them. */
const originalPaths: Json = {
  '/api/v1/add_func': {
    post: {
      operationId: 'addFunc',
      tags: ['bundles'],
      summary: 'Upload a bundle; the body is the file, whatever its content type says',
      requestBody: { required: true, ...content({}, '*/*') },
      responses: {
        200: ok('The bundle is kept; uploading it again changes nothing', ref('Accepted')),
        400: ok('The file is no sound bundle', ref('NotAccepted')),
        413: ok('The file is over --bundle-max', ref('NotAccepted')),
        503: ok('Too many uploads at a time', ref('NotAccepted')),
        507: ok('There is no room for it', ref('NotAccepted')),
        ...refusals,
      },
    },
  },
  '/api/v1/enable': {
    post: {
      operationId: 'enable',
      tags: ['routes'],
      summary: 'Enable a bundle, in place of what is enabled there',
      requestBody: body(ref('Enable')),
      responses: {
        200: ok('Calls go to it', ref('Success')),
        400: {
          description: 'It cannot be enabled; nothing has changed',
          content: {
            'application/json': { schema: ref('NoSuccess') },
            'text/plain': { schema: { type: 'string' } },
          },
        },
        404: ok('There is no such bundle', ref('NoSuccess')),
        507: ok('It could not be made durable', ref('NoSuccess')),
        ...refusals,
      },
    },
  },
  '/api/v1/disable': {
    post: {
      operationId: 'disable',
      tags: ['routes'],
      summary: 'Disable a bundle, everywhere or at one place',
      requestBody: body(ref('Disable')),
      responses: {
        200: ok('No call goes to it', ref('Success')),
        400: {
          description: 'The request cannot be understood',
          content: {
            'application/json': { schema: ref('NoSuccess') },
            'text/plain': { schema: { type: 'string' } },
          },
        },
        404: ok('There is no such bundle, or it is not enabled at that place', ref('NoSuccess')),
        507: ok('It could not be made durable', ref('NoSuccess')),
        ...refusals,
      },
    },
  },
  '/api/v1/known_funcs': {
    get: {
      operationId: 'knownFuncs',
      tags: ['bundles'],
      summary: 'The bundles that were uploaded, briefly',
      responses: { 200: ok('All bundles', ref('KnownFuncs')), ...refusals },
    },
  },
  '/api/v1/routes': {
    get: {
      operationId: 'routes',
      tags: ['routes'],
      summary: 'What is enabled where, longest path first; values of props are not shown',
      responses: { 200: ok('All routes', { type: 'array', items: ref('Route') }), ...refusals },
    },
  },
  '/api/v1/stats': {
    get: {
      operationId: 'stats',
      tags: ['nodes'],
      summary: 'The nodes as they described themselves, and the routes',
      responses: { 200: ok('Nodes by id, and routes', ref('Stats')), ...refusals },
    },
    post: {
      operationId: 'setStats',
      tags: ['nodes'],
      summary: 'Send counts to a StatsD server, or stop it',
      requestBody: body(ref('SetStats')),
      responses: {
        200: ok('Done', ref('StatsSet')),
        400: {
          description: 'The request cannot be understood',
          content: {
            'application/json': { schema: ref('NotAccepted') },
            'text/plain': { schema: { type: 'string' } },
          },
        },
        ...refusals,
      },
    },
  },
  '/api/v1/bundle/{sha}': {
    get: {
      operationId: 'bundleFile',
      tags: ['bundles'],
      summary: 'The file of a bundle',
      parameters: [sha],
      responses: {
        200: { description: 'Its bytes', content: { 'application/octet-stream': {} } },
        404: ok('There is no such bundle', { type: 'string' }, 'text/plain'),
        ...refusals,
      },
    },
  },
};

const bundlePaths: Json = {
  '/api/v1/bundles': {
    get: {
      operationId: 'listBundles',
      tags: ['bundles'],
      summary: 'The bundles that were uploaded, and where they are enabled',
      responses: { 200: ok('Oldest first', { type: 'array', items: ref('Bundle') }), ...refusals },
    },
  },
  '/api/v1/bundles/{sha}': {
    parameters: [sha],
    get: {
      operationId: 'describeBundle',
      tags: ['bundles'],
      summary: 'One bundle: its operations and settings, and where it is enabled',
      responses: { 200: ok('The bundle', ref('BundleDescription')), ...refusals },
    },
    delete: {
      operationId: 'deleteBundle',
      tags: ['bundles'],
      summary: 'Delete a bundle that is enabled nowhere',
      responses: { 204: { description: 'It is gone' }, ...refusals },
    },
  },
};

const otherPaths: Json = {
  '/api/v1/rollback': {
    post: {
      operationId: 'rollback',
      tags: ['routes'],
      summary: 'Go back to what was enabled at a place before: bundle, props and overlay',
      requestBody: body(ref('Place')),
      responses: { 200: ok('What is enabled there now', ref('RolledBack')), ...refusals },
    },
  },
  '/api/v1/scale': {
    post: {
      operationId: 'scale',
      tags: ['routes'],
      summary: 'Say how many workers something that is enabled should have; nothing is swapped',
      requestBody: body(ref('Scale')),
      responses: { 200: ok('What is wanted of it now', ref('Scaled')), ...refusals },
    },
  },
  '/api/v1/nodes': {
    get: {
      operationId: 'nodes',
      tags: ['nodes'],
      summary: 'The Trons, frontends and runners that live',
      responses: { 200: ok('All nodes', { type: 'array', items: ref('Node') }), ...refusals },
    },
  },
  '/api/v1/tokens': {
    get: {
      operationId: 'listTokens',
      tags: ['tokens'],
      summary: 'Names and dates of the tokens',
      responses: { 200: ok('All tokens', { type: 'array', items: ref('Token') }), ...refusals },
    },
    post: {
      operationId: 'createToken',
      tags: ['tokens'],
      summary: 'Make a token; it is shown only now. From the first one on, every request needs one',
      requestBody: body(ref('NewToken')),
      responses: { 201: ok('The token', ref('CreatedToken')), ...refusals },
    },
  },
  '/api/v1/tokens/{name}': {
    delete: {
      operationId: 'revokeToken',
      tags: ['tokens'],
      summary: 'Make a token invalid',
      parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
      responses: { 204: { description: 'It is invalid' }, ...refusals },
    },
  },
  '/api/v1/logs': {
    get: {
      operationId: 'logs',
      tags: ['logs'],
      summary: 'Log lines of Funcs, one JSON object a line',
      parameters: [
        query('bundle', 'Name of a bundle, or its SHA in hex or 8 digits of it', {
          type: 'string',
        }),
        query('requestId', 'Only of this call', { type: 'string' }),
        query('level', 'Least severe level', { enum: ['debug', 'info', 'warn', 'error'] }),
        query('tail', 'So many of the lines that were', integer(0, 100_000, 100)),
        query('follow', '1: go on with the lines to come', integer(0, 1, 0)),
      ],
      responses: {
        200: ok('Oldest first', { type: 'string' }, 'application/x-ndjson'),
        ...refusals,
      },
    },
  },
  '/api/v1/openapi.json': {
    get: {
      operationId: 'document',
      tags: ['about'],
      summary: 'This document',
      responses: { 200: ok('OpenAPI 3.1', { type: 'object' }), ...refusals },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      tags: ['about'],
      summary: 'Counts, as Prometheus reads them',
      responses: { 200: ok('Text', { type: 'string' }, 'text/plain'), ...refusals },
    },
  },
  '/healthz': {
    get: {
      operationId: 'health',
      tags: ['about'],
      summary: 'Whether the Tron answers; needs no token',
      responses: { 200: ok('It does', ref('Health')), ...refusals },
    },
  },
};

export const tronDocument: Json = {
  openapi: '3.1.0',
  info: {
    title: 'Funcatron Tron',
    version: '1',
    description: 'The control plane: bundles, routes, nodes, tokens and logs.',
  },
  servers: [{ url: '/' }],
  security: [{ token: [] }, {}],
  paths: { ...originalPaths, ...bundlePaths, ...callPaths, ...otherPaths },
  components: {
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    schemas: { ...schemas, ...callSchemas },
  },
};

function query(name: string, description: string, schema: Json): Json {
  return { name, in: 'query', description, schema };
}

function integer(minimum: number, maximum: number, fallback: number): Json {
  return { type: 'integer', minimum, maximum, default: fallback };
}

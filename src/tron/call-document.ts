/** The part of the Tron's contract that is about asynchronous calls. */
type Json = Record<string, unknown>;

const text = { type: 'string' };
const number = { type: 'integer', minimum: 0 };
const headers = {
  type: 'object',
  additionalProperties: { anyOf: [text, { type: 'array', items: text }] },
};
const statuses = [
  ...['accepted', 'running', 'retrying', 'cancelling'],
  ...['dead', 'failed', 'cancelled', 'done'],
];

/** An object with these members, all of them there but those named. */
function object(properties: Json, optional: string[] = []): Json {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, properties, additionalProperties: false };
}

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const list = (name: string): Json => ({ type: 'array', items: ref(name) });

const error = ref('Fault');
const bodies = {
  body: { ...text, description: 'Where it is text' },
  bodyBase64: { ...text, description: 'Where it is not' },
};
const letter = {
  ...{ id: text, queue: text, method: text, path: text, operation: text },
  ...{ tries: number, acceptedAt: number, diedAt: number, bytes: number, error },
};
const request = { method: text, path: text, query: text, headers };

export const callSchemas: Json = {
  Fault: object(
    {
      ...{ code: text, status: number, title: text, detail: text, component: text },
      errors: { type: 'array', items: ref('Issue') },
    },
    ['errors'],
  ),
  Call: object(
    {
      ...{ id: text, status: { enum: statuses }, url: text, result: text, tries: number },
      ...{ acceptedAt: number, updatedAt: number, endedAt: number },
      ...{ queue: text, bundle: text, operation: text, method: text, path: text },
      ...{ callback: text, error },
    },
    ['result', 'endedAt', 'callback', 'error'],
  ),
  CallResult: object({ status: number, headers, truncated: { type: 'boolean' }, ...bodies }, [
    'body',
    'bodyBase64',
  ]),
  DeadLetter: object(letter),
  WholeDeadLetter: {
    ...object({ ...letter, ...request, ...bodies }, ['body', 'bodyBase64']),
    description: 'Headers that hold credentials are "***"',
  },
  DeadLetterEdit: {
    ...object({ ...request, ...bodies }, [...Object.keys(request), 'body', 'bodyBase64']),
    description: 'What is not there stays; a header that is "***" stays, too',
  },
  Redrive: object({ queue: text }, ['queue']),
  Redriven: object({ redriven: number, failed: number }),
  CallbackSecret: object({ secret: text }),
};

const content = (schema: Json, type = 'application/json'): Json => ({
  content: { [type]: { schema } },
});
const ok = (description: string, schema: Json): Json => ({ description, ...content(schema) });
const refusals: Json = {
  default: {
    description: 'Refused; `code` says why',
    ...content(ref('Problem'), 'application/problem+json'),
  },
};
const body = (schema: Json): Json => ({ required: true, ...content(schema) });

const id = { name: 'id', in: 'path', required: true, schema: text };
const query = (name: string, description: string, schema: Json): Json => {
  return { name, in: 'query', description, schema };
};
const queue = query('queue', 'Only of this queue', text);
const limit = query('limit', 'So many at most', {
  ...{ type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
});

export const callPaths: Json = {
  '/api/v1/calls': {
    get: {
      operationId: 'listCalls',
      tags: ['calls'],
      summary: 'Asynchronous calls, newest first',
      parameters: [query('status', 'Only of this status', { enum: statuses }), queue, limit],
      responses: { 200: ok('Newest first', list('Call')), ...refusals },
    },
  },
  '/api/v1/calls/{id}': {
    parameters: [id],
    get: {
      operationId: 'describeCall',
      tags: ['calls'],
      summary: 'What became of an asynchronous call',
      responses: { 200: ok('The call', ref('Call')), ...refusals },
    },
    delete: {
      operationId: 'cancelCall',
      tags: ['calls'],
      summary: 'Cancel a call that has not ended',
      responses: { 202: ok('It is being cancelled', ref('Call')), ...refusals },
    },
  },
  '/api/v1/calls/{id}/result': {
    get: {
      operationId: 'callResult',
      tags: ['calls'],
      summary: 'What a call answered',
      parameters: [id],
      responses: {
        200: ok('The reply of its Func', ref('CallResult')),
        202: ok('It has not ended', ref('Call')),
        ...refusals,
      },
    },
  },
  '/api/v1/dead-letters': {
    get: {
      operationId: 'listDeadLetters',
      tags: ['dead letters'],
      summary: 'Asynchronous calls that failed for good',
      parameters: [queue, limit],
      responses: { 200: ok('Latest death first', list('DeadLetter')), ...refusals },
    },
  },
  '/api/v1/dead-letters/redrive': {
    post: {
      operationId: 'redriveAll',
      tags: ['dead letters'],
      summary: 'Put all dead letters, or those of a queue, back in their queues',
      requestBody: body(ref('Redrive')),
      responses: { 200: ok('How many', ref('Redriven')), ...refusals },
    },
  },
  '/api/v1/dead-letters/{id}': {
    parameters: [id],
    get: {
      operationId: 'describeDeadLetter',
      tags: ['dead letters'],
      summary: 'A dead letter with its request',
      responses: { 200: ok('The letter', ref('WholeDeadLetter')), ...refusals },
    },
    put: {
      operationId: 'editDeadLetter',
      tags: ['dead letters'],
      summary: 'Change the request in a dead letter; it is held against the contract when it runs',
      requestBody: body(ref('DeadLetterEdit')),
      responses: { 200: ok('The letter', ref('WholeDeadLetter')), ...refusals },
    },
    delete: {
      operationId: 'deleteDeadLetter',
      tags: ['dead letters'],
      summary: 'Delete a dead letter',
      responses: { 204: { description: 'It is gone' }, ...refusals },
    },
  },
  '/api/v1/dead-letters/{id}/redrive': {
    post: {
      operationId: 'redrive',
      tags: ['dead letters'],
      summary: 'Put a dead letter back in its queue, with a fresh set of tries',
      parameters: [id],
      responses: { 200: ok('It is in its queue', ref('Redriven')), ...refusals },
    },
  },
  '/api/v1/callback-secret': {
    get: {
      operationId: 'callbackSecret',
      tags: ['calls'],
      summary: 'What callbacks are signed with',
      responses: { 200: ok('The secret', ref('CallbackSecret')), ...refusals },
    },
  },
};

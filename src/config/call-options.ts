/** Options of the commands about asynchronous calls. */
import { count, flag, flagOnly, optional } from './option.ts';
import { invokeOptions } from './options.ts';

const queue = optional('--queue <queue>', 'only of this queue');
const limit = flagOnly(count('--limit <count>', 'how many, at most', 100, 1));

export const callListOptions = {
  status: optional('--status <status>', 'only of this status, such as retrying or done'),
  queue,
  limit,
};

export const letterListOptions = { queue, limit };

export const letterEditOptions = {
  data: invokeOptions.data,
  header: invokeOptions.header,
  path: optional('--path <path>', 'path to ask for'),
  query: optional('--query <query>', 'query to ask with'),
};

/** One letter or many. */
export const letterManyOptions = {
  all: flagOnly(flag('--all', 'all of them, or all of a queue')),
  queue,
};

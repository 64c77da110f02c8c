import { missing } from './context.ts';
import type { Answer, Context } from './context.ts';

interface User {
  username?: string;
  password?: string;
}

const users = new Map<string, User>();

type ByName = Context<{ username: string }>;

export function createUser(user: User = {}): User {
  users.set(user.username ?? '', user);
  return user;
}

export function createUsersWithListInput(list: User[] = []): User {
  for (const user of list) createUser(user);
  return list.at(-1) ?? {};
}

export function loginUser(
  _: undefined,
  { params }: Context<unknown, { username?: string; password?: string }>,
): Answer {
  const { username, password } = params.query;
  const user = users.get(username ?? '');
  if (!user || user.password !== password)
    return { status: 400, body: { message: 'wrong user name or password' } };
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'x-rate-limit': '5000',
      'x-expires-after': expires,
    },
    body: JSON.stringify(`session of ${username}`),
  };
}

export function logoutUser(): Answer {
  return { status: 200 };
}

export function getUserByName(_: undefined, { params }: ByName): User | Answer {
  const { username } = params.path;
  return users.get(username) ?? missing(`user ${username}`);
}

export function updateUser(user: User | undefined, { params }: ByName): Answer {
  const { username } = params.path;
  if (!users.has(username)) return missing(`user ${username}`);
  users.set(username, { ...user, username });
  return { status: 200 };
}

export function deleteUser(_: undefined, { params }: ByName): Answer {
  const { username } = params.path;
  return users.delete(username) ? { status: 200 } : missing(`user ${username}`);
}

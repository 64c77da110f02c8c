/** What Redis does for us in one step: Lua, of Redis 7, known to the server by its SHA-1. */
import { hash } from 'node:crypto';

export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

function script(text: string): RedisScript {
  return { text, sha1: hash('sha1', text) };
}

/** An entry idle for so long was given up by its taker: anybody may have it at once. */
export const givenUpMs = 1_000_000_000;
/** A taker that has not been heard of for so long, and has nothing, is forgotten. */
const goneMs = 60_000;
/** A stream of calls that nobody takes from, or waits at, is gone after so long. */
const keepCallsMs = 3_600_000;

/** Lua's `unpack` takes a few thousand values at a time. */
const prelude = `
local function inChunks(ids, run)
  for first = 1, #ids, 1000 do run({unpack(ids, first, math.min(first + 999, #ids))}) end
end
local function with(command, ids)
  for _, id in ipairs(ids) do command[#command + 1] = id end
  return command
end
local function takers(key, group)
  local list = redis.pcall('XINFO', 'CONSUMERS', key, group)
  local found = {}
  if list.err then return found end
  for _, fields in ipairs(list) do
    local taker = {}
    for i = 1, #fields, 2 do taker[fields[i]] = fields[i + 1] end
    found[#found + 1] = taker
  end
  return found
end
local function alive(key, group, except)
  local count = 0
  for _, taker in ipairs(takers(key, group)) do
    if taker.name ~= except and taker.idle < ${goneMs} then count = count + 1 end
  end
  return count
end
local function requeue(key, group, id, mark)
  local entry = redis.call('XRANGE', key, id, id)[1]
  if entry then
    local fields = entry[2]
    if mark and #fields == 2 then fields = with(fields, {'r', '1'}) end
    redis.call(unpack(with({'XADD', key, '*'}, fields)))
  end
  redis.call('XACK', key, group, id)
  redis.call('XDEL', key, id)
end
local function keep(key)
  if redis.call('PTTL', key) < ${keepCallsMs / 2} then
    redis.call('PEXPIRE', key, ${keepCallsMs})
  end
end
`;

/**
 * Makes a taker known to a stream, and the stream with it.
 * KEYS: stream. ARGV: group, taker, where a new group begins, kind.
 */
export const joinScript = script(`${prelude}
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], ARGV[3], 'MKSTREAM')
if type(made) == 'table' and made.err and not string.find(made.err, 'BUSYGROUP') then return made end
redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], ARGV[1], ARGV[2])
if ARGV[4] == 'call' then keep(KEYS[1]) end
return 1
`);

/**
 * Once a second: keeps what the taker has young, forgets takers that are gone, and puts what they
 * left behind back in the stream. From a stream that is not ours it takes that itself, and returns
 * it.
 * KEYS: stream. ARGV: group, taker, kind, entries wanted, idle time in ms that means left behind.
 */
export const beatScript = script(`${prelude}
local key, group, me, kind = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local mine = {}
for _, entry in ipairs(redis.call('XPENDING', key, group, 'IDLE', 500, '-', '+', 10000, me)) do
  if entry[3] < ${givenUpMs / 10} then mine[#mine + 1] = entry[1] end
end
inChunks(mine, function(ids)
  redis.call(unpack(with({'XCLAIM', key, group, me, 0}, with(ids, {'JUSTID'}))))
end)
for _, taker in ipairs(takers(key, group)) do
  if taker.name ~= me and taker.pending == 0 and taker.idle > ${goneMs} then
    redis.call('XGROUP', 'DELCONSUMER', key, group, taker.name)
  end
end
if kind == 'call' then keep(key) end
local wanted = kind == 'event' and tonumber(ARGV[4]) or 100
if wanted <= 0 then return {} end
local left = {}
for _, entry in ipairs(redis.call('XPENDING', key, group, 'IDLE', ARGV[5], '-', '+', wanted)) do
  left[#left + 1] = entry[1]
end
if kind == 'event' and #left > 0 then
  return redis.call(unpack(with({'XCLAIM', key, group, me, ARGV[5]}, left)))
end
for _, id in ipairs(left) do requeue(key, group, id, true) end
return {}
`);

/**
 * Puts an entry back at the end of its stream: nobody has begun it.
 * KEYS: stream. ARGV: group, entry, `1` where it was handed over before it came to us.
 */
export const requeueScript = script(`${prelude}
return requeue(KEYS[1], ARGV[1], ARGV[2], ARGV[3] == '1')
`);

/**
 * The taker goes: what it has is for others at once. A stream of ours goes with its last taker when
 * it is empty.
 * KEYS: stream. ARGV: group, taker, kind.
 */
export const leaveScript = script(`${prelude}
local key, group, me, kind = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', key) == 0 then return 0 end
local pending = redis.pcall('XPENDING', key, group, '-', '+', 10000, me)
if pending.err then return 0 end
local mine = {}
for _, entry in ipairs(pending) do mine[#mine + 1] = entry[1] end
inChunks(mine, function(ids)
  if kind ~= 'event' then
    for _, id in ipairs(ids) do requeue(key, group, id, true) end
  else
    local givenUp = {'IDLE', ${givenUpMs}, 'JUSTID'}
    redis.call(unpack(with({'XCLAIM', key, group, me, 0}, with(ids, givenUp))))
  end
end)
if kind ~= 'event' or #mine == 0 then redis.call('XGROUP', 'DELCONSUMER', key, group, me) end
if kind ~= 'event' and redis.call('XLEN', key) == 0 and alive(key, group) == 0 then
  return redis.call('DEL', key)
end
return 0
`);

/**
 * Deletes calls whose time is over. Returns the last entry that a taker got, or ''.
 * KEYS: stream. ARGV: group, entries.
 */
export const expireScript = script(`${prelude}
local key, group = KEYS[1], ARGV[1]
local ids = {unpack(ARGV, 2)}
if #ids > 0 then redis.call('XDEL', key, unpack(ids)) end
if redis.call('EXISTS', key) == 0 then return '' end
if redis.call('XLEN', key) == 0 and alive(key, group) == 0 then
  redis.call('DEL', key)
  return ''
end
keep(key)
for _, fields in ipairs(redis.call('XINFO', 'GROUPS', key)) do
  local about = {}
  for i = 1, #fields, 2 do about[fields[i]] = fields[i + 1] end
  if about.name == group then return about['last-delivered-id'] end
end
return ''
`);

/** Bytes that tell equal jobs of a set apart. */
export const saltBytes = 12;

/**
 * Puts a job in the set of those that wait for their time.
 * KEYS: set. ARGV: ms to wait, salt and bytes.
 */
export const delayScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[2])
`);

/**
 * Moves jobs whose time has come to their stream. Returns ms until the next, -1 for none.
 * KEYS: set, stream.
 */
export const moveScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, job in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, 50)) do
  redis.call('XADD', KEYS[2], '*', 'b', string.sub(job, ${saltBytes + 1}))
  redis.call('ZREM', KEYS[1], job)
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if #next == 0 then return -1 end
return math.max(0, next[2] - now)
`);

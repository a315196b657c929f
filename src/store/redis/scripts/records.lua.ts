/**
 * Removes the entries of a session queue (`ARGV[1]`, newest at the left) with a
 * `seq` up to `ARGV[2]`; replies with how many.
 */
export const acknowledgeScript = `
local key, upTo, call = KEYS[1] .. ARGV[1], tonumber(ARGV[2]), redis.call
local seen, length = 0, call('LLEN', key)
local going = length > 0
while going and seen < length do
  local entries = call('LRANGE', key, -(seen + 64), -(seen + 1))
  for n = #entries, 1, -1 do
    local seq = tonumber(string.match(entries[n], '^{"seq":(%d+)') or 0)
    if seq > upTo then
      going = false
      break
    end
    seen = seen + 1
  end
end
if seen > 0 then call('LTRIM', key, 0, -(seen + 1)) end
return seen
`

/** Replies with how many members each set or sorted set has. */
export const countScript = `
local counts, keys = {}, {}
for n = 1, #ARGV do keys[n] = KEYS[1] .. ARGV[n] end
local none = redis.call('EXISTS', unpack(keys)) == 0
for n, key in ipairs(keys) do
  local count = none and 0 or redis.pcall('SCARD', key)
  counts[n] = type(count) == 'number' and count or redis.call('ZCARD', key)
end
return counts
`

/** Replies with how many of each sorted set of unread ones have not expired at `ARGV[1]`. */
export const unreadCountScript = `
local counts, after = {}, '(' .. ARGV[1]
for n = 2, #ARGV do counts[n - 1] = redis.call('ZCOUNT', KEYS[1] .. ARGV[n], after, '+inf') end
return counts
`

/**
 * Members of a sorted set past `ARGV[2]`: by rank while it is there, by name
 * when it was removed meanwhile.
 */
export const rangeByNameScript = `
local key, call = KEYS[1] .. ARGV[1], redis.call
if ARGV[2] == '' then return call('ZRANGE', key, 0, ARGV[3] - 1) end
local rank = call('ZRANK', key, ARGV[2])
if rank then return call('ZRANGE', key, rank + 1, rank + ARGV[3]) end
return call('ZRANGEBYLEX', key, '(' .. ARGV[2], '+', 'LIMIT', 0, ARGV[3])
`

/**
 * Lua: takes out what has expired of the unread ones under `keys` and writes
 * their counts anew; the index then says when to look again.
 */
export const correctUnread = `
local function correctUnread(index, keys, now)
  local call = redis.call
  for _, key in ipairs(keys) do
    call('ZREMRANGEBYSCORE', key, '-inf', now)
    local count = call('ZCARD', key)
    if count > 0 then call('SET', key .. '_notifications', count)
    else call('DEL', key .. '_notifications') end
    local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if first[2] and first[2] ~= 'inf' then call('ZADD', index, first[2], key)
    else call('ZREM', index, key) end
  end
end
`

/**
 * Corrects the unread counts of users of whom something unread has expired
 * (`ARGV[1]`: the time, epoch ms), at most `ARGV[2]`; replies with how many.
 */
export const sweepScript = `${correctUnread}
local index, now = KEYS[1] .. 'expiring:unread', ARGV[1]
local due = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, ARGV[2])
correctUnread(index, due, now)
return #due
`

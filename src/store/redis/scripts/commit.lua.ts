import { Keys } from '../../keys.ts'
import { correctUnread } from './records.lua.ts'

/** Keeps the counter of a user's stream as long as a client may come back to it. */
const SEQ_TTL_MS = 30 * 86_400_000
const USER = '\0'

/** The name of a key without its scope as Lua, with the variable `user` in it. */
function luaName(name: (keys: Keys) => string): string {
  return name(new Keys())
    .split(USER)
    .map((part) => `'${part}'`)
    .join(' .. user .. ')
}

/** What follows the beginning of a user's keys, as Lua. */
function luaRest(name: (keys: Keys) => string): string {
  return `'${name(new Keys()).slice(new Keys().user(USER).length)}'`
}

/**
 * Applies a batch of writes of one partition.
 *
 * `KEYS[1]` is what the partition's keys begin with; the keys in `ARGV` are
 * spelled out. `ARGV[1]` is the caller's time (epoch ms), by which what is unread
 * is counted. Then, for each write: how
 * many arguments follow, how many guards there are, the guards, the operations;
 * each begins with its letter (see `encode-write.ts`, the only one who writes this).
 *
 * Replies with one entry per write: an array of numbers (applied), or a text:
 * `3=value` or `3!` (guard 3 refused; the value that is there or none), or
 * `E…` (an operation failed).
 *
 * A write's guards are asked first and change nothing but their own key, which
 * is put back when a later one refuses. What concerns the server as a whole (not
 * writable, out of memory) shows at the first write command and ends the script
 * before anything has changed; what concerns one key fails its write alone.
 */
export const commitScript = String.raw`${correctUnread}
local A, call, EXPIRING = ARGV, redis.call, KEYS[1] .. 'expiring:unread'
local now, undo, settle = tonumber(A[1]), nil, nil
-- The record that the write creates: its key and its text.
local created, record

local function later(list, run)
  list = list or {}
  list[#list + 1] = run
  return list
end

-- What has expired is taken out first, so that counting is cheap. Where that is
-- too much for one batch, each count leaves out what has expired.
local due = call('ZRANGEBYSCORE', EXPIRING, '-inf', A[1], 'LIMIT', 0, 100)
if #due > 0 then correctUnread(EXPIRING, due, A[1]) end
local swept = #due < 100

-- How many are unread now. The mirror is for those who read the seed's key.
local function recount(mine, unread)
  local n
  if swept then n = call('ZCARD', unread) else n = call('ZCOUNT', unread, '(' .. A[1], '+inf') end
  local mirror = mine .. ${luaRest((keys) => keys.unreadCount(USER))}
  if n > 0 then call('SET', mirror, n) else call('DEL', mirror) end
  return n
end

-- Marks as unread; answers with 1 when it was not. Whose unread ones end, and
-- when the first does at the earliest, is in the index that the sweep goes by:
-- only a new first changes it.
local function markUnread(unread, id, score)
  local added = call('ZADD', unread, score, id)
  if score == '+inf' then return added end
  if call('ZRANK', unread, id) == 0 then call('ZADD', EXPIRING, 'LT', score, unread) end
  if tonumber(score) <= now then swept = false end
  return added
end

-- The mirror after so many more or less: counted anew where that is not sure.
local function adjustCount(mine, unread, by)
  if swept and by == 0 then return end
  local mirror = mine .. ${luaRest((keys) => keys.unreadCount(USER))}
  if not swept or by ~= 1 or call('INCR', mirror) == 1 then recount(mine, unread) end
end

-- A text in the list is a key that was absent before.
local function takeBack()
  for u = undo and #undo or 0, 1, -1 do
    local step = undo[u]
    if type(step) == 'string' then call('DEL', step) else step() end
  end
end

local function quoted(id)
  if string.find(id, '[%c"\\]') then return cjson.encode(id) end
  return '"' .. id .. '"'
end

-- Leases that are given back, by queue: their jobs as a list, and by id. What is left of them
-- goes away at the end, for all at once.
local givenBack, done = {}, {}

-- A: queue, job id, token, the job's key, whether the record stays
local function giveBack(i)
  local ids = givenBack[A[i]] or {}
  givenBack[A[i]] = ids
  ids[#ids + 1] = A[i + 1]
  ids[A[i + 1]] = true
  if A[i + 4] == '0' then done[#done + 1] = A[i + 3] end
end

local function forgetGivenBack()
  for queue, ids in pairs(givenBack) do
    call('ZREM', queue .. ':leases', unpack(ids))
    call('HDEL', queue .. ':takes', unpack(ids))
  end
  if #done > 0 then call('DEL', unpack(done)) end
end

-- Counted more than once in this batch: the number that it comes to, and how much of
-- that is still to be added; likewise jobs that are still to be put into their lists.
local numbers, owed, joining = {}, {}, {}

-- Before a key that may be one of those numbers is looked at or changed.
local function pay(key)
  if owed[key] then call('INCRBY', key, owed[key]) end
  owed[key], numbers[key] = nil, nil
end

-- The first is put in at once, so that a key of another type fails its own write.
local function enter(list, id)
  local ids = joining[list]
  if ids then
    ids[#ids + 1] = id
  else
    call('LPUSH', list, id)
    joining[list] = {}
  end
end

local function enterAll()
  for list, ids in pairs(joining) do
    if #ids > 0 then call('LPUSH', list, unpack(ids)) end
    joining[list] = nil
  end
end

local PRIORITIES = { 'critical', 'high', 'normal', 'low' }

-- Guards: called with where their arguments begin; answer where the next thing
-- begins, whether they refuse, and with what.
local guard = {
  -- once: key, value, ttl
  o = function(i)
    if numbers[A[i]] then pay(A[i]) end
    local key, ttl, set = A[i], A[i + 2], nil
    if ttl == '0' then set = call('SET', key, A[i + 1], 'NX')
    else set = call('SET', key, A[i + 1], 'NX', 'PX', ttl) end
    if not set then return i + 3, true, call('GET', key) end
    undo = later(undo, key)
    return i + 3
  end,
  -- expect: key, value
  e = function(i)
    if numbers[A[i]] then pay(A[i]) end
    local found = call('GET', A[i])
    if found == A[i + 1] then return i + 2 end
    return i + 2, true, found
  end,
  -- create, in place of expecting absence and setting: key, record, ttl
  c = function(i)
    local ttl, set = A[i + 2], nil
    created, record = A[i], A[i + 1]
    if ttl == '0' then set = call('SET', created, record, 'NX')
    else set = call('SET', created, record, 'NX', 'PX', ttl) end
    if not set then return i + 3, true, call('GET', created) end
    undo = later(undo, created)
    return i + 3
  end,
  -- expect absence: key
  m = function(i)
    if numbers[A[i]] then pay(A[i]) end
    if call('EXISTS', A[i]) == 0 then return i + 1 end
    return i + 1, true, call('GET', A[i])
  end,
  -- below: key, limit, window
  b = function(i)
    if numbers[A[i]] then pay(A[i]) end
    local key, found = A[i], call('GET', A[i])
    if found and tonumber(found) >= tonumber(A[i + 1]) then return i + 3, true, found end
    if not found then
      undo = later(undo, key)
      if A[i + 2] == '0' then call('SET', key, 1) else call('SET', key, 1, 'PX', A[i + 2]) end
    else
      call('INCR', key)
      undo = later(undo, function() call('DECR', key) end)
    end
    return i + 3
  end,
  -- lease: queue, job id, token, the job's key, whether the record is written by the operations
  l = function(i)
    local queue, id = A[i], A[i + 1]
    local taken = not (givenBack[queue] and givenBack[queue][id]) and call('HGET', queue .. ':takes', id)
    if not taken or string.match(taken, '^%d+') ~= A[i + 2] then return i + 5, true end
    -- After the operations: when one of them fails, the lease is still there.
    settle = later(settle, i)
    return i + 5
  end,
  -- withdraw: queue, job id, the job's key
  w = function(i)
    enterAll()
    local queue, id, job = A[i], A[i + 1], A[i + 2]
    local scheduled = queue .. ':scheduled'
    local due = call('ZSCORE', scheduled, id)
    if due then
      undo = later(undo, function() call('ZADD', scheduled, due, id) end)
      call('ZREM', scheduled, id)
    else
      local list, at
      for _, priority in ipairs(PRIORITIES) do
        list = queue .. ':' .. priority
        at = call('LPOS', list, id)
        if at then break end
      end
      if not at then return i + 3, true end
      local before = call('LINDEX', list, at + 1)
      call('LREM', list, 1, id)
      undo = later(undo, function()
        if before then call('LINSERT', list, 'BEFORE', before, id) else call('RPUSH', list, id) end
      end)
    end
    local record, ttl = call('GET', job), call('PTTL', job)
    call('HDEL', queue .. ':takes', id)
    call('DEL', job)
    if record then
      undo = later(undo, function()
        call('SET', job, record)
        if ttl > 0 then call('PEXPIRE', job, ttl) end
      end)
    end
    return i + 3
  end,
}

-- Operations: called with where their arguments begin; answer where the next one
-- begins and with their result.
local op = {
  -- set: key, value, ttl
  s = function(i)
    if numbers[A[i]] then pay(A[i]) end
    local ttl = A[i + 2]
    if ttl == '0' then call('SET', A[i], A[i + 1])
    else call('SET', A[i], A[i + 1], 'PX', ttl) end
    return i + 3, 1
  end,
  d = function(i)
    if numbers[A[i]] then pay(A[i]) end
    return i + 1, call('DEL', A[i])
  end,
  x = function(i)
    if numbers[A[i]] then pay(A[i]) end
    return i + 2, call('PEXPIRE', A[i], A[i + 1])
  end,
  -- incr: key, by, ttl
  i = function(i)
    local key, n = A[i], numbers[A[i]]
    if n and A[i + 2] == '0' then
      owed[key] = (owed[key] or 0) + tonumber(A[i + 1])
      numbers[key] = n + tonumber(A[i + 1])
      return i + 3, numbers[key]
    end
    if n then pay(key) end
    n = call('INCRBY', key, A[i + 1])
    if A[i + 2] ~= '0' then call('PEXPIRE', key, A[i + 2]) end
    -- Beyond that a number of Lua is not exact.
    if math.abs(n) < 2 ^ 52 then numbers[key] = n end
    return i + 3, n
  end,
  -- push: key, value, cap
  p = function(i)
    local key, cap = A[i], tonumber(A[i + 2])
    local over = call('LPUSH', key, A[i + 1]) - cap
    if cap == 0 or over <= 0 then return i + 3, 0 end
    call('LTRIM', key, 0, cap - 1)
    return i + 3, over
  end,
  q = function(i) return i + 2, call('LREM', A[i], 0, A[i + 1]) end,
  a = function(i) return i + 2, call('SADD', A[i], A[i + 1]) end,
  b = function(i) return i + 2, call('SREM', A[i], A[i + 1]) end,
  z = function(i) return i + 3, call('ZADD', A[i], A[i + 1], A[i + 2]) end,
  y = function(i) return i + 2, call('ZREM', A[i], A[i + 1]) end,
  -- enqueue: list, job's key, job id, job, ttl
  e = function(i)
    local ttl = A[i + 4]
    if ttl == '0' then call('SET', A[i + 1], A[i + 3])
    else call('SET', A[i + 1], A[i + 3], 'PX', ttl) end
    enter(A[i], A[i + 2])
    return i + 5, 1
  end,
  -- enqueue for later: sorted set, job's key, job id, job, ttl, due (epoch seconds)
  f = function(i)
    local ttl = A[i + 4]
    if ttl == '0' then call('SET', A[i + 1], A[i + 3])
    else call('SET', A[i + 1], A[i + 3], 'PX', ttl) end
    call('ZADD', A[i], A[i + 5], A[i + 2])
    return i + 6, 1
  end,
  -- record of an inbox, where no guard has created it: key, record, ttl
  N = function(i)
    local ttl = A[i + 2]
    created = A[i]
    if ttl == '0' then call('SET', created, A[i + 1])
    else call('SET', created, A[i + 1], 'PX', ttl) end
    return i + 3
  end,
  -- inbox, of the record before it: what the user's keys begin with, id, expiry or +inf, limit
  n = function(i)
    local mine, id, limit = A[i], A[i + 1], tonumber(A[i + 3])
    local list, unread = mine .. ${luaRest((keys) => keys.inbox(USER))}, mine .. ${luaRest((keys) => keys.unread(USER))}
    local length = call('LPUSH', list, id)
    local more = markUnread(unread, id, A[i + 2])
    if length == 1 then
      local base = string.sub(created, 1, -#id - ${1 + new Keys().notification('').length})
      call('ZADD', base .. '${new Keys().users()}', 0, string.sub(mine, #base + ${new Keys().user('').length}, -2))
    end
    local over = length - limit
    if limit > 0 and over > 0 then
      local records = string.sub(created, 1, -#id - 1)
      -- A stack has room for some thousand arguments; what is left falls off next time.
      local fallen = call('RPOP', list, math.min(over, 1000))
      more = more - call('ZREM', unread, unpack(fallen))
      for n = 1, #fallen do fallen[n] = records .. fallen[n] end
      call('DEL', unpack(fallen))
    end
    adjustCount(mine, unread, more)
    return i + 4, length
  end,
  -- unread: what the user's keys begin with, id, expiry or +inf
  u = function(i)
    local unread = A[i] .. ${luaRest((keys) => keys.unread(USER))}
    markUnread(unread, A[i + 1], A[i + 2])
    return i + 3, recount(A[i], unread)
  end,
  -- read: what the user's keys begin with, id
  r = function(i)
    local unread = A[i] .. ${luaRest((keys) => keys.unread(USER))}
    call('ZREM', unread, A[i + 1])
    return i + 2, recount(A[i], unread)
  end,
  -- discard: what the user's keys begin with, id, the record's key
  k = function(i)
    local mine, id = A[i], A[i + 1]
    local unread = mine .. ${luaRest((keys) => keys.unread(USER))}
    call('LREM', mine .. ${luaRest((keys) => keys.inbox(USER))}, 0, id)
    call('ZREM', unread, id)
    call('DEL', A[i + 2])
    return i + 3, recount(mine, unread)
  end,
  -- fanout: what keys begin with (scope included), user, body, cap
  o = function(i)
    local user, cap = A[i + 1], tonumber(A[i + 3])
    local base = A[i]
    local key = base .. ${luaName((keys) => keys.sessions(USER))}
    if call('EXISTS', key) == 0 then return i + 4, 0 end
    local sessions = call('SMEMBERS', key)
    local records = base .. ${luaName((keys) => keys.session(USER, ''))}
    local queues = base .. ${luaName((keys) => keys.sessionQueue(USER, ''))}
    local live = {}
    for _, session in ipairs(sessions) do
      local ttl = call('PTTL', records .. session)
      if ttl == -2 then
        call('SREM', key, session)
        call('DEL', queues .. session)
      else
        live[#live + 1] = { session, ttl }
      end
    end
    if #live == 0 then return i + 4, 0 end
    local seq = base .. ${luaName((keys) => keys.sessionSeq(USER))}
    local n = call('INCR', seq)
    call('PEXPIRE', seq, ${SEQ_TTL_MS})
    local body = A[i + 2]
    local place = record and string.find(body, '\0', 1, true)
    if place then body = string.sub(body, 1, place - 1) .. record .. string.sub(body, place + 1) end
    local head = '{"seq":' .. string.format('%d', n) .. ',"user_id":' .. quoted(user) .. ',"session_id":'
    for _, each in ipairs(live) do
      local queue = queues .. each[1]
      local length = call('LPUSH', queue, head .. quoted(each[1]) .. body)
      if cap > 0 and length > cap then call('LTRIM', queue, 0, cap - 1) end
      if each[2] > 0 then call('PEXPIRE', queue, each[2]) end
    end
    return i + 4, n
  end,
}

local function apply(i, last)
  local guards = tonumber(A[i])
  i = i + 1
  for g = 0, guards - 1 do
    local refused, value
    i, refused, value = guard[A[i]](i + 1)
    if refused then
      takeBack()
      return value and (g .. '=' .. value) or (g .. '!')
    end
  end
  local results, count = {}, 0
  while i <= last do
    local result
    i, result = op[A[i]](i + 1)
    if result then
      count = count + 1
      results[count] = result
    end
  end
  if settle then
    for s = 1, #settle do giveBack(settle[s]) end
  end
  return results
end

-- Conditions of the whole server: nothing has been written when they show.
local WHOLE = {
  READONLY = true, OOM = true, MISCONF = true, NOREPLICAS = true,
  MASTERDOWN = true, CLUSTERDOWN = true, LOADING = true, NOPERM = true,
}

local replies, i = {}, 2
while i <= #A do
  local last = i + tonumber(A[i])
  undo, settle, created, record = nil, nil, nil, nil
  local fine, reply = pcall(apply, i + 1, last)
  if not fine then
    local text = type(reply) == 'table' and reply.err or tostring(reply)
    if WHOLE[string.match(text, '^%u+') or ''] then return redis.error_reply(text) end
    takeBack()
    reply = 'E' .. text
  end
  replies[#replies + 1] = reply
  i = last + 1
end
forgetGivenBack()
for key in pairs(owed) do pay(key) end
enterAll()
return replies
`

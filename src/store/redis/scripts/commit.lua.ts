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
local function recount(name)
  local n
  if swept then n = call('ZCARD', name) else n = call('ZCOUNT', name, '(' .. A[1], '+inf') end
  if n > 0 then call('SET', name .. '_notifications', n) else call('DEL', name .. '_notifications') end
  return n
end

-- Whose unread ones end, and when the first does at the earliest: the sweep goes by this.
local function willExpire(name, score)
  if score == '+inf' then return end
  call('ZADD', EXPIRING, 'LT', score, name)
  if tonumber(score) <= now then swept = false end
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

local PRIORITIES = { 'critical', 'high', 'normal', 'low' }

-- Guards: called with where their arguments begin; answer where the next thing
-- begins, whether they refuse, and with what.
local guard = {
  -- once: key, value, ttl
  o = function(i)
    local key, ttl, set = A[i], A[i + 2], nil
    if ttl == '0' then set = call('SET', key, A[i + 1], 'NX')
    else set = call('SET', key, A[i + 1], 'NX', 'PX', ttl) end
    if not set then return i + 3, true, call('GET', key) end
    undo = later(undo, key)
    return i + 3
  end,
  -- expect: key, value
  e = function(i)
    local found = call('GET', A[i])
    if found == A[i + 1] then return i + 2 end
    return i + 2, true, found
  end,
  -- expect absence: key
  m = function(i)
    if call('EXISTS', A[i]) == 0 then return i + 1 end
    return i + 1, true, call('GET', A[i])
  end,
  -- lease: queue, job id, token, the job's key, whether the record is written by the operations
  l = function(i)
    local queue, id = A[i], A[i + 1]
    local taken = call('HGET', queue .. ':takes', id)
    if not taken or string.match(taken, '^%d+') ~= A[i + 2] then return i + 5, true end
    local job, kept = A[i + 3], A[i + 4]
    -- After the operations: when one of them fails, the lease is still there.
    settle = later(settle, function()
      call('ZREM', queue .. ':leases', id)
      call('HDEL', queue .. ':takes', id)
      if kept == '0' then call('DEL', job) end
    end)
    return i + 5
  end,
  -- withdraw: queue, job id, the job's key
  w = function(i)
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
    local ttl = A[i + 2]
    if ttl == '0' then call('SET', A[i], A[i + 1])
    else call('SET', A[i], A[i + 1], 'PX', ttl) end
    return i + 3, 1
  end,
  d = function(i) return i + 1, call('DEL', A[i]) end,
  x = function(i) return i + 2, call('PEXPIRE', A[i], A[i + 1]) end,
  -- incr: key, by, ttl
  i = function(i)
    local n = call('INCRBY', A[i], A[i + 1])
    if A[i + 2] ~= '0' then call('PEXPIRE', A[i], A[i + 2]) end
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
    call('LPUSH', A[i], A[i + 2])
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
  -- inbox: list, unread, what record keys begin with, id, record, ttl, expiry or +inf, limit
  n = function(i)
    local list, unread, id, ttl = A[i], A[i + 1], A[i + 3], A[i + 5]
    local record, limit = A[i + 2] .. id, tonumber(A[i + 7])
    if ttl == '0' then call('SET', record, A[i + 4])
    else call('SET', record, A[i + 4], 'PX', ttl) end
    local over = call('LPUSH', list, id) - limit
    call('ZADD', unread, A[i + 6], id)
    if limit > 0 and over > 0 then
      -- A stack has room for some thousand arguments; what is left falls off next time.
      local fallen = call('RPOP', list, math.min(over, 1000))
      call('ZREM', unread, unpack(fallen))
      for n = 1, #fallen do fallen[n] = A[i + 2] .. fallen[n] end
      call('DEL', unpack(fallen))
    end
    willExpire(A[i + 1], A[i + 6])
    return i + 8, recount(A[i + 1])
  end,
  -- unread: unread, id, expiry or +inf
  u = function(i)
    call('ZADD', A[i], A[i + 2], A[i + 1])
    willExpire(A[i], A[i + 2])
    return i + 3, recount(A[i])
  end,
  -- read: unread, id
  r = function(i)
    call('ZREM', A[i], A[i + 1])
    return i + 2, recount(A[i])
  end,
  -- discard: list, unread, what record keys begin with, id
  k = function(i)
    local id = A[i + 3]
    call('LREM', A[i], 0, id)
    call('ZREM', A[i + 1], id)
    call('DEL', A[i + 2] .. id)
    return i + 4, recount(A[i + 1])
  end,
  -- fanout: what keys begin with (scope included), user, body, cap
  o = function(i)
    local user, cap = A[i + 1], tonumber(A[i + 3])
    local base = A[i]
    local key = base .. ${luaName((keys) => keys.sessions(USER))}
    local sessions = call('SMEMBERS', key)
    if #sessions == 0 then return i + 4, 0 end
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
    local head = '{"seq":' .. string.format('%d', n) .. ',"user_id":' .. quoted(user) .. ',"session_id":'
    for _, each in ipairs(live) do
      local queue = queues .. each[1]
      local length = call('LPUSH', queue, head .. quoted(each[1]) .. A[i + 2])
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
    count = count + 1
    i, results[count] = op[A[i]](i + 1)
  end
  if settle then
    for s = 1, #settle do settle[s]() end
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
  undo, settle = nil, nil
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
return replies
`

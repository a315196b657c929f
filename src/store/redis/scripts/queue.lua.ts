/**
 * A queue's sorted sets hold epoch seconds, its hash `…:takes` per job
 * `<token> <takes>` (token 0: waits again after a worker died), and under
 * `#token` and `#wheel` the last token and the place on the wheel of priorities.
 *
 * @module
 */

const shared = `
local p, A, call = KEYS[1], ARGV, redis.call
local queue = p .. A[1]

-- The caller's time when a test owns it, else the server's: leases are not
-- touched by the clocks of the machines that hold them. Epoch ms.
local function leaseNow(given)
  if given ~= '' then return tonumber(given) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function seconds(ms) return string.format('%.3f', ms / 1000) end

local KNOWN = { critical = true, high = true, normal = true, low = true }

local function priorityOf(job)
  local fine, record = pcall(cjson.decode, job)
  local priority = fine and type(record) == 'table' and record.priority
  return KNOWN[priority] and priority or 'normal'
end
`

/**
 * Takes up to `ARGV[3]` jobs for `ARGV[4]` ms. `ARGV[2]` is what job keys begin
 * with, `ARGV[5]` the time by which scheduled jobs are due (epoch ms), `ARGV[6]`
 * the time of leases (empty: the server's). Replies with the end of the leases
 * (epoch ms), then job id, token, takes and record of each.
 */
export const takeScript = `${shared}
if call('EXISTS', queue .. ':paused') == 1 then return {} end

local function records(ids)
  local keys = {}
  for n = 1, #ids do keys[n] = p .. A[2] .. ids[n] end
  return call('MGET', unpack(keys))
end

-- What has become due joins the others of its priority, in order of its moments.
local due = call('ZRANGEBYSCORE', queue .. ':scheduled', '-inf', seconds(tonumber(A[5])), 'LIMIT', 0, 1000)
if #due > 0 then
  local jobs, joining = records(due), {}
  for n = 1, #due do
    if jobs[n] then
      local list = queue .. ':' .. priorityOf(jobs[n])
      joining[list] = joining[list] or {}
      table.insert(joining[list], due[n])
    end
  end
  for list, ids in pairs(joining) do call('LPUSH', list, unpack(ids)) end
  call('ZREM', queue .. ':scheduled', unpack(due))
end

local LISTS = { critical = queue .. ':critical', high = queue .. ':high', normal = queue .. ':normal', low = queue .. ':low' }
-- 8 : 4 : 2, spread evenly.
local WHEEL = { 'high', 'normal', 'high', 'high', 'low', 'high', 'normal', 'high', 'normal', 'high', 'high', 'low', 'high', 'normal' }
local takes = queue .. ':takes'
local token, wheel

-- Names the lists that the next jobs come from, in order, as far as there are jobs.
local function choose(wanted)
  local order, left = {}, {}
  local critical = math.min(wanted, call('LLEN', LISTS.critical))
  for n = 1, critical do order[n] = 'critical' end
  if critical == wanted then return order end
  local total = 0
  for _, priority in ipairs({ 'high', 'normal', 'low' }) do
    left[priority] = call('LLEN', LISTS[priority])
    total = total + left[priority]
  end
  local chosen, last = critical, math.min(wanted, critical + total)
  while chosen < last do
    local priority = WHEEL[wheel % 14 + 1]
    wheel = wheel + 1
    if left[priority] > 0 then
      left[priority] = left[priority] - 1
      chosen = chosen + 1
      order[chosen] = priority
    end
  end
  return order
end

local function pop(order)
  local counts, popped, next, ids = {}, {}, {}, {}
  for _, priority in ipairs(order) do counts[priority] = (counts[priority] or 0) + 1 end
  if counts[order[1]] == #order then return call('RPOP', LISTS[order[1]], #order) end
  for priority, count in pairs(counts) do
    popped[priority] = call('RPOP', LISTS[priority], count)
    next[priority] = 1
  end
  for n, priority in ipairs(order) do
    ids[n] = popped[priority][next[priority]]
    next[priority] = next[priority] + 1
  end
  return ids
end

local function putBack(order, ids, from)
  for n = #ids, from, -1 do call('RPUSH', LISTS[order[n]], ids[n]) end
end

local limit = tonumber(A[3])
local counters = call('HMGET', takes, '#token', '#wheel')
token, wheel = tonumber(counters[1] or 0), tonumber(counters[2] or 0)
local first = token
local expiresAt = leaseNow(A[6]) + tonumber(A[4])
local score = seconds(expiresAt)
local reply, leases, fields, gone, taken = { expiresAt }, {}, {}, {}, 0

while limit > 0 do
  local order = choose(limit)
  if #order == 0 then break end
  local ids = pop(order)
  local jobs, before = records(ids), call('HMGET', takes, unpack(ids))
  for n = 1, #ids do
    local id, job, held, count = ids[n], jobs[n], '0', 0
    if before[n] then held, count = string.match(before[n], '(%d+) (%d+)') end
    if not job then
      -- Its record has expired.
      if before[n] and held == '0' then gone[#gone + 1] = id end
    elseif held == '0' and count ~= 0 and token > first then
      -- It may have killed its worker: it comes alone, with the next call.
      putBack(order, ids, n)
      limit = 0
      break
    elseif held == '0' then
      token = token + 1
      count = count + 1
      leases[2 * taken + 1], leases[2 * taken + 2] = score, id
      fields[2 * taken + 1], fields[2 * taken + 2] = id, string.format('%d %d', token, count)
      local r = 4 * taken + 1
      reply[r + 1], reply[r + 2], reply[r + 3], reply[r + 4] = id, token, count, job
      taken = taken + 1
      limit = limit - 1
      if count > 1 then
        putBack(order, ids, n + 1)
        limit = 0
        break
      end
    end
  end
end

if token > first then
  call('ZADD', queue .. ':leases', unpack(leases))
  fields[#fields + 1] = '#token'
  fields[#fields + 1] = string.format('%d', token)
  fields[#fields + 1] = '#wheel'
  fields[#fields + 1] = wheel % 14
  call('HSET', takes, unpack(fields))
end
if #gone > 0 then call('HDEL', takes, unpack(gone)) end
return reply
`

/**
 * Makes leases last `ARGV[3]` ms from now (`ARGV[2]`: the time, empty for the
 * server's). Then job id and token of each; replies with 1 or 0 for each.
 */
export const extendScript = `${shared}
local score = seconds(leaseNow(A[2]) + tonumber(A[3]))
local kept = {}
for n = 4, #A, 2 do
  local taken = call('HGET', queue .. ':takes', A[n])
  if taken and string.match(taken, '^%d+') == A[n + 1] then
    call('ZADD', queue .. ':leases', score, A[n])
    kept[#kept + 1] = 1
  else
    kept[#kept + 1] = 0
  end
end
return kept
`

/**
 * Puts jobs whose lease ran out back to the head of their lists; those taken
 * `ARGV[4]` times go to the failed list (its newest 10 000 stay). `ARGV[2]` is what job keys begin with,
 * `ARGV[3]` the time (empty: the server's). Replies with both lists of job ids.
 */
export const reapScript = `${shared}
local lost = call('ZRANGEBYSCORE', queue .. ':leases', '-inf', seconds(leaseNow(A[3])), 'LIMIT', 0, 500)
local requeued, failed = {}, {}
-- From the last, so that the one that ran out first is the first to be taken again.
for n = #lost, 1, -1 do
  local id = lost[n]
  local job = call('GET', p .. A[2] .. id)
  local count = string.match(call('HGET', queue .. ':takes', id) or '', ' (%d+)')
  call('ZREM', queue .. ':leases', id)
  if not job then
    call('HDEL', queue .. ':takes', id)
  elseif tonumber(count or 1) >= tonumber(A[4]) then
    call('HDEL', queue .. ':takes', id)
    call('LPUSH', queue .. ':failed', id)
    call('LTRIM', queue .. ':failed', 0, 9999)
    table.insert(failed, 1, id)
  else
    call('HSET', queue .. ':takes', id, '0 ' .. (count or 1))
    call('RPUSH', queue .. ':' .. priorityOf(job), id)
    table.insert(requeued, 1, id)
  end
end
return { requeued, failed }
`

/** Replies with the lengths of the four ready lists, scheduled, leased, failed, and the first moment due. */
export const depthScript = `
local queue, call = KEYS[1] .. ARGV[1], redis.call
local first = call('ZRANGE', queue .. ':scheduled', 0, 0, 'WITHSCORES')
return {
  call('LLEN', queue .. ':critical'), call('LLEN', queue .. ':high'),
  call('LLEN', queue .. ':normal'), call('LLEN', queue .. ':low'),
  call('ZCARD', queue .. ':scheduled'), call('ZCARD', queue .. ':leases'),
  call('LLEN', queue .. ':failed'), first[2] or false,
}
`
